import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CreateTableCommand, DynamoDBClient, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import {
  CreateAliasCommand,
  CreateFunctionCommand,
  GetAliasCommand,
  GetFunctionConfigurationCommand,
  LambdaClient,
  ListVersionsByFunctionCommand,
  PublishVersionCommand,
  PutFunctionConcurrencyCommand,
  UpdateFunctionConfigurationCommand,
} from "@aws-sdk/client-lambda";
import { SILENT } from "../../scripts/kit/context";
import { seededRandom } from "../../scripts/kit/random";
import { tune } from "../../scripts/tune/tune";
import type { TuneOptions } from "../../scripts/tune/options";
import { startEmulator, type Emulator } from "../../scripts/emulator/moto";
import { deterministicZip } from "../../scripts/kit/files";
import { dynamodbRequests } from "../../handlers/requests/dynamodb-requests";
import { connectTo } from "../handlers/emulated";
import { readRecord, readRecords } from "../../handlers/requests/work-queue";
import { awsCalls } from "../support/aws-call";
import { lambdaStandIn, reportLine, type StandInAnswer, type StoodIn } from "../support/lambda-stand-in";
import { temporaryFolder } from "../support/temporary-folder";

/** The real SDK against an emulator that keeps functions, versions and aliases; running them is a stand-in's part. */

const NAME = "quickturn-test-worker";
const TABLE = "quickturn-test-requests";
const QUEUE_ARN = "arn:aws:sqs:us-east-1:123456789012:quickturn-test-work";
const folder = temporaryFolder("tune-measure");
const credentials = { accessKeyId: "test", secretAccessKey: "test" };
let emulator: Emulator;
let lambda: LambdaClient;
let dynamodb: DynamoDBClient;
let standIn: Awaited<ReturnType<typeof lambdaStandIn>>;
/** Replaced by each test. */
let answer: (invocation: StoodIn, memoryMiB: number, count: number) => Promise<StandInAnswer> | StandInAnswer;

const state = (release: unknown = null) => {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, release === null ? "outputs.json" : "outputs-canary.json");
  const settings = { aws_region: "us-east-1", memory_size: 512, api_memory_size: 512, release };
  const outputs = {
    settings,
    deployment_name: "quickturn-test",
    worker_function_name: NAME,
    api_function_name: NAME,
    requests_table_name: TABLE,
    work_queue_url: "http://127.0.0.1/123456789012/quickturn-test-work",
  };
  writeFileSync(
    path,
    JSON.stringify(Object.fromEntries(Object.entries(outputs).map(([name, value]) => [name, { value }]))),
  );
  return path;
};
const run = (options: Partial<TuneOptions> = {}, signal = new AbortController().signal) =>
  tune(
    {
      projectDirectory: folder,
      environment: {
        AWS_ENDPOINT_URL: emulator.endpoint,
        AWS_ENDPOINT_URL_LAMBDA: standIn.url,
        AWS_ACCESS_KEY_ID: "test",
        AWS_SECRET_ACCESS_KEY: "test",
      },
      progress: SILENT,
      signal,
    },
    {
      function: "worker",
      strategy: "cost",
      prompt: ["Flight EY123 delayed 3 hours", "And EY7?"],
      sizes: "256,512,1024",
      runs: "6",
      seed: 1,
      cleanup: false,
      state: state(),
      ...options,
    },
  );
const there = async () => {
  const { Versions: versions = [] } = await lambda.send(new ListVersionsByFunctionCommand({ FunctionName: NAME }));
  const { MemorySize: memory } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: NAME }));
  const { FunctionVersion: live } = await lambda.send(new GetAliasCommand({ FunctionName: NAME, Name: "live" }));
  return { versions: versions.map(({ Version }) => Version).sort(), memory, live };
};
const AT_REST = { versions: ["$LATEST", "1"], memory: 512, live: "1" };
const requestOf = ({ payload }: StoodIn) => readRecord(readRecords(payload as never)[0]!, QUEUE_ARN).requestId;

/**
 * Calls of Lambda that a tuning makes, beside those that run the function; docs/tune.md tells a person that these are
 * taken.
 */
