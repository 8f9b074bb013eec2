import { CloudWatchClient, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { GetAliasCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { canary, type CanaryOptions } from "../../scripts/deploy/canary";
import { metricsJudge, TerraformDeployment, type Judge } from "../../scripts/deploy/canary-target";
import type { CommandContext } from "../../scripts/kit/context";
import { EmulatedStack } from "../support/emulated-stack";

/**
 * The canary as it runs in a pipeline: the real terraform on the whole stack, verdicts from the emulator's CloudWatch.
 * Only time is not real. The emulator knows no percentiles, so two KPIs are judged. In order: each goes on from the one
 * before.
 */

let stack: EmulatedStack;
let project: string;
let nowMs = Math.floor(Date.now() / 60_000) * 60_000 - 6 * 3_600_000;

beforeAll(async () => {
  stack = await EmulatedStack.applied({
    agents: [{ name: "fast", kind: "scripted", target: "100ms here", phases: [1] }],
    timeout: 30,
  });
});
beforeAll(async () => {
  // Version 2 is the one that is live before the first canary.
  await stack.flip([]);
  project = join(stack.folder, "project");
  mkdirSync(project);
});
afterAll(() => stack?.stop());

const aws = () => ({
  region: "us-east-1",
  endpoint: stack.emulator.endpoint,
  credentials: { accessKeyId: "local", secretAccessKey: "local" },
});

async function alias(): Promise<{ live: string; weights: Record<string, number> }> {
  const { FunctionVersion: live = "", RoutingConfig: routing } = await new LambdaClient(aws()).send(
    new GetAliasCommand({ FunctionName: "quickturn-dev-worker", Name: "live" }),
  );
  return { live, weights: routing?.AdditionalVersionWeights ?? {} };
}

/** What a version's runs would have written in a minute: for the alias's version, for the deployment and by version. */
async function ran(version: string, values: { runs: number; failed: number }, atMs: number): Promise<void> {
  // The emulator reads no compressed request.
  const client = new CloudWatchClient({ ...aws(), disableRequestCompression: true });
  const metric = (name: string, value: number, dimensions: Record<string, string>) => ({
    MetricName: name,
    Value: value,
    Timestamp: new Date(atMs),
    Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
  });
  const ofFunction: Record<string, string>[] = [
    { FunctionName: "quickturn-dev-worker" },
    { FunctionName: "quickturn-dev-worker", Resource: "quickturn-dev-worker:live", ExecutedVersion: version },
  ];
  await client.send(
    new PutMetricDataCommand({
      Namespace: "AWS/Lambda",
      MetricData: ofFunction.flatMap((dimensions) => [
        metric("Invocations", values.runs, dimensions),
        metric("Errors", values.failed, dimensions),
      ]),
    }),
  );
  const ofDeployment: Record<string, string>[] = [
    { Deployment: "quickturn-dev" },
    { Deployment: "quickturn-dev", Version: version },
  ];
  const outcomes = Array.from({ length: values.runs }, (_, index) =>
    ofDeployment.map((dimensions) => metric("RequestFailed", index < values.failed ? 1 : 0, dimensions)),
  ).flat();
  await client.send(new PutMetricDataCommand({ Namespace: "Quickturn", MetricData: outcomes }));
  client.destroy();
}

const notes: string[] = [];
const context = (): CommandContext => ({
  projectDirectory: project,
  environment: {
    AWS_ACCESS_KEY_ID: "local",
    AWS_SECRET_ACCESS_KEY: "local",
    AWS_ENDPOINT_URL: stack.emulator.endpoint,
  },
  progress: { step: (_, work) => work(() => undefined), note: (text) => void notes.push(text) },
  signal: new AbortController().signal,
});

const OPTIONS: CanaryOptions = {
  autoApprove: true,
  only: ["error_rate", "failed_requests"],
  interval: "5m",
  deadline: "1h",
  steps: "10,100",
  resume: false,
  abort: false,
  retry: false,
  allowReplace: false,
};

/** @param minute what happens in each minute of the wait */
async function run(options: Partial<CanaryOptions>, minute: (atMs: number) => Promise<void> = async () => undefined) {
  const clock = {
    nowMs: () => nowMs,
    sleep: async (ms: number) => {
      await minute(nowMs);
      nowMs += ms;
    },
  };
  const judge: Judge = metricsJudge(context(), clock);
  return canary(context(), { ...OPTIONS, ...options }, async (given, { vars = [] }) => ({
    clock,
    judge,
    deployment: new TerraformDeployment(stack.terraform, {
      whose: { projectDirectory: project },
      input: { vars, refresh: false },
      progress: given.progress,
    }),
  }));
}
const release = async () =>
  ((await stack.terraform.output())["settings"] as { release: { pinned: object; history: { event: string }[] } })
    .release;

test("a good version is published, has its share, then everything, and nothing is pinned", async () => {
  const shares: unknown[] = [];
  const ended = await run({ vars: ["memory_size=2048"] }, async (atMs) => {
    shares.push(await alias());
    await ran("2", { runs: 30, failed: 0 }, atMs);
    await ran("3", { runs: 20, failed: 0 }, atMs);
  });
  expect({ exitCode: ended.exitCode, text: ended.text }).toEqual({
    exitCode: 0,
    text: expect.stringContaining("Promoted: the new version is live, and nothing is pinned.") as unknown,
  });
  expect(ended.text).toMatch(
    / 0 % {2}worker 2 -> 3 {2}nobody gets the new versions yet\n.* 10 % {2}worker 2 -> 3 {2}the newest version has its share\n.* 10 % .* pass: failed_requests of \d+ samples, error_rate of \d+ samples\n.* 100 % /,
  );
  expect(shares[0]).toEqual({ live: "2", weights: { "3": 0.1 } });
  expect(shares.at(-1)).toEqual({ live: "3", weights: {} });
  expect(await alias()).toEqual({ live: "3", weights: {} });
  expect((await release()).history.map(({ event }) => event)).toEqual(["started", "step", "promoted"]);
  expect(JSON.parse(readFileSync(join(project, "live.tfvars.json"), "utf8"))).toEqual({
    release: expect.anything() as unknown,
  });
});

test("a bad version is rolled back by itself, and pinned away from an apply that knows nothing of it", async () => {
  const ended = await run({ vars: ["memory_size=1024"] }, async (atMs) => {
    await ran("3", { runs: 30, failed: 0 }, atMs);
    await ran("4", { runs: 20, failed: 9 }, atMs);
  });
  expect({ exitCode: ended.exitCode, text: ended.text }).toEqual({
    exitCode: 1,
    text: expect.stringMatching(/Rolled back: fail: .*error_rate: \d+ of \d+ bad, allowed 1 %/) as unknown,
  });
  expect(await alias()).toEqual({ live: "3", weights: {} });
  expect((await release()).pinned).toEqual({ worker: 3, api: null });
  expect(JSON.parse(readFileSync(join(project, "live.tfvars.json"), "utf8"))).toMatchObject({ live_version: 3 });
  // What plain terraform finds in its folder, it heeds.
  expect(existsSync(join(stack.directory, "live.auto.tfvars.json"))).toBe(true);
  await stack.flip(["memory_size=1024"]);
  expect(await alias()).toEqual({ live: "3", weights: {} });
});

test("without metrics it does not decide, and holds; another machine takes it back with nothing but the state", async () => {
  const held = await run({ vars: ["memory_size=3072"], onInconclusive: "hold", deadline: "6m" });
  expect({ exitCode: held.exitCode, text: held.text }).toEqual({
    exitCode: 3,
    text: expect.stringContaining("Not decided in time, and held") as unknown,
  });
  expect(await alias()).toEqual({ live: "3", weights: { "5": 0.1 } });
  rmSync(join(project, "live.tfvars.json"));
  rmSync(join(stack.directory, "live.auto.tfvars.json"));
  const aborted = await run({
    abort: true,
    only: [],
    interval: undefined,
    deadline: undefined,
    steps: undefined,
  } as Partial<CanaryOptions>);
  expect({ exitCode: aborted.exitCode, text: aborted.text }).toEqual({
    exitCode: 0,
    text: expect.stringContaining("Taken back: the stable version is live and pinned.") as unknown,
  });
  expect(await alias()).toEqual({ live: "3", weights: {} });
  // The configuration that was applied stayed: only the alias moved.
  expect(await stack.terraform.output()).toMatchObject({
    newest_version: "5",
    settings: { memory_size: 3072, release: { pinned: { worker: 3 } } },
  });
});
