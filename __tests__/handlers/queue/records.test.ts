import type { SQSEvent } from "aws-lambda";
import { messageOf, recordsOf } from "../../../handlers/queue/records";
import { writeMessage } from "../../../handlers/queue/work-queue";
import { REQUEST_ID, sqsBatch, WORK_QUEUE_ARN } from "../fixtures";

const BODY = writeMessage({ requestId: REQUEST_ID, hops: 0 });
const record = (overrides: object) =>
  ({ ...recordsOf(sqsBatch(WORK_QUEUE_ARN, BODY))[0], ...overrides }) as ReturnType<typeof recordsOf>[number];

test("the records of a batch are taken as they are", () => {
  expect(recordsOf(sqsBatch(WORK_QUEUE_ARN, BODY, "x")).map(({ messageId, body }) => [messageId, body])).toEqual([
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
  expect(() => recordsOf(event as unknown as SQSEvent)).toThrow("The event is not a batch of SQS messages");
});

test("a record of the queue gives its message", () => {
  expect(messageOf(record({}), WORK_QUEUE_ARN)).toEqual({ requestId: REQUEST_ID, hops: 0 });
});

test.each([
  { eventSource: "aws:sns" },
  { eventSource: undefined },
  { eventSourceARN: `${WORK_QUEUE_ARN}2` },
  { eventSourceARN: undefined },
])("a record with %j is refused", (overrides) => {
  expect(() => messageOf(record(overrides), WORK_QUEUE_ARN)).toThrow(
    "The message does not come from the queue that this function works for",
  );
});
