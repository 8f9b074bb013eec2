import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { SQSEvent } from "aws-lambda";
import type { FrontDoor } from "../../../handlers/front-door";
import type { BatchHandler } from "../../../handlers/batch";
import { openFrontDoor } from "../../../handlers/runtime/api";
import { openWorker } from "../../../handlers/runtime/worker";
import { createTable, emulate, type Emulated } from "../emulated";
import { gatewayEvent, invokeEvent, statusEvent } from "../fixtures";

const context = { awsRequestId: "lambda-1", getRemainingTimeInMillis: () => 30_000 };
const AWS_VARIABLES = ["AWS_ENDPOINT_URL", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] as const;
const before = Object.fromEntries(AWS_VARIABLES.map((name) => [name, process.env[name]]));

let emulated: Emulated;
let sqs: SQSClient;
let queueUrl: string;
let api: FrontDoor;
let output: string[];

const agent = (name: string, answer: string) => ({ name, kind: "scripted", target: `5ms ${answer}`, timeout_seconds: 5, phases: [1] });
const common = { REQUESTS_TABLE: "requests", RESULTS_BUCKET: "results" };
const worker = (...agents: object[]): BatchHandler =>
  openWorker({ ...common, AGENTS: JSON.stringify(agents), MAX_PARALLEL_AGENTS: "0", SESSIONS_TABLE: "sessions" });

beforeAll(async () => {
  emulated = await emulate();
  const { endpoint, region } = emulated.configuration;
  // The functions are told of AWS by their process, as on Lambda.
  Object.assign(process.env, { AWS_ENDPOINT_URL: endpoint, AWS_REGION: region, AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" });
  const dynamodb = new DynamoDBClient({});
  await createTable(dynamodb, "requests", "request_id");
  await createTable(dynamodb, "sessions", "session", "turn");
  await new S3Client({}).send(new CreateBucketCommand({ Bucket: "results" }));
  sqs = new SQSClient({});
  queueUrl = (await sqs.send(new CreateQueueCommand({ QueueName: "work" }))).QueueUrl ?? "";
  api = openFrontDoor({ ...common, AUTHORIZATION: "none", ORIGIN_SECRET_SHA256: "", REQUEST_RETENTION_DAYS: "1", WORK_QUEUE_URL: queueUrl });
}, 90_000);

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

async function work(handler: BatchHandler) {
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: queueUrl }));
  const records = Messages.map(({ MessageId, Body }) => ({ messageId: MessageId, eventSource: "aws:sqs", body: Body }));
  expect(records).toHaveLength(1);
  return handler({ Records: records } as unknown as SQSEvent, context);
}

async function invoke(body: object): Promise<string> {
  const response = await api(invokeEvent(body), context);
  expect(response.statusCode).toBe(202);
  return (JSON.parse(response.body) as { request_id: string }).request_id;
}

async function status(requestId: string) {
  const { statusCode, body } = await api(statusEvent(requestId), context);
  return { statusCode, ...(JSON.parse(body) as { status: string; result?: { answer: string; agents: object[] } }) };
}

test("a request goes from the front door to its answer, and the log tells no words of it", async () => {
  const id = await invoke({ prompt: "canary question", session_id: "talk" });
  expect(await status(id)).toMatchObject({ statusCode: 200, status: "queued" });
  expect(await work(worker(agent("a", "canary answer")))).toEqual({ batchItemFailures: [] });
  expect(await status(id)).toMatchObject({ statusCode: 200, status: "completed", session_id: "talk", result: { answer: "canary answer" } });
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
  const { statusCode, body } = await api(gatewayEvent({ queryStringParameters: { probe: "readiness" } }), context);
  expect({ statusCode, body: JSON.parse(body) as unknown }).toEqual({
    statusCode: 200,
    body: { status: "ok", ready: true, checks: { requests_table: "ok", work_queue: "ok" } },
  });
});