const CALLED = [
  "DeleteFunction",
  "GetFunction",
  "GetFunctionConcurrency",
  "GetFunctionConfiguration",
  "ListVersionsByFunction",
  "PublishVersion",
  "UpdateFunctionConfiguration",
].map((name) => `lambda:${name}`);

/** What a worker does to its request. */
const end = (requestId: string, status = "completed") =>
  dynamodb.send(
    new UpdateItemCommand({
      TableName: TABLE,
      Key: { request_id: { S: requestId } },
      UpdateExpression: "SET #status = :status",
      ExpressionAttributeNames: { "#status": "status" },
      ExpressionAttributeValues: { ":status": { S: status } },
    }),
  );

beforeAll(async () => {
  emulator = await startEmulator({ directory: folder, env: process.env });
  lambda = new LambdaClient({ region: "us-east-1", endpoint: emulator.endpoint, credentials });
  dynamodb = new DynamoDBClient({ region: "us-east-1", endpoint: emulator.endpoint, credentials });
  const role = new URLSearchParams({
    Action: "CreateRole",
    Version: "2010-05-08",
    RoleName: "test",
    AssumeRolePolicyDocument: JSON.stringify({
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" }],
    }),
  });
  await fetch(emulator.endpoint, {
    method: "POST",
    body: role,
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      authorization:
        "AWS4-HMAC-SHA256 Credential=test/20261121/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=0",
    },
  });
  await lambda.send(
    new CreateFunctionCommand({
      FunctionName: NAME,
      Role: "arn:aws:iam::123456789012:role/test",
      Handler: "index.handler",
      Runtime: "nodejs22.x",
      MemorySize: 512,
      Timeout: 60,
      Publish: true,
      Code: { ZipFile: deterministicZip({ "index.js": new TextEncoder().encode("exports.handler = async () => 1") }) },
    }),
  );
  await lambda.send(new CreateAliasCommand({ FunctionName: NAME, Name: "live", FunctionVersion: "1" }));
  await lambda.send(new PutFunctionConcurrencyCommand({ FunctionName: NAME, ReservedConcurrentExecutions: 4 }));
  await dynamodb.send(
    new CreateTableCommand({
      TableName: TABLE,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: [{ AttributeName: "request_id", AttributeType: "S" }],
      KeySchema: [{ AttributeName: "request_id", KeyType: "HASH" }],
    }),
  );
  standIn = await lambdaStandIn(emulator.endpoint, async (invocation, count) => {
    const { MemorySize: memory = 0 } = await lambda.send(
      new GetFunctionConfigurationCommand({ FunctionName: NAME, Qualifier: invocation.version }),
    );
    return answer(invocation, memory, count);
  });
});
afterAll(async () => {
  // Where the beginning failed, the emulator must end all the same.
  lambda?.destroy();
  dynamodb?.destroy();
  await standIn?.stop();
  await emulator?.stop();
});
beforeEach(() => void standIn.invocations.splice(0));

