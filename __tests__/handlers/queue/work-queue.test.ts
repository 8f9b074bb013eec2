import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { connectSqs } from "../../../handlers/clients/sqs";
import { memoryWorkQueue } from "../../../handlers/queue/memory-work-queue";
import { sqsWorkQueue } from "../../../handlers/queue/sqs-work-queue";
import { MESSAGE_VERSION, readMessage, writeMessage, type WorkMessage, type WorkQueue } from "../../../handlers/queue/work-queue";
import { emulate, partsFor, type Emulated } from "../emulated";
import { DEADLINE_MS, NOW_MS, REQUEST_ID } from "../fixtures";

const MESSAGE: WorkMessage = { requestId: REQUEST_ID, deadlineMs: NOW_MS + DEADLINE_MS, hops: 3 };

test("a message comes back as it was written, and tells nothing else", () => {
  expect(JSON.parse(writeMessage(MESSAGE))).toEqual({ version: 2, request_id: REQUEST_ID, deadline: "2026-03-01T13:00:00.000Z", hops: 3 });
  expect(readMessage(writeMessage(MESSAGE))).toEqual(MESSAGE);
  expect(readMessage(writeMessage({ requestId: REQUEST_ID, hops: 0 }))).toEqual({ requestId: REQUEST_ID, hops: 0 });
});

describe("every message that a release ever wrote", () => {
  const folder = join(__dirname, "messages");
  const written = readdirSync(folder).map((name) => ({ name, ...(JSON.parse(readFileSync(join(folder, name), "utf8")) as { body: string; means: WorkMessage }) }));

  test.each(written)("is read: $name", ({ body, means }) => {
    expect(readMessage(body)).toEqual(means);
  });

  test("is kept here, up to the version that is written now", () => {
    const versions = written.map(({ body }) => (JSON.parse(body) as { version: number }).version);
    expect([...new Set(versions)].sort()).toEqual(Array.from({ length: MESSAGE_VERSION }, (_, index) => index + 1));
  });
});

test.each([
  ["{", "not_json", "The message is not JSON"],
  ["null", "not_json", "The message is not a JSON object"],
  ['"text"', "not_json", "The message is not a JSON object"],
  ['{"request_id":"a"}', "unknown_version", "The message has a version other than 1 and 2"],
  ['{"version":3,"request_id":"a"}', "unknown_version", "The message has a version other than 1 and 2"],
  ['{"version":"1","request_id":"a"}', "unknown_version", "The message has a version other than 1 and 2"],
  ['{"version":1}', "no_request_id", "The message has no request_id"],
  ['{"version":2,"request_id":"","hops":0}', "no_request_id", "The message has no request_id"],
  ['{"version":2,"request_id":7,"hops":0}', "no_request_id", "The message has no request_id"],
  ['{"version":2,"request_id":"a","deadline":"soon","hops":0}', "malformed_deadline", "The message has a deadline that is no ISO 8601 date"],
  ['{"version":2,"request_id":"a","deadline":7,"hops":0}', "malformed_deadline", "The message has a deadline that is no ISO 8601 date"],
  ['{"version":2,"request_id":"a"}', "malformed_hops", "The message has hops that are no whole number from 0"],
  ['{"version":2,"request_id":"a","hops":-1}', "malformed_hops", "The message has hops that are no whole number from 0"],
  ['{"version":2,"request_id":"a","hops":"1"}', "malformed_hops", "The message has hops that are no whole number from 0"],
])("the body %s is refused as %s", (body, code, message) => {
  expect(() => readMessage(body)).toThrow(expect.objectContaining({ code, message }));
});

describe("queues", () => {
  let emulated: Emulated;
  let client: SQSClient;
  let url = "";

  beforeAll(async () => {
    emulated = await emulate();
    client = new SQSClient(emulated.configuration);
    url = (await client.send(new CreateQueueCommand({ QueueName: "work" }))).QueueUrl ?? "";
  }, 90_000);

  afterAll(async () => {
    client?.destroy();
    await emulated?.stop();
  });

  const memory = memoryWorkQueue();
  const sqs = () => sqsWorkQueue(connectSqs(partsFor(emulated.configuration.endpoint), url), url);
  const receive = async () => (await client.send(new ReceiveMessageCommand({ QueueUrl: url, VisibilityTimeout: 600 }))).Messages?.[0];
  const adapters: [string, () => WorkQueue, () => Promise<string | undefined>][] = [
    ["in memory", () => memory, async () => memory.bodies[0]],
    ["in SQS", sqs, async () => (await receive())?.Body],
  ];

  test.each(adapters)("%s, what is sent is a message of the request, and the check passes", async (_name, open, received) => {
    await open().send(MESSAGE);
    expect(readMessage((await received()) ?? "")).toEqual(MESSAGE);
    await expect(open().check(AbortSignal.timeout(5_000))).resolves.toBeUndefined();
  });

  test("a message that is delayed for no time at all is there again at once", async () => {
    const other = (await client.send(new CreateQueueCommand({ QueueName: "delayed" }))).QueueUrl ?? "";
    const queue = sqsWorkQueue(connectSqs(partsFor(emulated.configuration.endpoint), other), other);
    await queue.send(MESSAGE);
    const take = async () => (await client.send(new ReceiveMessageCommand({ QueueUrl: other, VisibilityTimeout: 600 }))).Messages?.[0]?.ReceiptHandle;
    const receipt = (await take()) ?? "";
    expect(await take()).toBeUndefined();
    await queue.delay(receipt, 0);
    expect(await take()).toBeDefined();
  });

  test("in memory, what is delayed can be looked at", async () => {
    await memory.delay("receipt", 7);
    expect(memory.delays).toEqual([["receipt", 7]]);
  });

  test("the check of a queue that is not there fails", async () => {
    await expect(sqsWorkQueue(connectSqs(partsFor(emulated.configuration.endpoint), url), `${url}-gone`).check(AbortSignal.timeout(5_000))).rejects.toThrow(/does not exist/);
  });
});
