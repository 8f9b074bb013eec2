import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { connectSqs } from "../../handlers/aws/json-service";
import { readMessage, type WorkMessage, sqsWorkQueue } from "../../handlers/requests/work-queue";
import { dynamodbRequests } from "../../handlers/requests/dynamodb-requests";
import { s3Results } from "../../handlers/requests/results";
import { emulate, partsFor, type Emulated } from "../handlers/emulated";
import { DEADLINE_MS, never, NOW_MS, REQUEST_ID } from "../handlers/fixtures";
import { testRequests, testRequestTable } from "../handlers/requests/request-cases";
import { testBucket, testResults } from "../handlers/requests/result-cases";
import { storesIn, testSessions, testSessionTable } from "../handlers/requests/session-cases";
import { openEmulated, TABLES, type Database } from "../handlers/requests/tables";

let emulated: Emulated;
let database: Database;
let s3: S3Client;
let sqs: SQSClient;

beforeAll(async () => {
  emulated = await emulate();
  database = await openEmulated(emulated);
  s3 = new S3Client(emulated.configuration);
  sqs = new SQSClient(emulated.configuration);
  await s3.send(new CreateBucketCommand({ Bucket: "results" }));
});

afterAll(async () => {
  await database?.close();
  for (const client of [s3, sqs]) client?.destroy();
  await emulated?.stop();
});

// No races: the emulator updates items without a lock, which DynamoDB does not.
describe("requests", () => testRequests(() => dynamodbRequests(database.dynamodb, TABLES)));
describe("the table of requests", () => testRequestTable(() => database));

describe("sessions", () => testSessions(() => storesIn(database)));
describe("the table of sessions", () => testSessionTable(() => database));

const inBucket = (bucket: string) => s3Results(async () => s3, bucket);
describe("results", () => testResults(() => inBucket("results")));
describe("the bucket of results", () => testBucket(inBucket));

describe("the queue of work", () => {
  const MESSAGE: WorkMessage = { requestId: REQUEST_ID, deadlineMs: NOW_MS + DEADLINE_MS, hops: 3 };
  const open = (url: string) => sqsWorkQueue(connectSqs(partsFor(emulated.configuration.endpoint), url), url);
  const create = async (name: string) => (await sqs.send(new CreateQueueCommand({ QueueName: name }))).QueueUrl ?? "";
  const receive = async (url: string) =>
    (await sqs.send(new ReceiveMessageCommand({ QueueUrl: url, VisibilityTimeout: 600 }))).Messages?.[0];

  test("gives back what was sent, counts what waits, and answers its check", async () => {
    const url = await create("work");
    await open(url).send(MESSAGE);
    expect(await open(url).waiting()).toBe(1);
    expect(readMessage((await receive(url))?.Body ?? "")).toEqual(MESSAGE);
    expect(await open(url).waiting()).toBe(0);
    await expect(open(url).check(never)).resolves.toBeUndefined();
  });

  test("has a message that is delayed for no time at all there again at once", async () => {
    const url = await create("delayed");
    await open(url).send(MESSAGE);
    const receipt = (await receive(url))?.ReceiptHandle ?? "";
    expect(await receive(url)).toBeUndefined();
    await open(url).delay(receipt, 0);
    expect(await receive(url)).toBeDefined();
  });

  test("that is not there fails its check", async () => {
    await expect(open(`${await create("gone")}-gone`).check(never)).rejects.toThrow(/does not exist/);
  });
});
