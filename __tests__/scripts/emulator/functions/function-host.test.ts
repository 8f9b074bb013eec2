import { readFileSync } from "node:fs";
import { join } from "node:path";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { readAliases, readFunctions } from "../../../../scripts/emulator/applied/functions";
import { CodeStore, FunctionVersions } from "../../../../scripts/emulator/functions/function-versions";
import { FunctionHost, type FunctionEnvironment } from "../../../../scripts/emulator/functions/function-host";
import { State } from "../../../../scripts/emulator/applied/applied";
import { StatisticsRecorder } from "../../../../scripts/emulator/statistics";
import {
  folder,
  functionArn,
  holdTimers,
  isAlive,
  lambda,
  LONGEST_SECONDS,
  NOWHERE,
  REGION,
  state,
  until,
  type FunctionFixture,
} from "../fixtures";

const ARN = functionArn("api");
let directory: string;
let host: FunctionHost | undefined;
let statistics: StatisticsRecorder;

beforeEach(() => {
  directory = folder();
  statistics = new StatisticsRecorder();
});

afterEach(() => {
  jest.useRealTimers();
  return host?.stop();
});

async function start(fixture: FunctionFixture): Promise<FunctionHost> {
  const applied = State.parse(state(lambda(directory, fixture)));
  const code = new CodeStore(join(directory, "code"), directory);
  for (const each of readFunctions(applied)) code.keep(each);
  const versions = await FunctionVersions.load(
    readFunctions(applied),
    readAliases(applied),
    new LambdaClient({ endpoint: NOWHERE, region: REGION }),
  );
  host = new FunctionHost(
    {
      environment: process.env,
      region: REGION,
      endpoint: NOWHERE,
      workDirectory: directory,
      code,
      statistics,
      random: () => 0.5,
      warn: () => undefined,
    },
    versions,
  );
  return host;
}

function log(): string {
  return readFileSync(join(directory, "logs", "api.log"), "utf8");
}

async function answer(payload: unknown = {}): Promise<unknown> {
  const result = await host!.invoke(ARN, JSON.stringify(payload));
  if (!("payload" in result)) throw new Error(`no payload: ${result.kind}`);
  return JSON.parse(result.payload);
}

test("a function runs on the applied Node version, from ESM and from CommonJS", async () => {
  await start({ code: `export const handler = async () => process.versions.node.split(".")[0];` });
  expect(await answer()).toBe("22");
  await host!.stop();
  await start({
    code: `exports.handler = (event, context, callback) =>
      callback(null, { got: event.x, name: context.functionName });`,
    file: "index.js",
  });
  expect(await answer({ x: 1 })).toEqual({ got: 1, name: "api" });
});

test("its environment is what was applied and what Lambda sets, and nothing of this process", async () => {
  process.env.QUICKTURN_CANARY = "leak";
  try {
    await start({
      code: `export const handler = async () => process.env;`,
      environment: { TABLE: "t1" },
      memory_size: 256,
    });
    const environment = (await answer()) as Record<string, string>;
    expect(JSON.stringify(environment)).not.toContain("leak");
    expect(Object.keys(environment).sort()).toEqual([
      "AWS_ACCESS_KEY_ID",
      "AWS_DEFAULT_REGION",
      "AWS_EC2_METADATA_DISABLED",
      "AWS_ENDPOINT_URL",
      "AWS_EXECUTION_ENV",
      "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
      "AWS_LAMBDA_FUNCTION_NAME",
      "AWS_LAMBDA_FUNCTION_VERSION",
      "AWS_LAMBDA_INITIALIZATION_TYPE",
      "AWS_LAMBDA_LOG_GROUP_NAME",
      "AWS_LAMBDA_LOG_STREAM_NAME",
      "AWS_LAMBDA_RUNTIME_API",
      "AWS_REGION",
      "AWS_SECRET_ACCESS_KEY",
      "AWS_SESSION_TOKEN",
      "LAMBDA_TASK_ROOT",
      "PATH",
      "TABLE",
      "TZ",
      "_HANDLER",
      "_X_AMZN_TRACE_ID",
    ]);
    expect(environment).toMatchObject({
      TABLE: "t1",
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "256",
      AWS_LAMBDA_FUNCTION_VERSION: "1",
      AWS_ENDPOINT_URL: NOWHERE,
      TZ: ":UTC",
    });
  } finally {
    delete process.env.QUICKTURN_CANARY;
  }
});

test("a function past its time-out is killed, and the next invocation starts anew", async () => {
  await start({
    code: `export const handler = async (event) => {
      if (event.hang) { console.log("hangs"); await new Promise(() => setInterval(() => undefined, 1_000)); }
      return "ok";
    };`,
  });
  holdTimers();
  const pending = host!.invoke(ARN, '{"hang":true}');
  await until(() => log().includes("hangs"));
  const [{ pid }] = host!.environments as [FunctionEnvironment];
  const held = jest.getTimerCount();
  jest.advanceTimersByTime(LONGEST_SECONDS * 1_000 - 1);
  expect([jest.getTimerCount(), isAlive(pid)]).toEqual([held, true]);
  jest.advanceTimersByTime(1);
  const result = await pending;
  expect(result).toMatchObject({ kind: "error" });
  expect((result as { payload: string }).payload).toMatch(/"Sandbox\.Timedout".*Task timed out after 900\.00 seconds/);
  expect(isAlive(pid)).toBe(false);
  expect(await answer()).toBe("ok");
  expect(statistics.snapshot().functions.api).toMatchObject({ coldStarts: 2, invocations: 2, errors: 1 });
  expect(log()).toContain("Task timed out after 900.00 seconds");
});

