import type { SQSEvent } from "aws-lambda";
import {
  readRecord,
  readRecords,
  writeMessage,
  sqsWorkQueue,
  readMessage,
  type WorkMessage,
} from "../../../handlers/requests/work-queue";
import { REQUEST_ID, sqsBatch, WORK_QUEUE_ARN, DEADLINE_MS, never, NOW_MS } from "../fixtures";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Sqs } from "../../../handlers/aws/json-service";
import { memoryWorkQueue } from "../../support/memory-work-queue";

describe("records", () => {
  const BODY = writeMessage({ requestId: REQUEST_ID, deadlineMs: DEADLINE_MS, hops: 0 });
  const record = (overrides: object) =>
    ({ ...readRecords(sqsBatch(WORK_QUEUE_ARN, BODY))[0], ...overrides }) as ReturnType<typeof readRecords>[number];

  test("the records of a batch are taken as they are", () => {
    expect(readRecords(sqsBatch(WORK_QUEUE_ARN, BODY, "x")).map(({ messageId, body }) => [messageId, body])).toEqual([
      ["1", BODY],
      ["2", "x"],
    ]);
  });

  test.each([
    [{}],
    [{ Records: "x" }],
    [{ Records: [null] }],
    [{ Records: [{ messageId: "" }] }],
    [{ Records: [{ messageId: 7 }] }],
    [{ httpMethod: "POST", body: "{}" }],
    [null],
  ])("the event %j is no batch", (event) => {
    expect(() => readRecords(event as unknown as SQSEvent)).toThrow("The event is not a batch of SQS messages");
  });

  test("a record of the queue gives its message", () => {
    expect(readRecord(record({}), WORK_QUEUE_ARN)).toEqual({
      requestId: REQUEST_ID,
      deadlineMs: DEADLINE_MS,
      hops: 0,
    });
  });

  test.each([
    { eventSource: "aws:sns" },
    { eventSource: undefined },
    { eventSourceARN: `${WORK_QUEUE_ARN}2` },
    { eventSourceARN: undefined },
  ])("a record with %j is refused", (overrides) => {
    expect(() => readRecord(record(overrides), WORK_QUEUE_ARN)).toThrow(
      "The message does not come from the queue that this function works for",
    );
  });
});

describe("work queue", () => {
  const MESSAGE: WorkMessage = { requestId: REQUEST_ID, deadlineMs: NOW_MS + DEADLINE_MS, hops: 3 };

  test("a message comes back as it was written, and tells nothing else", () => {
    expect(JSON.parse(writeMessage(MESSAGE))).toEqual({
      version: 2,
      request_id: REQUEST_ID,
      deadline: "2026-03-01T13:00:00.000Z",
      hops: 3,
    });
    expect(readMessage(writeMessage(MESSAGE))).toEqual(MESSAGE);
  });

  describe("every recorded message", () => {
    const folder = join(__dirname, "messages");
    const written = readdirSync(folder).map((name) => ({
      name,
      ...(JSON.parse(readFileSync(join(folder, name), "utf8")) as { body: string; means: WorkMessage }),
    }));

    test.each(written)("is read: $name", ({ body, means }) => {
      expect(readMessage(body)).toEqual(means);
    });
  });

  test.each([
    ["{", "not_json", "The message is not JSON"],
    ["null", "not_json", "The message is not a JSON object"],
    ['"text"', "not_json", "The message is not a JSON object"],
    ['{"request_id":"a"}', "unknown_version", "The message has a version other than 2"],
    ['{"version":3,"request_id":"a"}', "unknown_version", "The message has a version other than 2"],
    ['{"version":"1","request_id":"a"}', "unknown_version", "The message has a version other than 2"],
    ['{"version":1,"request_id":"a"}', "unknown_version", "The message has a version other than 2"],
    ['{"version":2}', "no_request_id", "The message has no request_id"],
    ['{"version":2,"request_id":"","hops":0}', "no_request_id", "The message has no request_id"],
    ['{"version":2,"request_id":7,"hops":0}', "no_request_id", "The message has no request_id"],
    [
      '{"version":2,"request_id":"a","deadline":"soon","hops":0}',
      "malformed_deadline",
      "The message has no deadline that is an ISO 8601 date",
    ],
    [
      '{"version":2,"request_id":"a","deadline":7,"hops":0}',
      "malformed_deadline",
      "The message has no deadline that is an ISO 8601 date",
    ],
    [
      '{"version":2,"request_id":"a","hops":0}',
      "malformed_deadline",
      "The message has no deadline that is an ISO 8601 date",
    ],
    [
      '{"version":2,"request_id":"a","deadline":"2026-03-01T13:00:00.000Z"}',
      "malformed_hops",
      "The message has no hops that are a whole number from 0",
    ],
    [
      '{"version":2,"request_id":"a","deadline":"2026-03-01T13:00:00.000Z","hops":-1}',
      "malformed_hops",
      "The message has no hops that are a whole number from 0",
    ],
    [
      '{"version":2,"request_id":"a","deadline":"2026-03-01T13:00:00.000Z","hops":"1"}',
      "malformed_hops",
      "The message has no hops that are a whole number from 0",
    ],
  ])("the body %s is refused as %s", (body, code, message) => {
    expect(() => readMessage(body)).toThrow(expect.objectContaining({ code, message }));
  });

  test("in memory, what is sent and what is delayed can be looked at", async () => {
    const memory = memoryWorkQueue(3);
    await memory.send(MESSAGE);
    await memory.delay("receipt", 7);
    expect(memory.bodies.map(readMessage)).toEqual([MESSAGE]);
    expect(memory.delays).toEqual([["receipt", 7]]);
    expect(await memory.waiting()).toBe(3);
  });

  describe("in SQS", () => {
    const URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/work";
    const open = (attributes: Readonly<Record<string, string>> = {}) => {
      const sqs = jest.fn(async () => ({ Attributes: attributes }));
      return { sqs, queue: sqsWorkQueue(sqs as unknown as Sqs, URL) };
    };

    test("what is sent is a message of the request", async () => {
      const { sqs, queue } = open();
      await queue.send(MESSAGE, never);
      expect(sqs.mock.calls).toEqual([["SendMessage", { QueueUrl: URL, MessageBody: writeMessage(MESSAGE) }, never]]);
    });

    test("a message is delayed by its receipt, for as many seconds as are asked for", async () => {
      const { sqs, queue } = open();
      await queue.delay("receipt", 7, never);
      expect(sqs.mock.calls).toEqual([
        ["ChangeMessageVisibility", { QueueUrl: URL, ReceiptHandle: "receipt", VisibilityTimeout: 7 }, never],
      ]);
    });

    test("as many messages wait as can be received now", async () => {
      const { sqs, queue } = open({ ApproximateNumberOfMessages: "12" });
      expect(await queue.waiting(never)).toBe(12);
      expect(sqs.mock.calls).toEqual([
        ["GetQueueAttributes", { QueueUrl: URL, AttributeNames: ["ApproximateNumberOfMessages"] }, never],
      ]);
      expect(await open().queue.waiting()).toBe(0);
    });

    test("the check asks the queue, and fails where that fails", async () => {
      const { sqs, queue } = open();
      await queue.check(never);
      expect(sqs).toHaveBeenCalledTimes(1);
      sqs.mockRejectedValueOnce(new Error("The queue does not exist"));
      await expect(queue.check(never)).rejects.toThrow("The queue does not exist");
    });
  });
});
