import { conditionSetting, KPIS, SETTINGS } from "../../../stacks/contract/settings";
import {
  COST_READS,
  explainUnmet,
  GATE_SETTINGS,
  gateQueries,
  hasVersions,
  listReads,
  readId,
  readNumber,
  type MetricQuery,
} from "../../../scripts/gate/reads";
import { gateSettings, NAMES, WINDOW } from "../../support/gate-evidence";
import { METRICS } from "../../../handlers/environment";

describe("queries", () => {
  const queries = (
    version: string | null = null,
    settings: Record<string, unknown> = {},
    only: readonly string[] = [],
  ) => gateQueries({ names: NAMES, settings: gateSettings(settings), window: WINDOW, version, only });
  const byId = (all: readonly MetricQuery[]) => Object.fromEntries(all.map((query) => [query.id, query]));

  test("ids are what CloudWatch allows, each once, in order, and the same whatever the order of the KPIs", () => {
    const ids = queries().map(({ id }) => id);
    expect(ids.filter((id) => !/^[a-z][A-Za-z0-9_]{0,254}$/.test(id))).toEqual([]);
    expect(new Set(ids).size).toBe(ids.length);
    expect([...ids].sort()).toEqual(ids);
    expect(queries(null, {}, KPIS.map(({ name }) => name).reverse()).map(({ id }) => id)).toEqual(ids);
  });

  test("statistics that differ only in a dimension or a fraction have different ids", () => {
    const reference = { source: "deployment", metric: "X" } as const;
    expect(readId({ reference: { ...reference, dimensions: { Function: "api" } }, statistic: "Sum" })).toBe(
      "deployment_X_Function_api_Sum",
    );
    expect(readId({ reference, statistic: "PR(:90000)" })).toBe("deployment_X_PR_90000");
    expect(readId({ reference, statistic: "PR(:90000.5)" })).toBe("deployment_X_PR_90000_5");
    expect(readId({ reference, statistic: "Sum", periodSeconds: 60 })).toBe("deployment_X_Sum_60s");
  });

  test("one period covers the whole window, but for a quota of a minute", () => {
    const found = queries(null, { token_quota_per_minute: 1_000 });
    expect(new Set(found.filter(({ id }) => !id.endsWith("_60s")).map(({ periodSeconds }) => periodSeconds))).toEqual(
      new Set([1_800]),
    );
    expect(byId(found)["deployment_TokensUsed_Sum_60s"]?.periodSeconds).toBe(60);
  });

  test("a percentile is asked for with its samples, and with the rank of its target where it has one", () => {
    const found = byId(queries());
    expect(found["worker_Duration_p95"]).toEqual({
      id: "worker_Duration_p95",
      namespace: "AWS/Lambda",
      metric: "Duration",
      dimensions: { FunctionName: "q-dev-worker" },
      statistic: "p95",
      periodSeconds: 1_800,
    });
    expect(found["worker_Duration_SampleCount"]?.statistic).toBe("SampleCount");
    expect(found["worker_Duration_PR_90000"]?.statistic).toBe("PR(:90000)");
    expect(Object.keys(found).filter((id) => id.startsWith("deployment_JobDuration_PR"))).toEqual([]);
  });

  test("dimensions come from the names: API by name and stage, queue, tables, rules, deployment", () => {
    const found = byId(queries());
    expect(found["gateway_CacheHitCount_Sum"]?.dimensions).toEqual({ ApiName: "q-dev-api", Stage: "live" });
    expect(found["work_queue_ApproximateAgeOfOldestMessage_Maximum"]?.dimensions).toEqual({ QueueName: "q-dev-work" });
    expect(found["requests_table_ReadThrottleEvents_Sum"]?.dimensions).toEqual({ TableName: "q-dev-requests" });
    expect(found["api_heartbeat_rule_Invocations_Sum"]?.dimensions).toEqual({ RuleName: "q-dev-api-heartbeat" });
    expect(found["deployment_ColdStart_Function_worker_Sum"]?.dimensions).toEqual({
      Deployment: "q-dev",
      Function: "worker",
    });
    expect(found["account_ClaimedAccountConcurrency_Maximum"]?.dimensions).toEqual({});
  });

  test("a version is the alias's version for the functions and Version for the handlers; other metrics are left out", () => {
    const found = byId(queries("7"));
    expect(found["worker_Errors_Sum"]?.dimensions).toEqual({
      FunctionName: "q-dev-worker",
      Resource: "q-dev-worker:live",
      ExecutedVersion: "7",
    });
    expect(found["deployment_RequestFailed_Sum"]?.dimensions).toEqual({ Deployment: "q-dev", Version: "7" });
    expect(
      Object.keys(found).filter(
        (id) => !/^(worker_(Duration|Errors|Invocations)|deployment_(JobDuration|RequestFailed))_/.test(id),
      ),
    ).toEqual([]);
  });

  test("metrics of KPIs that do not apply are not asked for", () => {
    expect(byId(queries(null, { cache_enabled: false }))["gateway_CacheHitCount_Sum"]).toBeUndefined();
    expect(byId(queries())["gateway_CacheHitCount_Sum"]).toBeDefined();
    expect(queries(null, {}, ["failed_requests"]).map(({ id }) => id)).toEqual([
      "deployment_RequestFailed_SampleCount",
      "deployment_RequestFailed_Sum",
    ]);
  });

  test("all of them fit in one call of GetMetricData, which takes 500", () =>
    expect(queries().length).toBeLessThanOrEqual(500));
});

