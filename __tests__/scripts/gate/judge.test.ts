import fc from "fast-check";
import { KPIS } from "../../../stacks/contract/settings";
import { judgeGate, type KpiVerdict, worstVerdict, type KpiOutcome } from "../../../scripts/gate/judge";
import { evidenceOf, GOOD_METRICS, series, type Parts } from "../../support/gate-evidence";

describe("judge", () => {
  const judge = (parts: Parts) => judgeGate(evidenceOf(parts));
  const one = (name: string, parts: Omit<Parts, "only">): KpiVerdict => judge({ only: [name], ...parts }).kpis[0]!;

  describe("the whole", () => {
    test("passes where every target is met with enough samples, and shows KPIs without a target", () => {
      const { verdict, kpis, window } = judge({ metrics: GOOD_METRICS });
      expect({
        verdict,
        open: kpis.filter((kpi) => !["pass", "shown", "not applicable"].includes(kpi.verdict)),
      }).toEqual({ verdict: "pass", open: [] });
      expect(kpis.map(({ name }) => name)).toEqual(KPIS.map(({ name }) => name));
      expect(kpis.filter((kpi) => kpi.verdict === "pass").map(({ name }) => name)).toEqual(
        KPIS.flatMap(({ name, targetSetting }) =>
          targetSetting === undefined || targetSetting.startsWith("kpi_job_") ? [] : [name],
        ),
      );
      expect(window).toEqual({ start: "2026-11-21T12:00:00Z", end: "2026-11-21T12:30:00Z", seconds: 1_800 });
    });

    test("is inconclusive without any data, where only the capacity passes, which is a setting", () => {
      const { verdict, kpis } = judge({});
      expect(verdict).toBe("inconclusive");
      expect(kpis.filter((kpi) => kpi.verdict === "pass").map(({ name }) => name)).toEqual(["concurrent_capacity"]);
      expect(kpis.filter((kpi) => kpi.verdict === "fail" || kpi.verdict === "error")).toEqual([]);
    });

    test("is inconclusive where no KPI has a target", () =>
      expect(judge({ only: ["worker_errors"], metrics: { worker_Invocations_Sum: 40 } }).verdict).toBe("inconclusive"));

    test("fails where one KPI fails, and an error outweighs an inconclusive KPI", () => {
      const broken = { ...GOOD_METRICS, deployment_RequestFailed_Sum: 300 };
      expect(
        judge({ metrics: { ...broken, worker_Errors_Sum: { status: "Forbidden", messages: [], values: [] } } }).verdict,
      ).toBe("fail");
      expect(
        judge({
          only: ["error_rate", "failed_requests"],
          metrics: { worker_Errors_Sum: { status: "Forbidden", messages: [], values: [] } },
        }).verdict,
      ).toBe("error");
    });

    test("is the same for the same evidence, byte for byte", () => {
      expect(JSON.stringify(judge({ metrics: GOOD_METRICS }))).toBe(JSON.stringify(judge({ metrics: GOOD_METRICS })));
    });
  });

  describe("a ratio", () => {
    const rate = (errors: number | undefined, invocations: number | undefined) =>
      one("error_rate", {
        metrics: {
          ...(errors !== undefined && { worker_Errors_Sum: errors }),
          ...(invocations !== undefined && { worker_Invocations_Sum: invocations }),
        },
      });

    test("without its whole is inconclusive, never 0", () => {
      expect(rate(undefined, undefined)).toMatchObject({
        verdict: "inconclusive",
        value: null,
        samples: 0,
        needed: 29,
        reason: "no data; at least 29 samples are needed",
      });
      expect(rate(undefined, 0)).toMatchObject({ verdict: "inconclusive", value: null });
    });

    test("without its part is 0 where the whole is there", () =>
      expect(rate(undefined, 400)).toMatchObject({ verdict: "pass", value: 0, samples: 400 }));

    test("says how many samples it has and needs", () => {
      expect(rate(0, 12)).toMatchObject({
        verdict: "inconclusive",
        samples: 12,
        needed: 29,
        reason: "0 of 12 bad, allowed 1 %; 12 of at least 29 samples",
      });
      expect(rate(0, 29)).toMatchObject({ verdict: "pass", interval: { low: 0, of: "samples" } });
    });

    test("fails far below its minimum of samples where chance cannot explain it", () => {
      expect(rate(2, 2)).toMatchObject({ verdict: "fail", value: 100 });
      expect(rate(1, 1)).toMatchObject({ verdict: "inconclusive" });
    });

    test("with a part larger than its whole is an error, with both figures", () => {
      expect(rate(9, 4)).toMatchObject({
        verdict: "error",
        value: null,
        reason: "error_rate has 9 of 4; allowed: no more of them than there are. Its metrics do not fit together",
      });
    });

    test("of hits is judged by its misses, and the interval is one of hits", () => {
      const hits = (hit: number, miss: number) =>
        one("cache_hit_rate", { metrics: { gateway_CacheHitCount_Sum: hit, gateway_CacheMissCount_Sum: miss } });
      expect(hits(900, 100)).toMatchObject({ verdict: "pass", value: 90, bound: 70 });
      expect(hits(200, 800)).toMatchObject({ verdict: "fail", value: 20 });
      expect(hits(69, 31)).toMatchObject({ verdict: "inconclusive", value: 69 });
      const { low, high } = hits(900, 100).interval!;
      expect([low < 90, high > 90, low > 85]).toEqual([true, true, true]);
    });

    test("whose setting is off is not applicable, with the setting", () => {
      expect(
        one("cache_hit_rate", { settings: { cache_enabled: false }, metrics: { gateway_CacheMissCount_Sum: 999 } }),
      ).toMatchObject({ verdict: "not applicable", reason: "not applicable: cache_enabled is false" });
    });
  });

  describe("a percentile", () => {
    const p95 = (p95Ms: number, samples: number, within?: number) =>
      one("execution_time", {
        metrics: {
          worker_Duration_p95: p95Ms,
          worker_Duration_SampleCount: samples,
          ...(within !== undefined && { worker_Duration_PR_90000: within }),
        },
      });

    test("is judged by the share beyond its bound: 40 of 44 runs over it fail, 10 of 200 are what P95 allows", () => {
      expect(p95(230_200, 44, (4 / 44) * 100)).toMatchObject({
        verdict: "fail",
        value: 230_200,
        bound: 90_000,
        reason: expect.stringContaining("40 of 44 beyond the bound, allowed 5 %") as unknown,
      });
      expect(p95(89_000, 200, 95)).toMatchObject({ verdict: "pass", interval: { of: "samples beyond the bound" } });
    });

    test("a little beyond its bound is inconclusive, and fails once the samples say so", () => {
      expect(p95(95_000, 100, 92)).toMatchObject({ verdict: "inconclusive" });
      expect(p95(95_000, 1_000, 92)).toMatchObject({ verdict: "fail" });
    });

    test("without its rank needs ten samples beyond it to pass, and twice the bound to fail with fewer", () => {
      expect(p95(80_000, 199)).toMatchObject({ verdict: "inconclusive", needed: 200 });
      expect(p95(80_000, 200)).toMatchObject({ verdict: "pass" });
      expect(p95(100_000, 199)).toMatchObject({ verdict: "inconclusive" });
      expect(p95(100_000, 200)).toMatchObject({ verdict: "fail" });
      expect(p95(181_000, 20)).toMatchObject({ verdict: "fail" });
      expect(p95(181_000, 19)).toMatchObject({ verdict: "inconclusive" });
    });

    test("in two parts is an error: percentiles of parts cannot be combined", () => {
      expect(
        one("execution_time", { metrics: { worker_Duration_p95: series(1, 2), worker_Duration_SampleCount: 400 } }),
      ).toMatchObject({
        verdict: "error",
        reason: expect.stringContaining("worker_Duration_p95 came in 2 parts") as unknown,
      });
    });

    test("without a target is shown and not judged", () =>
      expect(
        one("job_p50", { metrics: { deployment_JobDuration_p50: 5_000, deployment_JobDuration_SampleCount: 7 } }),
      ).toMatchObject({ verdict: "shown", value: 5_000, bound: null }));
  });

  describe("what CloudWatch could not answer is an error, with its words", () => {
    test.each([
      ["PartialData", [], "CloudWatch answered PartialData for worker_Errors_Sum"],
      ["InternalError", [], "CloudWatch answered InternalError for worker_Errors_Sum"],
      ["Forbidden", ["ArgumentError: no"], "CloudWatch answered Forbidden for worker_Errors_Sum: ArgumentError: no"],
      ["Missing", [], "CloudWatch answered Missing for worker_Errors_Sum"],
      [
        "Complete",
        ["MaxMetricsExceeded: too many"],
        "CloudWatch says of worker_Errors_Sum: MaxMetricsExceeded: too many",
      ],
    ])("%s", (status, messages, reason) => {
      expect(
        one("error_rate", {
          metrics: { worker_Invocations_Sum: 500, worker_Errors_Sum: { status, messages, values: [0] } },
        }),
      ).toMatchObject({ verdict: "error", value: null, reason });
    });
  });

  describe("counts, peaks and settings", () => {
    test("a total without data is 0 where something ran, and unknown where nothing did", () => {
      expect(one("api_5xx", { metrics: { front_door_Invocations_Sum: 5 } })).toMatchObject({
        verdict: "shown",
        value: 0,
      });
      expect(one("api_5xx", {})).toMatchObject({
        verdict: "shown",
        value: null,
        reason: "no target; nothing ran, so a count without data is not 0",
      });
    });

    test("a total adds its metrics up", () =>
      expect(
        one("table_throttles", {
          metrics: {
            worker_Invocations_Sum: 1,
            requests_table_ReadThrottleEvents_Sum: 2,
            sessions_table_WriteThrottleEvents_Sum: series(3, 4),
          },
        }),
      ).toMatchObject({ value: 9 }));

    test("a peak is the largest of its metrics, and fails beyond its target", () => {
      const memory = (percent: number) =>
        one("memory", {
          metrics: {
            deployment_MemoryUsed_Function_worker_Maximum: series(12, percent, 30),
            deployment_MemoryUsed_Function_worker_SampleCount: 40,
          },
        });
      expect(memory(80)).toMatchObject({ verdict: "pass", value: 80, samples: 40 });
      expect(memory(80.1)).toMatchObject({ verdict: "fail", value: 80.1 });
      expect(one("memory", {})).toMatchObject({ verdict: "inconclusive", value: null });
    });

    test("a fill is percent of its setting, a quota percent of the account's limit", () => {
      expect(one("reserved_concurrency_used", { metrics: { worker_ConcurrentExecutions_Maximum: 40 } })).toMatchObject({
        verdict: "shown",
        value: 80,
        reason: "no target; 40 of 50",
      });
      expect(
        one("account_concurrency_used", { metrics: { account_ClaimedAccountConcurrency_Maximum: 250 } }),
      ).toMatchObject({ value: 25 });
      expect(
        one("tokens", {
          settings: { token_quota_per_minute: 1_000 },
          metrics: { deployment_TokensUsed_Sum_60s: series(100, 700, 50) },
        }),
      ).toMatchObject({ value: 70 });
      expect(one("tokens", {})).toMatchObject({
        verdict: "not applicable",
        reason: "not applicable: token_quota_per_minute is null",
      });
    });

    test("the capacity is the reservation, or what the account has left without one", () => {
      expect(one("concurrent_capacity", {})).toMatchObject({ verdict: "pass", value: 50, bound: 50 });
      expect(one("concurrent_capacity", { settings: { reserved_concurrent_executions: 10 } })).toMatchObject({
        verdict: "fail",
        value: 10,
      });
      expect(one("concurrent_capacity", { settings: { reserved_concurrent_executions: -1 } })).toMatchObject({
        verdict: "pass",
        value: 950,
      });
      expect(
        one("concurrent_capacity", { settings: { reserved_concurrent_executions: -1 }, more: { account: null } }),
      ).toMatchObject({ verdict: "error", reason: expect.stringContaining("lambda:GetAccountSettings") as unknown });
    });

    test("a mean is shown where it has no target", () =>
      expect(
        one("worker_duration", { metrics: { worker_Duration_Sum: 900, worker_Duration_SampleCount: 3 } }),
      ).toMatchObject({ verdict: "shown", value: 300, samples: 3 }));
  });

  describe("the cost of a request", () => {
    const cost = (parts: Omit<Parts, "only"> = { metrics: GOOD_COST }) => one("cost_per_request", parts);
    const GOOD_COST = Object.fromEntries(
      Object.entries(GOOD_METRICS).filter(([id]) =>
        /^(worker|front_door|sweeper)_(Invocations|Duration)_Sum$|^gateway_Count|Consumed|Tokens(In|Out)|JobDuration_SampleCount/.test(
          id,
        ),
      ),
    );

    test("comes from what was used, tokens for the most part, and names their price as an assumption", () => {
      const { verdict, value, reason } = cost();
      // 14 x 0.003 + 2.1 x 0.015 of tokens, and 52 s of 3 GB at 0.0000133334.
      expect(value).toBeGreaterThan(0.042 + 0.0315 + 52 * 3 * 0.0000133334);
      expect(value).toBeLessThan(0.0776);
      expect({ verdict, reason }).toMatchObject({
        verdict: "pass",
        reason: expect.stringContaining("an assumption: give --token-price-in") as unknown,
      });
    });

    test("fails where tokens are dear, and is inconclusive where no request ended", () => {
      expect(
        cost({
          metrics: GOOD_COST,
          more: { tokenPrices: { usdPer1000Input: 0.03, usdPer1000Output: 0.15, assumed: false } },
        }),
      ).toMatchObject({ verdict: "fail" });
      expect(cost({})).toMatchObject({ verdict: "inconclusive", value: null, reason: "no data; no request ended" });
    });
  });

  describe("against a baseline", () => {
    const compared = (
      name: string,
      metrics: Record<string, number>,
      baseline: Record<string, number>,
      more: Parts["more"] = {},
    ) => one(name, { metrics, baseline, more });
    const duration = (p95Ms: number, samples: number) => ({
      worker_Duration_p95: p95Ms,
      worker_Duration_SampleCount: samples,
      worker_Duration_PR_90000: 100,
    });

    test("a duration within its target still fails where it is a quarter longer than the baseline's", () => {
      expect(compared("execution_time", duration(60_000, 500), duration(40_000, 500))).toMatchObject({
        verdict: "fail",
        reason: expect.stringContaining("1.50 x the baseline's 40000; allowed 1.25 x") as unknown,
      });
      expect(compared("execution_time", duration(49_000, 500), duration(40_000, 500))).toMatchObject({
        verdict: "pass",
      });
      expect(compared("execution_time", duration(60_000, 50), duration(40_000, 500))).toMatchObject({
        verdict: "inconclusive",
      });
      expect(
        compared("execution_time", duration(60_000, 500), duration(40_000, 500), {
          limits: { maxLatencyRatio: 1.6, maxCostRatio: 1.1 },
        }),
      ).toMatchObject({ verdict: "pass" });
    });

    test("a share fails where it is significantly worse, though within its target", () => {
      const rate = (errors: number, invocations: number) => ({
        worker_Errors_Sum: errors,
        worker_Invocations_Sum: invocations,
      });
      expect(compared("error_rate", rate(8, 1_000), rate(0, 3_000))).toMatchObject({
        verdict: "fail",
        reason: expect.stringContaining("8 of 1000 against 0 of 3000 of the baseline: worse") as unknown,
      });
      expect(compared("error_rate", rate(4, 1_000), rate(10, 3_000))).toMatchObject({
        verdict: "pass",
        reason: expect.stringContaining("not significantly worse") as unknown,
      });
      expect(compared("error_rate", rate(0, 1_000), rate(300, 3_000))).toMatchObject({ verdict: "pass" });
    });

    test("a baseline that misses a target is no measure: what fixes it may be slower than failing at once", () => {
      const fix = {
        worker_Duration_p95: 60_000,
        worker_Duration_SampleCount: 500,
        worker_Duration_PR_90000: 99.9,
        worker_Errors_Sum: 0,
        worker_Invocations_Sum: 500,
      };
      const burning = {
        worker_Duration_p95: 40,
        worker_Duration_SampleCount: 900,
        worker_Duration_PR_90000: 100,
        worker_Errors_Sum: 900,
        worker_Invocations_Sum: 900,
      };
      const { verdict, kpis } = judgeGate(
        evidenceOf({ only: ["execution_time", "error_rate"], metrics: fix, baseline: burning }),
      );
      expect(verdict).toBe("pass");
      expect(kpis.find(({ name }) => name === "execution_time")?.reason).toContain(
        "not compared, because the baseline misses its own target of error_rate",
      );
    });

    test("a baseline with too few samples makes the verdict inconclusive", () => {
      expect(
        compared("error_rate", { worker_Errors_Sum: 0, worker_Invocations_Sum: 900 }, { worker_Invocations_Sum: 3 }),
      ).toMatchObject({
        verdict: "inconclusive",
        reason: expect.stringContaining("the baseline has 3 of at least 20 samples") as unknown,
      });
    });

    test("a KPI whose target is null is judged by the baseline alone; one without a target setting is only shown", () => {
      const job = (value: number) => ({ deployment_JobDuration_p50: value, deployment_JobDuration_SampleCount: 400 });
      expect(compared("job_p50", job(20_000), job(10_000))).toMatchObject({ verdict: "fail", bound: null });
      expect(
        compared(
          "worker_duration",
          { worker_Duration_Sum: 9e9, worker_Duration_SampleCount: 500 },
          { worker_Duration_Sum: 1, worker_Duration_SampleCount: 500 },
        ),
      ).toMatchObject({ verdict: "shown" });
    });
  });

  test("a KPI without metrics by version is not applicable to a version, with that reason", () => {
    const { kpis } = judge({
      version: "7",
      metrics: { worker_Duration_p95: 1, worker_Duration_SampleCount: 300, worker_Duration_PR_90000: 100 },
    });
    expect(
      kpis
        .filter((kpi) => kpi.verdict !== "not applicable")
        .map(({ name }) => name)
        .sort(),
    ).toEqual([
      "error_rate",
      "execution_time",
      "failed_requests",
      "job_p50",
      "job_p90",
      "job_p95",
      "job_p99",
      "worker_duration",
    ]);
    expect(kpis.find(({ name }) => name === "memory")?.reason).toBe(
      "not applicable: there is no such metric by version",
    );
  });

  test("more failures never make a verdict better", () => {
    const rank = { pass: 0, inconclusive: 1, fail: 2 } as Record<string, number>;
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3_000 }), fc.integer({ min: 0, max: 60 }), (samples, errors) => {
        fc.pre(errors < samples);
        const at = (bad: number) =>
          rank[one("error_rate", { metrics: { worker_Errors_Sum: bad, worker_Invocations_Sum: samples } }).verdict]!;
        return at(errors) <= at(errors + 1);
      }),
    );
  });
});

describe("verdict", () => {
  test.each<[KpiOutcome[], string]>([
    [["pass", "shown", "not applicable"], "pass"],
    [["pass", "inconclusive"], "inconclusive"],
    [["inconclusive", "error", "pass"], "error"],
    [["error", "fail", "inconclusive"], "fail"],
    [["shown", "not applicable"], "inconclusive"],
    [[], "inconclusive"],
  ])("%j is %s", (outcomes, verdict) => expect(worstVerdict(outcomes)).toBe(verdict));
});