describe("measuring", () => {
  test("each size runs on a version of its own, in turn, on requests of its own; afterwards all is as it was, and live never moved", async () => {
    const random = seededRandom(4);
    const seen = new Set<string>();
    const live = new Set<string | undefined>();
    answer = async (invocation, memory) => {
      live.add((await there()).live);
      const isCold = !seen.has(invocation.version);
      seen.add(invocation.version);
      // The worker itself finds the request, in its own words.
      const requests = dynamodbRequests(connectTo(emulator.endpoint), { requests: TABLE });
      const record = await requests.find(requestOf(invocation));
      expect(record).toMatchObject({ owner: "quickturn:tune", status: "queued", attempt: 0 });
      expect(
        (
          await requests.claim(requestOf(invocation), {
            token: "t",
            nowMs: Date.now(),
            leaseUntilMs: Date.now() + 1_000,
          })
        ).outcome,
      ).toBe("won");
      await end(requestOf(invocation));
      return {
        tail: `START RequestId: 1 Version: ${invocation.version}\n${reportLine(memory, (900_000 / memory) * (0.97 + 0.06 * random()), isCold ? { initMs: 300 } : {})}\n`,
        payload: { batchItemFailures: [] },
      };
    };
    const saved = join(folder, "runs.jsonl");
    standIn.calls.splice(0);
    const { exitCode, json } = await run({ strategy: "speed", save: saved, concurrency: "2" });
    expect(exitCode).toBe(0);
    expect(json).toMatchObject({
      verdict: "chosen",
      chosenMiB: 1024,
      currentMiB: 512,
      source: NAME,
      sizes: [
        { memoryMiB: 256, cold: 1, warm: 6 },
        { memoryMiB: 512, cold: 1, warm: 6 },
        { memoryMiB: 1024, cold: 1, warm: 6 },
      ],
    });
    expect(standIn.invocations).toHaveLength(21);
    expect([...live]).toEqual(["1"]);
    expect(await there()).toEqual(AT_REST);
    const called = standIn.calls
      .flatMap((call) =>
        awsCalls({
          service: "lambda",
          operation: "",
          method: call.split(" ")[0]!,
          path: call.split(" ")[1]!,
          body: "",
        }),
      )
      .map(({ action }) => action);
    expect([...new Set(called)].sort()).toEqual(CALLED);
    const again = await run({
      state: undefined,
      sizes: undefined,
      runs: undefined,
      prompt: [],
      replay: saved,
      strategy: "speed",
    } as Partial<TuneOptions>);
    expect((again.json as { chosenMiB: number }).chosenMiB).toBe(1024);
  });

  test("a size that fails is asked three times and left out; a request that did not complete is a failed run", async () => {
    answer = async (invocation, memory) => {
      if (memory === 256)
        return {
          tail: reportLine(256, 50, { usedMiB: 256 }),
          error: "Unhandled",
          payload: { errorType: "Runtime.OutOfMemory", errorMessage: "signal: killed" },
        };
      await end(requestOf(invocation), memory === 1024 ? "failed" : "completed");
      return { tail: reportLine(memory, 2_000) };
    };
    const { exitCode, json } = await run();
    expect(exitCode).toBe(3);
    expect(
      (json as { sizes: { runs: number; leftOut: string | null }[] }).sizes.map(({ runs, leftOut }) => [runs, leftOut]),
    ).toEqual([
      [3, "3 of 3 runs failed (Runtime.OutOfMemory: signal: killed); allowed: 10 %, and none for want of memory"],
      [7, null],
      [3, "3 of 3 runs failed (the request is failed); allowed: 10 %, and none for want of memory"],
    ]);
    expect(await there()).toEqual(AT_REST);
  });

  test("throttled runs wait for their turn", async () => {
    answer = async (invocation, memory, count) => {
      if (count === 2) return { tail: "", refusal: { status: 429, type: "TooManyRequestsException" } };
      await end(requestOf(invocation));
      return { tail: reportLine(memory, 1_000 + count) };
    };
    const { json } = await run();
    // One at a time: each size once, then each again.
    expect(new Set(standIn.invocations.slice(4, 7).map(({ version }) => version)).size).toBe(3);
    expect(
      (json as { sizes: { runs: number; failed: number }[] }).sizes.map(({ runs, failed }) => [runs, failed]),
    ).toEqual([
      [7, 0],
      [7, 0],
      [7, 0],
    ]);
    expect(standIn.invocations).toHaveLength(22);
  });

  test("an interrupt in the middle removes everything all the same", async () => {
    const interrupt = new AbortController();
    answer = async (_, memory, count) => {
      if (count === 4) interrupt.abort();
      return { tail: reportLine(memory, 100) };
    };
    await expect(run({}, interrupt.signal)).rejects.toThrow(/abort/i);
    expect(standIn.invocations.length).toBeLessThan(7);
    expect(await there()).toEqual(AT_REST);
  });

  test("an invocation that is refused says what it takes, and removes everything", async () => {
    answer = () => ({ tail: "", refusal: { status: 403, type: "AccessDeniedException" } });
    await expect(run()).rejects.toThrow(
      /^Version \d+ of quickturn-test-worker cannot be invoked \(.*AccessDeniedException.*\)\. It takes lambda:InvokeFunction on its versions/,
    );
    expect(await there()).toEqual(AT_REST);
  });

  test("what a killed tuning left is refused by the next, and --cleanup removes it and nothing else", async () => {
    await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: NAME, MemorySize: 1024 }));
    const { Version: left } = await lambda.send(
      new PublishVersionCommand({ FunctionName: NAME, Description: "quickturn tune, temporary, 1024 MB" }),
    );
    await expect(run()).rejects.toThrow(
      `${NAME} has 1024 MB, 512 MB were applied, and 1 versions of a tuning are there (${left}): one runs, or was killed. Where none runs: quickturn tune --cleanup.`,
    );
    const { text, json } = await run({ cleanup: true });
    expect(text).toBe(`Removed: version ${left} of ${NAME}; its memory is 512 MB, as applied.`);
    expect(json).toEqual({ function: NAME, removed: [left], memory_mb: 512 });
    expect(await there()).toEqual(AT_REST);
    expect((await run({ cleanup: true })).text).toBe(
      `There was no temporary version of ${NAME}; its memory is 512 MB, as applied.`,
    );
  });
});

