import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { memoryWorkQueue } from "../../../handlers/queue/memory-work-queue";
import { sqsWorkQueue } from "../../../handlers/queue/sqs-work-queue";
import { readMessage, writeMessage, type WorkQueue } from "../../../handlers/queue/work-queue";
import { emulate, type Emulated } from "../emulated";
import { REQUEST_ID } from "../fixtures";

test("a message comes back as it was written", () => {
  expect(readMessage(writeMessage(REQUEST_ID))).toEqual({ version: 1, request_id: REQUEST_ID });
});

test.each([
  ["{", "not_json", "The message is not JSON"],
  ["null", "not_json", "The message is not a JSON object"],
  ['"text"', "not_json", "The message is not a JSON object"],
  ['{"request_id":"a"}', "unknown_version", "The message has a version other than 1"],
  ['{"version":2,"request_id":"a"}', "unknown_version", "The message has a version other than 1"],
  ['{"version":"1","request_id":"a"}', "unknown_version", "The message has a version other than 1"],
  ['{"version":1}', "no_request_id", "The message has no request_id"],
  ['{"version":1,"request_id":""}', "no_request_id", "The message has no request_id"],
  ['{"version":1,"request_id":7}', "no_request_id", "The message has no request_id"],
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
  const adapters: [string, () => WorkQueue, () => Promise<string | undefined>][] = [
    ["in memory", () => memory, async () => memory.bodies[0]],
    ["in SQS", () => sqsWorkQueue(client, url), async () => (await client.send(new ReceiveMessageCommand({ QueueUrl: url }))).Messages?.[0]?.Body],
  ];

  test.each(adapters)("%s, what is sent is a message of the request, and the check passes", async (_name, open, received) => {
    await open().send(REQUEST_ID);
    expect(readMessage((await received()) ?? "")).toEqual({ version: 1, request_id: REQUEST_ID });
    await expect(open().check(AbortSignal.timeout(5_000))).resolves.toBeUndefined();
  });

  test("the check of a queue that is not there fails", async () => {
    await expect(sqsWorkQueue(client, `${url}-gone`).check(AbortSignal.timeout(5_000))).rejects.toThrow(/does not exist/);
  });
});
