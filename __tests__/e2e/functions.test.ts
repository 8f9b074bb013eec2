import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { SQSEvent } from "aws-lambda";
import { openFrontDoor, type ApiHandler } from "../../handlers/runtime/api";
import { openSweeper, type SweeperHandler } from "../../handlers/runtime/sweeper";
import { openWorker, type WorkerHandler } from "../../handlers/runtime/worker";
import { awsVariables, emulate, type Emulated } from "../handlers/emulated";
import { createTables } from "../handlers/requests/tables";
import { gatewayEvent, invokeEvent, statusEvent } from "../handlers/fixtures";

const context = { awsRequestId: "lambda-1", getRemainingTimeInMillis: () => 30_000 };
const AWS_VARIABLES = ["AWS_ENDPOINT_URL", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] as const;
const before = Object.fromEntries(AWS_VARIABLES.map((name) => [name, process.env[name]]));

let emulated: Emulated;
let sqs: SQSClient;
let queueUrl: string;
let queueArn: string;
let failedArn: string;
let api: ApiHandler;
let sweeper: SweeperHandler;
let output: string[];

const agent = (name: string, answer: string) => ({
  name,
  kind: "scripted",
  target: `5ms ${answer}`,
  timeout_seconds: 5,
  phases: [1],
});
const common = () => ({
  ...awsVariables(emulated.configuration.endpoint),
  DEPLOYMENT: "test",
  REQUESTS_TABLE: "requests",
  RESULTS_BUCKET: "results",
  QUERY_CACHE_TTL_SECONDS: "60",
});
const workerVariables = (...agents: object[]) => ({
  ...common(),
  AGENTS: JSON.stringify(agents),
  ARBITER: "null",
  AGENT_POLICY: "any",
  AGENT_QUORUM: "0",
  MAX_PARALLEL_AGENTS: "0",
  SESSIONS_TABLE: "sessions",
  WORK_QUEUE_ARN: queueArn,
  WORK_QUEUE_URL: queueUrl,
});
const worker = (...agents: object[]): WorkerHandler => openWorker(workerVariables(...agents));

beforeAll(async () => {
  emulated = await emulate();
  const { endpoint, region } = emulated.configuration;
  // The functions are told of AWS by their process, as on Lambda.
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
  });
  const dynamodb = new DynamoDBClient({});
  await createTables(dynamodb);
  await new S3Client({}).send(new CreateBucketCommand({ Bucket: "results" }));
  sqs = new SQSClient({});
  queueUrl = (await sqs.send(new CreateQueueCommand({ QueueName: "work" }))).QueueUrl ?? "";
  queueArn = "arn:aws:sqs:us-east-1:123456789012:work";
  failedArn = "arn:aws:sqs:us-east-1:123456789012:work-failed";
  api = openFrontDoor({
    ...common(),
    AUTHORIZATION: "none",
    CALLER_QUOTA_PER_DAY: "0",
    ORIGIN_SECRET_SHA256: "",
    REQUEST_RETENTION_DAYS: "1",
    REQUEST_DEADLINE_SECONDS: "3600",
    WORK_QUEUE_URL: queueUrl,
  });
  sweeper = openSweeper({ ...common(), DEAD_LETTER_QUEUE_ARN: failedArn, WORK_QUEUE_URL: queueUrl });
});

afterAll(async () => {
  await emulated?.stop();
  for (const name of AWS_VARIABLES) {
    if (before[name] === undefined) delete process.env[name];
    else process.env[name] = before[name];
  }
});

beforeEach(() => {
  output = [];
  jest.spyOn(process.stdout, "write").mockImplementation((text) => output.push(String(text)) > 0);
});
afterEach(() => jest.restoreAllMocks());

async function received(eventSourceARN = queueArn): Promise<SQSEvent> {
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: queueUrl }));
  const records = Messages.map(({ MessageId, Body }) => ({
    messageId: MessageId,
    eventSource: "aws:sqs",
    eventSourceARN,
    body: Body,
    attributes: {},
  }));
  expect(records).toHaveLength(1);
  return { Records: records } as unknown as SQSEvent;
}