describe("before anything is published", () => {
  const untouched = async (work: Promise<unknown>, message: string | RegExp) => {
    standIn.calls.splice(0);
    await expect(work).rejects.toThrow(message);
    expect(standIn.calls.filter((call) => !call.startsWith("GET"))).toEqual([]);
  };

  test("runs that could cost more than the budget are refused, with what to lower", () =>
    untouched(
      run({ budgetUsd: "0.005" }),
      /^21 runs \(3 sizes\) of up to 60 s could cost \$0\.0114; allowed: --budget-usd 0\.005\. To lower it give fewer or smaller --sizes, or a shorter timeout of the function; else raise --budget-usd\. Nothing was measured\.$/,
    ));

  test("more at once than is reserved is refused", () =>
    untouched(
      run({ concurrency: "5" }),
      "--concurrency is 5, of 4 executions that are reserved for the function; allowed: up to 4. Live traffic needs its share of them, too.",
    ));

  test("a canary on its way is left alone", async () => {
    const versions = { worker: 1, api: null };
    const canary = {
      started_at: "2026-11-21T12:00:00Z",
      steps: [10, 100],
      step: 0,
      phase: "shift",
      since: "2026-11-21T12:00:00Z",
      interval_seconds: 600,
      deadline_seconds: 7_200,
      on_inconclusive: "rollback",
      only: [],
      max_latency_ratio: 1.25,
      stable: versions,
      candidate: versions,
      provisioned: { worker: null, api: null },
    };
    await untouched(
      run({
        state: state({
          deployment: "quickturn-test",
          serial: 1,
          writer: "w",
          pinned: { worker: null, api: null },
          canary,
          history: [],
        }),
      }),
      /^A canary is on its way since 2026-11-21T12:00:00Z/,
    );
  });
});

test("the front door is measured by events, as often as their weights say; an answer of an error is a failed run", async () => {
  const payload = join(folder, "events.json");
  writeFileSync(payload, JSON.stringify([{ payload: { path: "/health" }, weight: 2 }, { payload: { path: "/bad" } }]));
  answer = (invocation, memory) => ({
    tail: reportLine(memory, 20),
    payload: { statusCode: (invocation.payload as { path: string }).path === "/bad" ? 503 : 200 },
  });
  const { json } = await run({ function: "api", prompt: [], payload, sizes: "256,512", runs: "8" });
  expect(
    standIn.invocations
      .map(({ payload: event }) => (event as { path: string }).path)
      .filter((_, index) => index % 2 === 0),
  ).toEqual(["/health", "/health", "/bad", "/health", "/health", "/bad", "/health", "/health", "/bad"]);
  expect((json as { sizes: { leftOut: string }[] }).sizes[0]!.leftOut).toBe(
    "3 of 9 runs failed (answered 503); allowed: 10 %, and none for want of memory",
  );
  expect(await there()).toEqual(AT_REST);
});
