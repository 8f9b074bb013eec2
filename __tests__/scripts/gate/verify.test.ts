import { checkOptions, type VerifyOptions, verify } from "../../../scripts/gate/verify";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { DOMParser } from "@xmldom/xmldom";
import { KPIS } from "../../../stacks/contract/settings";
import { UsageError, type CommandContext } from "../../../scripts/kit/context";
import type { Clock } from "../../../scripts/gate/gate";
import type { Evidence } from "../../../scripts/gate/evidence";
import type { GateVerdict } from "../../../scripts/gate/judge";
import { answeringServer } from "../../support/answering-server";
import { gateSettings } from "../../support/gate-evidence";
import { PROJECT } from "../../support/stack-json";
import { EVIDENCE, fixture, writeFixtures } from "./deployed-fixtures";

describe("options", () => {
  test("options that fit together are accepted", () => {
    expect(() =>
      checkOptions({
        only: ["error_rate"],
        smoke: false,
        wait: "5m",
        since: "2026-11-21T12:00:00Z",
        version: "7",
        baseline: "6",
        save: "x",
      }),
    ).not.toThrow();
    expect(() => checkOptions({ only: [], smoke: true, prompt: "hello", junit: "x", markdown: "y" })).not.toThrow();
    expect(() => checkOptions({ only: [], smoke: false, replay: "x", junit: "x", markdown: "y" })).not.toThrow();
  });

  test.each([
    ["window", "5x", '--window is "5x"; allowed: a whole number above 0'],
    ["wait", "soon", '--wait is "soon"; allowed: a whole number above 0'],
    ["smokeTimeout", "3q", '--smoke-timeout is "3q"; allowed: a whole number above 0'],
    ["end", "yesterday", '--end is "yesterday"; allowed: a time with its zone'],
    ["maxLatencyRatio", "x", '--max-latency-ratio is "x"; allowed: a number above 0'],
    ["tokenPriceIn", "-1", '--token-price-in is "-1"; allowed: a number from 0 on'],
  ])("%s is refused as %j before anything is read", (name, text, message) => {
    expect(() => checkOptions({ only: [], smoke: false, [name]: text })).toThrow(message);
  });

  test("saved evidence is judged as it is", () => {
    expect(() => checkOptions({ only: ["error_rate"], smoke: false, replay: "x" })).toThrow(
      "--replay was given with --only; allowed: --replay alone, because saved evidence is judged as it is.",
    );
  });
});