describe("reads", () => {
  const reads = KPIS.flatMap((kpi) => listReads(kpi, gateSettings()));

  test("every KPI is read from metrics, except the one that is a setting", () => {
    expect(KPIS.filter((kpi) => listReads(kpi, gateSettings()).length === 0).map(({ name }) => name)).toEqual([
      "concurrent_capacity",
    ]);
  });

  test("the handlers write every metric that is read of them", () => {
    const ours = [...reads, ...COST_READS]
      .filter(({ reference }) => reference.source === "deployment")
      .map(({ reference }) => reference.metric);
    expect([...new Set(ours)].filter((metric) => !(metric in METRICS))).toEqual([]);
  });

  test("different reads have different ids", () => {
    const byId = new Map<string, string>();
    for (const read of reads) {
      const text = JSON.stringify(read);
      expect(byId.get(readId(read)) ?? text).toBe(text);
      byId.set(readId(read), text);
    }
  });

  test("a KPI has versions only where all of its metrics have", () => {
    expect(KPIS.filter(hasVersions).map(({ name }) => name)).toEqual([
      "execution_time",
      "worker_duration",
      "job_p50",
      "job_p90",
      "job_p95",
      "job_p99",
      "failed_requests",
      "error_rate",
    ]);
  });
});

describe("settings", () => {
  test("the gate reads existing settings, among them every target and every condition", () => {
    const names: readonly string[] = SETTINGS.map(({ name }) => name);
    expect(GATE_SETTINGS.filter((name) => !names.includes(name))).toEqual([]);
    expect(GATE_SETTINGS).toEqual(
      expect.arrayContaining(
        KPIS.flatMap(({ targetSetting, when }) =>
          [targetSetting, when && conditionSetting(when)].flatMap((name) => name ?? []),
        ),
      ),
    );
  });

  test("saved evidence holds no agent, prompt, address or account", () =>
    expect(GATE_SETTINGS.filter((name) => /agent|arbiter|email|arn|secret|key|domain/.test(name))).toEqual([]));

  test("a setting that is neither a number nor null is refused by name, with what to do", () => {
    expect([readNumber({ a: 5 }, "a"), readNumber({ a: null }, "a")]).toEqual([5, null]);
    expect(() => readNumber({ a: "5" }, "a")).toThrow(
      'The setting a is "5"; allowed: a number or null. Apply this release first',
    );
    expect(() => readNumber({}, "a")).toThrow("The setting a is missing; allowed: a number or null.");
  });

  test.each([
    [{ isTrue: "cache_enabled" }, true, undefined],
    [{ isTrue: "cache_enabled" }, false, "cache_enabled is false"],
    [{ isTrue: "cache_enabled" }, undefined, "cache_enabled is missing"],
    [{ isPositive: "timeout" }, 1, undefined],
    [{ isPositive: "timeout" }, 0, "timeout is 0"],
    [{ isPositive: "timeout" }, -1, "timeout is -1"],
    [{ setting: "authorization", is: "jwt" }, "jwt", undefined],
    [{ setting: "authorization", is: "jwt" }, "iam", 'authorization is "iam"'],
    [{ isGiven: "kms_key_arn" }, 0, undefined],
    [{ isGiven: "kms_key_arn" }, null, "kms_key_arn is null"],
  ] as const)("%j of %j: %s", (condition, value, expected) =>
    expect(explainUnmet(condition, { [conditionSetting(condition)]: value })).toBe(expected),
  );

  test("a missing condition always holds", () => expect(explainUnmet(undefined, {})).toBeUndefined());
});