test("the remaining time counts down from the applied time-out", async () => {
  await start({
    code: `export const handler = async (event, context) => ({
      earliest: Date.now(), remaining: context.getRemainingTimeInMillis(), latest: Date.now(),
    });`,
    timeout: 30,
  });
  const before = Date.now();
  const { earliest, remaining, latest } = (await answer()) as { earliest: number; remaining: number; latest: number };
  // The deadline is 30 s after the delivery, which is between the call and the first line of the handler.
  expect(latest + remaining).toBeGreaterThanOrEqual(before + 30_000);
  expect(remaining).toBeLessThanOrEqual(30_000);
  expect(earliest).toBeGreaterThanOrEqual(before);
});

test("an environment is frozen between invocations and keeps its memory", async () => {
  await start({
    code: `let calls = 0; setInterval(() => undefined, 5); export const handler = async () => (calls += 1);`,
  });
  expect(await answer()).toBe(1);
  await until(() => readFileSync(`/proc/${host!.environments[0]!.pid}/stat`, "utf8").split(" ")[2] === "T");
  expect(await answer()).toBe(2);
  expect(statistics.snapshot().functions.api).toMatchObject({ coldStarts: 1, invocations: 2, maxConcurrency: 1 });
});

test("reserved concurrency holds over all invocations at once, and 0 is off", async () => {
  const code = `export const handler = async () => process.pid;`;
  await start({ code, reserved: 2 });
  const results = await Promise.all([1, 2, 3].map(() => host!.invoke(ARN, "{}")));
  expect(results.map(({ kind }) => kind)).toEqual(["answer", "answer", "throttled"]);
  expect(statistics.snapshot().functions.api).toMatchObject({ throttles: 1, maxConcurrency: 2, coldStarts: 2 });
  expect((await host!.invoke(ARN, "{}")).kind).toBe("answer");
  await host!.stop();
  await start({ code, reserved: 0 });
  expect(await host!.invoke(ARN, "{}")).toEqual({ kind: "throttled" });
});

test("an error, a crash and a module that does not load are errors with Lambda's shape", async () => {
  await start({
    code: `export const handler = async (event) => {
      if (event.exit) process.exit(3);
      throw new TypeError("no " + event.what);
    };`,
  });
  expect(await answer({ what: "luck" })).toMatchObject({ errorType: "TypeError", errorMessage: "no luck" });
  expect(await answer({ exit: true })).toMatchObject({
    errorType: "Runtime.ExitError",
    errorMessage: expect.stringContaining("Runtime exited with error: exit status 3") as string,
  });
  await host!.stop();
  await start({ code: `throw new Error("cannot load");` });
  expect(await answer()).toMatchObject({ errorMessage: "cannot load" });
  await host!.stop();
  await start({ code: `export const other = 1;` });
  expect(await answer()).toMatchObject({ errorType: "Runtime.HandlerNotFound" });
});

test("the log holds the function's output and a REPORT line", async () => {
  await start({ code: `export const handler = async () => { console.log("said"); return 1; };`, memory_size: 192 });
  await answer();
  await answer();
  const lines = log()
    .split("\n")
    .filter((line) => line !== "");
  expect(lines.filter((line) => line === "said")).toHaveLength(2);
  const reports = lines.filter((line) => line.startsWith("REPORT"));
  expect(reports[0]).toMatch(
    new RegExp(
      /^REPORT RequestId: [\w-]{36}\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size: 192 MB/.source +
        /\tMax Memory Used: \d+ MB\tInit Duration: [\d.]+ ms\t$/.source,
    ),
  );
  expect(reports[1]).not.toContain("Init Duration");
});

test("an event or an answer above 6 MB is refused", async () => {
  await start({ code: `export const handler = async () => "x".repeat(7 * 1024 * 1024);` });
  expect(await answer()).toMatchObject({ errorType: "Function.ResponseSizeTooLarge" });
  expect(await host!.invoke(ARN, JSON.stringify("x".repeat(7 * 1024 * 1024)))).toEqual({ kind: "too-large" });
  expect(await host!.invoke(functionArn("other"), "{}")).toEqual({ kind: "unknown-function" });
});

test("stop ends every environment", async () => {
  await start({ code: `export const handler = async () => undefined;` });
  await Promise.all([1, 2, 3].map(() => host!.invoke(ARN, "{}")));
  const pids = host!.environments.map(({ pid }) => pid);
  expect(pids).toHaveLength(3);
  await host!.stop();
  expect(pids.map(isAlive)).toEqual([false, false, false]);
  expect(await host!.invoke(ARN, "{}")).toEqual({ kind: "unknown-function" });
});
