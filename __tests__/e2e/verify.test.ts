import { CloudWatchClient, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CommandContext } from "../../scripts/kit/context";
import { type VerifyOptions, verify } from "../../scripts/gate/verify";
import type { SmokeReport } from "../../scripts/gate/smoke";
import type { GateVerdict } from "../../scripts/gate/judge";
import { dashboard } from "../../scripts/dashboard/dashboard";
import { startLocalRuntime, type LocalRuntime } from "../../scripts/emulator";
import { AgentApiClient } from "../../scripts/kit/api-client";
import { ALICE, BOB } from "../support/callers";
import { EmulatedStack } from "../support/emulated-stack";
import { until } from "../support/until";

/**
 * One apply: the checklist against the applied stack, served from its zips, the gate against the emulator's CloudWatch,
 * which knows no percentiles and no account limits, and the gate with every KPI against the metrics of what really ran.
 */

const agents = (target: string) => [{ name: "fast", kind: "scripted", target, phases: [1] }];
/** Real milliseconds between two looks at the queues, for their metrics. */
const GAUGE_MS = 1_000;
/** The metrics' time: the real one, and set forward instead of waited for. What ran before that keeps its time. */
class SteppedTime {
  private readonly steps = [{ fromMs: 0, aheadMs: 0 }];

  readonly at = (realMs: number): number => realMs + this.steps.findLast(({ fromMs }) => fromMs <= realMs)!.aheadMs;
  readonly real = (): number => GAUGE_MS;
  readonly nowMs = (): number => this.at(Date.now());
  readonly sleep = async (ms: number): Promise<void> => {
    this.steps.push({ fromMs: Date.now(), aheadMs: this.steps.at(-1)!.aheadMs + ms });
  };
}
const time = new SteppedTime();
const SETTINGS = {
  agents: agents("100ms here"),
  // The shortest time-out: what ran later than that, and two minutes, before now may not be judged yet.
  timeout: 30,
  throttling_rate_limit: 1_000,
  throttling_burst_limit: 2_000,
  // How fast this machine is decides nothing.
  kpi_execution_time: 900_000,
  kpi_api_latency_p99: 29_000,
  kpi_cold_start_rate: 100,
};

let stack: EmulatedStack;
let runtime: LocalRuntime;
let state: unknown;

beforeAll(async () => {
  stack = await EmulatedStack.applied(SETTINGS);
});
beforeAll(async () => {
  await stack.flip([]);
  state = await stack.terraform.show();
  runtime = await startLocalRuntime({
    environment: process.env,
    state,
    moduleDirectory: stack.directory,
    endpoint: stack.emulator.endpoint,
    region: "us-east-1",
    callers: [ALICE, BOB],
    workDirectory: stack.folder,
    metrics: true,
    metricsTime: time,
  });
});
afterAll(async () => {
  await runtime?.stop();
  await stack?.stop();
});

const as = (caller: typeof ALICE, prefix = "") => ({
  [`${prefix}AWS_ACCESS_KEY_ID`]: caller.accessKeyId,
  [`${prefix}AWS_SECRET_ACCESS_KEY`]: caller.secretAccessKey,
});
const context = (environment: NodeJS.ProcessEnv): CommandContext => ({
  projectDirectory: stack.folder,
  environment: { ...environment, AWS_ENDPOINT_URL: stack.emulator.endpoint },
  progress: { step: (_, work) => work(() => undefined), note: () => undefined },
  signal: new AbortController().signal,
});
type Outputs = Record<string, { value: unknown }>;

/** What terraform shows, with the endpoint that serves it, and other outputs where a test wants them. */
function stateFile(changed: Record<string, unknown> = {}): string {
  const { outputs } = (state as { values: { outputs: Outputs } }).values;
  const path = join(stack.folder, `state-${Object.keys(changed).join("-")}.json`);
  writeFileSync(
    path,
    JSON.stringify({
      ...outputs,
      api_endpoint: { value: runtime.url },
      ...Object.fromEntries(Object.entries(changed).map(([name, value]) => [name, { value }])),
    }),
  );
  return path;
}
const run = (options: Partial<VerifyOptions>, environment: NodeJS.ProcessEnv = as(ALICE)) =>
  verify(context(environment), { only: [], smoke: false, state: stateFile(), ...options });