const work = async (handler: WorkerHandler) => handler(await received(), context);
const call = async (...given: Parameters<ApiHandler>) => {
  const response = await api(...given);
  if (!response) throw new Error("The front door gave no answer");
  return response;
};

async function invoke(body: object): Promise<string> {
  const response = await call(invokeEvent(body), context);
  expect(response.statusCode).toBe(202);
  return (JSON.parse(response.body) as { request_id: string }).request_id;
}

async function status(requestId: string) {
  const { statusCode, body } = await call(statusEvent(requestId), context);
  return { statusCode, ...(JSON.parse(body) as { status: string; result?: { answer: string; agents: object[] } }) };
}

test("a request goes from the front door to its answer, and the log tells no words of it", async () => {
  const id = await invoke({ prompt: "canary question", session_id: "talk" });
  expect(await status(id)).toMatchObject({ statusCode: 200, status: "queued" });
  expect(await work(worker(agent("a", "canary answer")))).toEqual({ batchItemFailures: [] });
  expect(await status(id)).toMatchObject({
    statusCode: 200,
    status: "completed",
    session_id: "talk",
    result: { answer: "canary answer" },
  });
  expect(output.join("")).toContain('"event":"finished"');
  expect(output.join("")).not.toContain("canary");
});

test("an answer too large for the table comes back whole", async () => {
  const long = "€".repeat(150_000);
  const id = await invoke({ prompt: "Tell me everything" });
  await work(worker(agent("a", long)));
  expect((await status(id)).result?.answer === long).toBe(true);
});

test("the health of a complete environment is ready", async () => {
  const { statusCode, body } = await call(gatewayEvent({ queryStringParameters: { probe: "readiness" } }), context);
  expect({ statusCode, body: JSON.parse(body) as unknown }).toEqual({
    statusCode: 200,
    body: { status: "ok", ready: true, checks: { requests_table: "ok", work_queue: "ok" } },
  });
});

test("a request that failed for good is ended by the sweeper, and its message is done", async () => {
  const id = await invoke({ prompt: "Tell me" });
  expect(await sweeper(await received(failedArn), context)).toEqual({ batchItemFailures: [] });
  expect(await status(id)).toMatchObject({ statusCode: 200, status: "failed", error: { code: "gave_up" } });
});

test("a sweep finds nothing to do, and says so in one line with its metrics", async () => {
  await sweeper({ quickturn: "sweep" }, context);
  expect(output).toHaveLength(1);
  expect(JSON.parse(output[0] ?? "")).toMatchObject({
    event: "swept",
    requeued: 0,
    RequestsRequeued: 0,
    Deployment: "test",
  });
});

test("a worker that Lambda tells its version and memory tells them in its metrics", async () => {
  const own = openWorker({
    ...workerVariables(agent("a", "x")),
    AWS_LAMBDA_FUNCTION_VERSION: "7",
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "65536",
  });
  await invoke({ prompt: "Tell me" });
  await work(own);
  const line = output
    .map((each) => JSON.parse(each) as { MemoryUsed?: number; _aws?: unknown })
    .find((each) => "JobDuration" in each);
  expect(line).toMatchObject({ Version: "7", RequestFailed: 0 });
  // A test process has some hundred MiB of the 64 GiB.
  expect(line?.MemoryUsed).toBeGreaterThan(0);
  expect(line?.MemoryUsed).toBeLessThan(20);
});

test("a heartbeat calls STS, says so, and leaves the next request warm", async () => {
  const warm = worker(agent("a", "x"));
  await warm({ quickturn: "heartbeat" } as unknown as SQSEvent, context);
  expect(JSON.parse(output[0] ?? "")).toMatchObject({
    event: "heartbeat",
    Function: "worker",
    HeartbeatFailed: 0,
    PoolOpened: 1,
  });
  await invoke({ prompt: "Tell me" });
  await work(warm);
  expect(output.map((line) => JSON.parse(line) as object).find((line) => "JobDuration" in line)).toMatchObject({
    event: "finished",
    ColdStart: 0,
  });
});