describe("verify", () => {
  const details: string[] = [];
  const context = (environment: NodeJS.ProcessEnv = {}): CommandContext => ({
    projectDirectory: "/nowhere",
    environment,
    progress: { step: (_, work) => work((text) => void details.push(text)), note: () => undefined },
    signal: new AbortController().signal,
  });
  const run = (options: Partial<VerifyOptions>, environment?: NodeJS.ProcessEnv, clock?: Clock) =>
    verify(context(environment), { only: [], smoke: false, ...options }, clock);
  const refused = async (work: Promise<unknown>) => {
    const error: unknown = await work.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(UsageError);
    return (error as UsageError).message;
  };
  const kpi = (json: unknown, name: string) => (json as GateVerdict).kpis.find((each) => each.name === name)!;

  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "quickturn-verify-"));
    if (process.env["UPDATE_FIXTURES"]) writeFixtures();
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  describe("--replay", () => {
    test.each<[string, number, string]>([
      ["pass", 0, "pass"],
      ["fail", 1, "fail"],
      ["inconclusive", 3, "inconclusive"],
      ["error", 2, "error"],
    ])("of %s ends with %i", async (name, exitCode, verdict) => {
      expect(await run({ replay: fixture(name) })).toMatchObject({ exitCode, json: { exitCode, verdict } });
    });

    test.each<[string, string, string, number | null]>([
      ["percentile", "execution_time", "inconclusive", 95_000],
      ["mean", "worker_duration", "shown", 30_000],
      ["share", "failed_requests", "fail", 10],
      ["ratio", "cache_hit_rate", "pass", 90],
      ["total", "worker_errors", "shown", 4],
      ["peak", "memory", "fail", 97],
      ["fill", "reserved_concurrency_used", "shown", 80],
      ["quota", "account_concurrency_used", "shown", 25],
      ["capacity", "concurrent_capacity", "fail", 10],
    ])("of a %s judges %s: %s", async (name, of, verdict, value) =>
      expect(kpi((await run({ replay: fixture(name) })).json, of)).toMatchObject({ verdict, value }),
    );

    test("of a cost judges cost_per_request", async () => {
      const found = kpi((await run({ replay: fixture("cost") })).json, "cost_per_request");
      expect({ verdict: found.verdict, cheap: found.value! < 0.2 }).toEqual({ verdict: "pass", cheap: true });
    });

    test("there is saved evidence for each kind of KPI", () =>
      expect(Object.keys(EVIDENCE)).toEqual(expect.arrayContaining(KPIS.map(({ measure }) => measure.kind))));

    test("gives the same bytes each time", async () => {
      const [one, other] = [await run({ replay: fixture("fail") }), await run({ replay: fixture("fail") })];
      expect(JSON.stringify(one)).toBe(JSON.stringify(other));
    });

    test("a file that is not evidence is refused, with what is wrong with it", async () => {
      const path = join(folder, "none.json");
      const refusal = async (content: string) => {
        writeFileSync(path, content);
        return refused(run({ replay: path }));
      };
      expect(await refusal("{")).toContain(`The evidence ${path} cannot be read`);
      expect(await refusal("[]")).toContain("is no evidence of a gate");
      const good = JSON.parse(readFileSync(fixture("share"), "utf8")) as Evidence;
      expect(
        await refusal(
          JSON.stringify({
            ...good,
            candidate: { ...good.candidate, series: { x: { status: "Complete", messages: [], values: ["1"] } } },
          }),
        ),
      ).toContain("/candidate/series/x/values/0 must be number");
      expect(await refusal(JSON.stringify({ ...good, settings: {} }))).toContain("lacks the settings");
      expect(await refusal(JSON.stringify({ ...good, only: ["speed"] }))).toContain(
        "is about the KPIs speed, which do not exist; allowed: execution_time",
      );
      expect(
        await refusal(
          JSON.stringify({
            ...good,
            candidate: { ...good.candidate, window: { startMs: 120_000, endMs: 60_000, periodSeconds: 60 } },
          }),
        ),
      ).toContain("ends before it begins");
    });

    test("by the command line it ends with the same code, and prints the same JSON", async () => {
      const replay = fixture("inconclusive");
      const ended = await new Promise<{ code: number; stdout: string }>((resolve) =>
        execFile(
          process.execPath,
          ["scripts/bin/quickturn.js", "--json", "verify", "--replay", replay],
          { cwd: PROJECT },
          (error, stdout) => resolve({ code: error ? Number(error.code) : 0, stdout }),
        ),
      );
      expect({ code: ended.code, json: JSON.parse(ended.stdout) as unknown }).toEqual({
        code: 3,
        json: JSON.parse(JSON.stringify((await run({ replay })).json)) as unknown,
      });
    });
  });

  describe("what it writes", () => {
    test("a table with value, bound, samples and reason, and the runbook's heading in JUnit", async () => {
      const [xml, markdown] = [join(folder, "gate.xml"), join(folder, "gate.md")];
      const { text } = await run({ replay: fixture("fail"), junit: xml, markdown });
      const line = stripVTControlCharacters(text)
        .split("\n")
        .find((each) => each.includes("Worker error rate"));
      expect(line).toMatch(
        /^ {2}fail +Worker error rate +7\.5 % +<= 1 % +1200 {2}90 of 1200 bad, allowed 1 %: chance alone does that in at most 0\.5 % of windows \(95 %: 6\.14 to 9\.13 % of samples\)$/,
      );
      const document = new DOMParser().parseFromString(readFileSync(xml, "utf8"), "text/xml");
      const cases = Array.from(document.getElementsByTagName("testcase"));
      expect(cases.map((each) => each.getAttribute("name")).sort()).toEqual(KPIS.map(({ name }) => name).sort());
      const failed = cases.filter((each) => each.getElementsByTagName("failure").length > 0);
      expect(failed.map((each) => each.getAttribute("name"))).toEqual(["execution_time", "error_rate"]);
      expect(failed[1]?.getElementsByTagName("failure")[0]?.getAttribute("message")).toMatch(
        /^7\.5 % \(target <= 1 %\): 90 of 1200 bad.*RUNBOOK\.md, "Worker errors"$/,
      );
      expect(readFileSync(markdown, "utf8")).toMatch(
        /^## quickturn verify: fail\n\n2 fail, \d+ pass.*\n\n\| verdict \| what \|/,
      );
    });
  });

  describe("contradictory options are refused before anything is read", () => {
    test.each<[Partial<VerifyOptions>, string]>([
      [{ replay: "x", window: "5m" }, "--replay was given with --window; allowed: one of them"],
      [{ replay: "x", baselineMetrics: "y" }, "--replay was given with --baseline-metrics"],
      [{ smoke: true, wait: "5m" }, "--smoke was given with --wait"],
      [{ wait: "5m", end: "2026-11-21T12:00:00Z" }, "--wait was given with --end"],
      [{ baseline: "1", baselineMetrics: "x" }, "--baseline was given with --baseline-metrics"],
      [{ only: ["speed"] }, "--only names speed; allowed: execution_time, "],
      [{ version: "live" }, '--version is "live"; allowed: the number of a published version'],
      [{ state: "/no/such/place" }, "--state is /no/such/place, and there is no such file or folder"],
    ])("%j", async (options, message) => expect(await refused(run(options))).toContain(message));
  });

  /** CloudWatch as the SDK speaks to it, answering from a function of what it is asked. */
  describe("with metrics from CloudWatch", () => {
    let server: Awaited<ReturnType<typeof answeringServer>>;
    let answer: (calls: number) => Record<string, unknown>;
    const calls: Record<string, unknown>[] = [];
    let environment: NodeJS.ProcessEnv;
    let state: string;

    beforeAll(async () => {
      server = await answeringServer(({ body }) => {
        calls.push(JSON.parse(body) as Record<string, unknown>);
        return {
          headers: { "content-type": "application/x-amz-json-1.0" },
          body: JSON.stringify(whole(answer(calls.length), calls.at(-1)!)),
        };
      });
      environment = { AWS_ENDPOINT_URL: server.url, AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" };
      state = join(folder, "outputs.json");
      const outputs = {
        settings: gateSettings({ timeout: 600 }),
        deployment_name: "q-dev",
        rest_api_name: "q-dev-api",
        stage_name: "live",
        api_function_name: "q-dev-api",
        worker_function_name: "q-dev-worker",
        sweeper_function_name: "q-dev-sweeper",
        newest_version: "7",
        work_queue_url: "https://sqs/1/q-dev-work",
        dead_letter_queue_url: "https://sqs/1/q-dev-work-failed",
        requests_table_name: "q-dev-requests",
        sessions_table_name: "q-dev-sessions",
      };
      writeFileSync(
        state,
        JSON.stringify(Object.fromEntries(Object.entries(outputs).map(([name, value]) => [name, { value }]))),
      );
    });
    afterAll(() => server.stop());
    beforeEach(() => (calls.length = details.length = 0));

    /** CloudWatch answers to every query, if only that there is nothing. */
    function whole(given: Record<string, unknown>, body: Record<string, unknown>): Record<string, unknown> {
      const named = given["MetricDataResults"] as { Id: string }[];
      const silent = (body["MetricDataQueries"] as { Id: string }[]).filter(
        ({ Id }) => !named.some((each) => each.Id === Id),
      );
      return {
        ...given,
        MetricDataResults: [
          ...named,
          ...silent.map(({ Id }) => ({ Id, StatusCode: "Complete", Timestamps: [], Values: [] })),
        ],
      };
    }
    const results = (values: Record<string, number>) => ({
      MetricDataResults: Object.entries(values).map(([Id, value]) => ({
        Id,
        Label: Id,
        StatusCode: "Complete",
        Timestamps: [1_795_000_000],
        Values: [value],
      })),
    });
    const NOW = Date.parse("2026-11-21T15:00:30Z");
    const clockFrom = (startMs: number) => {
      let nowMs = startMs;
      return { nowMs: () => nowMs, sleep: async (ms: number) => void (nowMs += ms) };
    };
    const seconds = (body: Record<string, unknown>, name: string) => Number(body[name]);

    test("it asks for the window that ends a time-out before now, judges, and saves what it judged", async () => {
      const save = join(folder, "saved.json");
      answer = () => results({ worker_Errors_Sum: 0, worker_Invocations_Sum: 400 });
      const fresh = await run({ state, only: ["error_rate"], save }, environment, clockFrom(NOW));
      expect(fresh).toMatchObject({
        exitCode: 0,
        json: {
          verdict: "pass",
          window: { start: "2026-11-21T14:18:00Z", end: "2026-11-21T14:48:00Z", seconds: 1_800 },
        },
      });
      expect(
        [seconds(calls[0]!, "StartTime"), seconds(calls[0]!, "EndTime")].map((at) =>
          new Date(at * 1_000).toISOString(),
        ),
      ).toEqual(["2026-11-21T14:18:00.000Z", "2026-11-21T14:48:00.000Z"]);
      expect((await run({ replay: save })).json).toEqual(fresh.json);
      expect(readFileSync(save, "utf8")).not.toMatch(/agents|127\.0\.0\.1/);
    });

    test("it waits until the samples decide, reads more each minute from the same start, and shows its progress", async () => {
      answer = (count) => results({ worker_Errors_Sum: 0, worker_Invocations_Sum: count * 10 });
      const { json, exitCode } = await run(
        { state, only: ["error_rate"], wait: "20m", since: "2026-11-21T14:40:00Z" },
        environment,
        clockFrom(NOW),
      );
      expect({ exitCode, looks: calls.length, found: kpi(json, "error_rate").samples }).toEqual({
        exitCode: 0,
        looks: 3,
        found: 30,
      });
      expect(new Set(calls.map((body) => body["StartTime"])).size).toBe(1);
      expect(seconds(calls[2]!, "EndTime") - seconds(calls[0]!, "EndTime")).toBe(120);
      expect(details).toEqual(["error_rate: 10 of 29 samples", "error_rate: 20 of 29 samples"]);
    });

    test("at the deadline it says that it does not know", async () => {
      answer = () => results({});
      expect(await run({ state, only: ["error_rate"], wait: "3m" }, environment, clockFrom(NOW))).toMatchObject({
        exitCode: 3,
      });
      expect(calls).toHaveLength(4);
    });

    test("right after a deployment it waits for the first minute that can be judged; without --wait it says when", async () => {
      answer = () => results({ worker_Errors_Sum: 0, worker_Invocations_Sum: 900 });
      const since = "2026-11-21T15:00:00Z";
      expect(await run({ state, only: ["error_rate"], since }, environment, clockFrom(NOW))).toMatchObject({
        exitCode: 2,
        text: expect.stringContaining("Ask again from 2026-11-21T15:13:00Z on, or give --wait.") as unknown,
      });
      expect(await run({ state, only: ["error_rate"], since, wait: "30m" }, environment, clockFrom(NOW))).toMatchObject(
        {
          exitCode: 0,
          json: { window: { start: "2026-11-21T15:00:00Z", end: "2026-11-21T15:01:00Z" } },
        },
      );
    });

    test("pages are followed, and PartialData of a page that is not the last is no error", async () => {
      answer = (count) =>
        count === 1
          ? {
              MetricDataResults: [
                { Id: "worker_Errors_Sum", StatusCode: "Complete", Values: [0], Timestamps: [1_795_000_000] },
                { Id: "worker_Invocations_Sum", StatusCode: "PartialData", Values: [300], Timestamps: [1_795_000_000] },
              ],
              NextToken: "more",
            }
          : {
              MetricDataResults: [
                { Id: "worker_Invocations_Sum", StatusCode: "Complete", Values: [100], Timestamps: [1_795_000_060] },
              ],
            };
      const { json } = await run({ state, only: ["error_rate"] }, environment, clockFrom(NOW));
      expect(kpi(json, "error_rate")).toMatchObject({ verdict: "pass", samples: 400 });
      expect(calls.map((body) => body["NextToken"])).toEqual([undefined, "more"]);
    });

    test("a message of CloudWatch about the whole call makes every KPI an error", async () => {
      answer = () => ({
        ...results({ worker_Errors_Sum: 0, worker_Invocations_Sum: 400 }),
        Messages: [{ Code: "InternalError", Value: "try later" }],
      });
      expect(await run({ state, only: ["error_rate"] }, environment, clockFrom(NOW))).toMatchObject({
        exitCode: 2,
        text: expect.stringContaining("InternalError: try later") as unknown,
      });
    });

    test("a version is compared with another one: both are asked for, each by its own dimension", async () => {
      answer = (count) =>
        results(
          count === 1
            ? { worker_Errors_Sum: 9, worker_Invocations_Sum: 1_000 }
            : { worker_Errors_Sum: 0, worker_Invocations_Sum: 3_000 },
        );
      const { exitCode, json } = await run({ state, only: ["error_rate"], baseline: "6" }, environment, clockFrom(NOW));
      expect({
        exitCode,
        verdict: kpi(json, "error_rate").verdict,
        version: (json as GateVerdict).version,
        baseline: (json as GateVerdict).baseline,
      }).toEqual({ exitCode: 1, verdict: "fail", version: "7", baseline: "6" });
      expect(JSON.stringify(calls[0])).toContain('{"Name":"ExecutedVersion","Value":"7"}');
      expect(JSON.stringify(calls[1])).toContain('{"Name":"ExecutedVersion","Value":"6"}');
      expect(await refused(run({ state, baseline: "7" }, environment, clockFrom(NOW)))).toContain(
        "--baseline is 7, which is the version that is judged",
      );
    });

    test("saved evidence is a baseline", async () => {
      answer = () =>
        results({ worker_Duration_p95: 60_000, worker_Duration_SampleCount: 900, worker_Duration_PR_90000: 100 });
      const { exitCode, json } = await run(
        { state, only: ["execution_time"], baselineMetrics: fixture("pass"), maxLatencyRatio: "0.5" },
        environment,
        clockFrom(NOW),
      );
      expect({ exitCode, reason: kpi(json, "execution_time").reason }).toMatchObject({
        exitCode: 1,
        reason: expect.stringContaining("0.84 x the baseline's 71400; allowed 0.5 x") as unknown,
      });
    });

    test("a deployment of an earlier release is refused with the outputs that it lacks", async () => {
      const old = join(folder, "old.json");
      const outputs = Object.entries(JSON.parse(readFileSync(state, "utf8")) as Record<string, unknown>).filter(
        ([name]) => name !== "rest_api_name",
      );
      writeFileSync(old, JSON.stringify({ values: { outputs: Object.fromEntries(outputs) } }));
      expect(await run({ state: old }, environment, clockFrom(NOW))).toMatchObject({
        exitCode: 2,
        text: expect.stringContaining("The stack's outputs lack rest_api_name") as unknown,
      });
      writeFileSync(old, "{}");
      expect(await refused(run({ state: old }, environment, clockFrom(NOW)))).toContain(
        "which holds no outputs; allowed: what terraform output -json",
      );
    });

    test("an interrupt is no finding", async () => {
      const ended = AbortSignal.abort(new Error("interrupted"));
      answer = () => results({});
      await expect(
        verify(
          { ...context(environment), signal: ended },
          { only: ["error_rate"], smoke: false, state },
          clockFrom(NOW),
        ),
      ).rejects.toThrow();
    });
  });
});