describe("--smoke", () => {
  const checks = ({ json }: { json: unknown }) =>
    Object.fromEntries((json as SmokeReport).checks.map(({ name, verdict }) => [name, verdict]));
  const GOOD = {
    health: "pass",
    invoke: "pass",
    result: "pass",
    cache: "pass",
    "other caller": "pass",
    anonymous: "pass",
    "malformed body": "pass",
    "unknown id": "pass",
    "no-store": "pass",
  };

  test("with two callers every check passes: 0", async () => {
    const found = await run({ smoke: true }, { ...as(ALICE), ...as(BOB, "OTHER_") });
    expect({ exitCode: found.exitCode, checks: checks(found) }).toEqual({ exitCode: 0, checks: GOOD });
    // As it is to be seen at AWS, where no header tells.
    expect(found.text).toContain("the second answer holds the first call's id");
  });

  test("without a second caller one check was not made, and it says so: 3", async () => {
    const found = await run({ smoke: true });
    expect({ exitCode: found.exitCode, checks: checks(found) }).toEqual({
      exitCode: 3,
      checks: { ...GOOD, "other caller": "inconclusive" },
    });
    expect(found.text).toContain("not checked: name a second caller by --other-profile");
  });

  test("the second caller being the first one is found: 1", async () => {
    const found = await run({ smoke: true }, { ...as(ALICE), ...as(ALICE, "OTHER_") });
    expect({ exitCode: found.exitCode, checks: checks(found) }).toEqual({
      exitCode: 1,
      checks: { ...GOOD, "other caller": "fail" },
    });
  });

  test("a caller with wrong keys is refused, and the checklist fails: 1", async () => {
    const found = await run({ smoke: true }, as({ ...ALICE, secretAccessKey: "guess" }));
    expect({ exitCode: found.exitCode, checks: checks(found) }).toMatchObject({
      exitCode: 1,
      checks: { health: "pass", invoke: "fail", result: "error" },
    });
    expect(found.text).toContain("403 invalid_signature; expected 202 with a request_id");
  });

  test("--url says where to ask, as of a local run, whose output api_endpoint leads to AWS", async () => {
    const elsewhere = stateFile({ api_endpoint: "http://127.0.0.1:9/live" });
    const found = await run({ smoke: true, state: elsewhere, url: runtime.url });
    expect(checks(found)).toEqual({ ...GOOD, "other caller": "inconclusive" });
    await expect(run({ smoke: true, url: "mars" })).rejects.toThrow('--url is "mars"; allowed: the URL of the API');
    await expect(run({ url: runtime.url })).rejects.toThrow("--url was given without --smoke");
  });

  test("an endpoint where nobody listens was not asked: 2", async () => {
    const found = await run({ smoke: true, state: stateFile({ api_endpoint: "http://127.0.0.1:9/live" }) });
    expect({ exitCode: found.exitCode, checks: new Set(Object.values(checks(found))) }).toEqual({
      exitCode: 2,
      checks: new Set(["error"]),
    });
    expect(found.text).toContain("not tried, because health got no answer");
  });
});

