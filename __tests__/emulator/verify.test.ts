import { CloudWatchClient, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CommandContext } from "../../scripts/commands/context";
import { verify, type VerifyOptions } from "../../scripts/commands/verify";
import type { SmokeReport } from "../../scripts/commands/verify/smoke";
import type { GateVerdict } from "../../scripts/judges/gate/judge";
import { startLocalRuntime, type LocalRuntime } from "../../scripts/local";
import { ALICE, BOB } from "../support/callers";
import { EmulatedStack } from "../support/emulated-stack";

/**
 * One apply: the checklist against the applied stack, served from its zips, and the gate against the emulator's
 * CloudWatch. That one knows no percentiles and no account limits, so what needs them is judged from saved evidence in
 * scripts/commands/verify/verify.test.
 */
jest.setTimeout(300_000);

const AGENTS = [{ name: "fast", kind: "scripted", target: "100ms here", phases: [1] }];

let stack: EmulatedStack;
let runtime: LocalRuntime;
let state: unknown;

beforeAll(async () => {
  stack = await EmulatedStack.start({ agents: AGENTS });
  await stack.flip([]);
  state = await stack.terraform.show();
  runtime = await startLocalRuntime({ state, moduleDirectory: stack.directory, endpoint: stack.emulator.endpoint, region: "us-east-1", callers: [ALICE, BOB], workDirectory: stack.folder });
});
afterAll(async () => {
  await runtime?.stop();
  await stack?.stop();
});

const as = (caller: typeof ALICE, prefix = "") => ({ [`${prefix}AWS_ACCESS_KEY_ID`]: caller.accessKeyId, [`${prefix}AWS_SECRET_ACCESS_KEY`]: caller.secretAccessKey });
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
  writeFileSync(path, JSON.stringify({ ...outputs, api_endpoint: { value: runtime.url }, ...Object.fromEntries(Object.entries(changed).map(([name, value]) => [name, { value }])) }));
  return path;
}
const run = (options: Partial<VerifyOptions>, environment: NodeJS.ProcessEnv = as(ALICE)) => verify(context(environment), { only: [], smoke: false, state: stateFile(), ...options });

describe("--smoke", () => {
  const checks = ({ json }: { json: unknown }) => Object.fromEntries((json as SmokeReport).checks.map(({ name, verdict }) => [name, verdict]));
  const GOOD = { health: "pass", invoke: "pass", result: "pass", cache: "pass", "other caller": "pass", anonymous: "pass", "malformed body": "pass", "unknown id": "pass", "no-store": "pass" };

  test("with two callers every check passes: 0", async () => {
    const found = await run({ smoke: true }, { ...as(ALICE), ...as(BOB, "OTHER_") });
    expect({ exitCode: found.exitCode, checks: checks(found) }).toEqual({ exitCode: 0, checks: GOOD });
    // As it is to be seen at AWS, where no header tells.
    expect(found.text).toContain("the second answer holds the first call's id");
  });

  test("without a second caller one check was not made, and it says so: 3", async () => {
    const found = await run({ smoke: true });
    expect({ exitCode: found.exitCode, checks: checks(found) }).toEqual({ exitCode: 3, checks: { ...GOOD, "other caller": "inconclusive" } });
    expect(found.text).toContain("not checked: name a second caller by --other-profile");
  });

  test("the second caller being the first one is found: 1", async () => {
    const found = await run({ smoke: true }, { ...as(ALICE), ...as(ALICE, "OTHER_") });
    expect({ exitCode: found.exitCode, checks: checks(found) }).toEqual({ exitCode: 1, checks: { ...GOOD, "other caller": "fail" } });
  });

  test("a caller with wrong keys is refused, and the checklist fails: 1", async () => {
    const found = await run({ smoke: true }, as({ ...ALICE, secretAccessKey: "guess" }));
    expect({ exitCode: found.exitCode, checks: checks(found) }).toMatchObject({ exitCode: 1, checks: { health: "pass", invoke: "fail", result: "error" } });
    expect(found.text).toContain("403 invalid_signature; expected 202 with a request_id");
  });

  test("an endpoint where nobody listens was not asked: 2, and at once", async () => {
    const found = await run({ smoke: true, state: stateFile({ api_endpoint: "http://127.0.0.1:9/live" }) });
    expect({ exitCode: found.exitCode, checks: new Set(Object.values(checks(found))) }).toEqual({ exitCode: 2, checks: new Set(["error"]) });
    expect(found.text).toContain("not tried, because health got no answer");
  });
});

describe("from the emulator's CloudWatch", () => {
  /** What an alarm of the applied stack would see too: the names are the outputs'. */
  async function put(values: { errors: number; runs: number; failed: number }) {
    const { outputs } = (state as { values: { outputs: Outputs } }).values;
    const text = (name: string) => String(outputs[name]?.value);
    const client = new CloudWatchClient({ region: "us-east-1", endpoint: stack.emulator.endpoint, credentials: { accessKeyId: "local", secretAccessKey: "local" } });
    const timeoutSeconds = Number((outputs["settings"]?.value as Record<string, unknown>)["timeout"]);
    const at = new Date(Date.now() - (timeoutSeconds + 120 + 300) * 1_000);
    const metric = (name: string, value: number, dimensions: Record<string, string>) => ({ MetricName: name, Value: value, Timestamp: at, Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })) });
    const worker = { FunctionName: text("worker_function_name") };
    await client.send(new PutMetricDataCommand({ Namespace: "AWS/Lambda", MetricData: [metric("Errors", values.errors, worker), metric("Invocations", values.runs, worker)] }));
    const outcomes = Array.from({ length: values.runs }, (_, index) => metric("RequestFailed", index < values.failed ? 1 : 0, { Deployment: text("deployment_name") }));
    await client.send(new PutMetricDataCommand({ Namespace: "Quickturn", MetricData: outcomes }));
    client.destroy();
  }
  const ONLY = ["error_rate", "failed_requests", "cache_hit_rate", "concurrent_capacity", "worker_errors"];
  const kpis = ({ json }: { json: unknown }) => Object.fromEntries((json as GateVerdict).kpis.map(({ name, verdict, value, samples }) => [name, { verdict, value, samples }]));

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
    expect(JSON.stringify((await verify(context({}), { only: [], smoke: false, replay: save })).json)).toBe(JSON.stringify(good.json));
    await put({ errors: 9, runs: 60, failed: 12 });
    const bad = await run({ only: ONLY });
    expect({ exitCode: bad.exitCode, kpis: kpis(bad) }).toMatchObject({
      exitCode: 1,
      kpis: { error_rate: { verdict: "fail", value: 7.5, samples: 120 }, failed_requests: { verdict: "fail", value: 10, samples: 120 }, cache_hit_rate: { verdict: "inconclusive", value: null } },
    });
  });

  test("metrics that it does not serve are an error with CloudWatch's words and the permission it takes: 2", async () => {
    expect(await run({ only: ["error_rate"] }, { ...as(ALICE), AWS_ENDPOINT_URL_CLOUDWATCH: "http://127.0.0.1:9" })).toMatchObject({ exitCode: 2, text: expect.stringContaining("It takes credentials with cloudwatch:GetMetricData.") as unknown });
  });
});