describe("from the emulator's CloudWatch", () => {
  /** What an alarm of the applied stack would see too: the names are the outputs'. */
  async function put(values: { errors: number; runs: number; failed: number }) {
    const { outputs } = (state as { values: { outputs: Outputs } }).values;
    const text = (name: string) => String(outputs[name]?.value);
    const client = new CloudWatchClient({
      region: "us-east-1",
      endpoint: stack.emulator.endpoint,
      credentials: { accessKeyId: "local", secretAccessKey: "local" },
    });
    const timeoutSeconds = Number((outputs["settings"]?.value as Record<string, unknown>)["timeout"]);
    const at = new Date(Date.now() - (timeoutSeconds + 120 + 300) * 1_000);
    const metric = (name: string, value: number, dimensions: Record<string, string>) => ({
      MetricName: name,
      Value: value,
      Timestamp: at,
      Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
    });
    const worker = { FunctionName: text("worker_function_name") };
    await client.send(
      new PutMetricDataCommand({
        Namespace: "AWS/Lambda",
        MetricData: [metric("Errors", values.errors, worker), metric("Invocations", values.runs, worker)],
      }),
    );
    const outcomes = Array.from({ length: values.runs }, (_, index) =>
      metric("RequestFailed", index < values.failed ? 1 : 0, { Deployment: text("deployment_name") }),
    );
    await client.send(new PutMetricDataCommand({ Namespace: "Quickturn", MetricData: outcomes }));
    client.destroy();
  }
  const ONLY = ["error_rate", "failed_requests", "cache_hit_rate", "concurrent_capacity", "worker_errors"];
  const kpis = ({ json }: { json: unknown }) =>
    Object.fromEntries(
      (json as GateVerdict).kpis.map(({ name, verdict, value, samples }) => [name, { verdict, value, samples }]),
    );

  test("without metrics it does not know: 3", async () => expect((await run({ only: ONLY })).exitCode).toBe(3));

  test("good ones pass, what was saved says the same without AWS, and more failures fail: 0, then 1", async () => {
    await put({ errors: 0, runs: 60, failed: 0 });
    const save = join(stack.folder, "evidence.json");
    const good = await run({ only: ["error_rate", "failed_requests", "concurrent_capacity", "worker_errors"], save });
    expect({ exitCode: good.exitCode, kpis: kpis(good) }).toEqual({
      exitCode: 0,
      kpis: {
        error_rate: { verdict: "pass", value: 0, samples: 60 },
        failed_requests: { verdict: "pass", value: 0, samples: 60 },
        concurrent_capacity: { verdict: "pass", value: 50, samples: null },
        worker_errors: { verdict: "shown", value: 0, samples: null },
      },
    });
    expect(JSON.stringify((await verify(context({}), { only: [], smoke: false, replay: save })).json)).toBe(
      JSON.stringify(good.json),
    );
    await put({ errors: 9, runs: 60, failed: 12 });
    const bad = await run({ only: ONLY });
    expect({ exitCode: bad.exitCode, kpis: kpis(bad) }).toMatchObject({
      exitCode: 1,
      kpis: {
        error_rate: { verdict: "fail", value: 7.5, samples: 120 },
        failed_requests: { verdict: "fail", value: 10, samples: 120 },
        cache_hit_rate: { verdict: "inconclusive", value: null },
      },
    });
  });

  test("metrics that it does not serve are an error with CloudWatch's words and the permission it takes: 2", async () => {
    expect(
      await run({ only: ["error_rate"] }, { ...as(ALICE), AWS_ENDPOINT_URL_CLOUDWATCH: "http://127.0.0.1:9" }),
    ).toMatchObject({
      exitCode: 2,
      text: expect.stringContaining("It takes credentials with cloudwatch:GetMetricData.") as unknown,
    });
  });
});

describe("from the metrics of what ran", () => {
  const WANTED = [
    "error_rate",
    "execution_time",
    "failed_requests",
    "cost_per_request",
    "cold_start_rate",
    "memory",
    "cache_hit_rate",
    "api_5xx_rate",
    "api_latency_p99",
    "concurrent_capacity",
  ];
  const kpis = ({ json }: { json: unknown }) =>
    Object.fromEntries((json as GateVerdict).kpis.map(({ name, verdict, samples }) => [name, { verdict, samples }]));
  const MINUTE_MS = 60_000;
  /** The next whole minute: a window begins with one. */
  async function nextMinute(): Promise<string> {
    const atMs = Math.ceil(time.nowMs() / MINUTE_MS) * MINUTE_MS;
    await time.sleep(atMs - time.nowMs());
    return new Date(atMs).toISOString();
  }
  const worked = () => runtime.statistics().functions["quickturn-dev-worker"]!.invocations;
  /** The verdict, once the window holds all that has run: a time-out, two minutes and the minute itself later. */
  async function judge(since: string, runs: number) {
    // A request has ended a moment before the invocation that ran it.
    await until(`${runs} runs have ended`, () => worked() >= runs);
    await time.sleep(30_000 + 2 * MINUTE_MS + MINUTE_MS);
    return verify(
      context({
        ...as(ALICE),
        AWS_ENDPOINT_URL_CLOUDWATCH: runtime.metricsUrl!,
        AWS_ENDPOINT_URL_LAMBDA: runtime.metricsUrl!,
      }),
      { only: [], smoke: false, state: stateFile(), window: "2h", since },
      time,
    );
  }

  /** Requests of four callers at once, each polled until its end and often after it. @returns how they ended */
  async function load(requests: number, pollsAfterEnd: number): Promise<Record<string, number>> {
    const client = new AgentApiClient(runtime.url, "us-east-1", ALICE);
    const ended: Record<string, number> = {};
    const one = async (prompt: string) => {
      const { request_id: id } = (await client.invoke(prompt)).body as { request_id: string };
      let status = "";
      while (!["completed", "failed"].includes(status)) {
        await new Promise((resolve) => setTimeout(resolve, 200));
        status = ((await client.status(id)).body as { status: string }).status;
      }
      for (let poll = 0; poll < pollsAfterEnd; poll++) await client.status(id);
      ended[status] = (ended[status] ?? 0) + 1;
    };
    const caller = async (name: number) => {
      for (let number = 0; number < requests / 4; number++) await one(`${name} asks for ${number}`);
    };
    await Promise.all([0, 1, 2, 3].map(caller));
    return ended;
  }

  test("a good deployment passes every KPI that has a target, percentiles and ranks too: 0", async () => {
    const [since, before] = [await nextMinute(), worked()];
    expect(await load(60, 20)).toEqual({ completed: 60 });
    const good = await judge(since, before + 60);
    expect({ exitCode: good.exitCode, text: good.text }).toEqual({
      exitCode: 0,
      text: expect.stringContaining("quickturn verify: pass") as unknown,
    });
    expect(kpis(good)).toMatchObject(Object.fromEntries(WANTED.map((name) => [name, { verdict: "pass" }])));
    expect(kpis(good)).toMatchObject({
      error_rate: { samples: 60 },
      execution_time: { samples: 60 },
      failed_requests: { samples: 60 },
      sweeps: { verdict: "shown" },
    });
  });

  test("the dashboard is drawn from the same metrics: what is reckoned from them, and each agent's own", async () => {
    const shown = join(stack.folder, "shown.json");
    writeFileSync(shown, JSON.stringify(state));
    const { json } = await dashboard(context({ ...as(ALICE), AWS_ENDPOINT_URL_CLOUDWATCH: runtime.metricsUrl! }), {
      html: join(stack.folder, "dashboard.html"),
      state: shown,
      end: new Date(time.nowMs()).toISOString(),
    });
    const { charts } = json as { charts: { title: string; series: { label: string; maximum: number }[] }[] };
    const series = (title: string) => charts.find((chart) => chart.title === title)?.series;
    expect(series("Worker error rate (percent)")).toMatchObject([{ maximum: 0 }]);
    expect(series("Agents' durations, P95 (ms)")).toMatchObject([{ label: "fast" }]);
  });

  test("one whose agents fail does not: 1", async () => {
    await runtime.beforeApply();
    await stack.flip([`agents=${JSON.stringify(agents("20ms !broken"))}`]);
    await runtime.reload(await stack.terraform.show());
    const [since, before] = [await nextMinute(), worked()];
    expect(await load(24, 0)).toEqual({ failed: 24 });
    const bad = await judge(since, before + 24);
    // A handled failure is none of the function's: only the handlers' own metric tells it.
    expect({ exitCode: bad.exitCode, kpis: kpis(bad) }).toMatchObject({
      exitCode: 1,
      kpis: { failed_requests: { verdict: "fail", samples: 24 }, execution_time: { verdict: "pass" } },
    });
  });
});
