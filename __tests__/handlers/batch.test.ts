import type { SQSEvent } from "aws-lambda";
import { batchHandler, type BatchParts } from "../../handlers/batch";
import { writeMessage } from "../../handlers/queue/work-queue";
import { keepingLog } from "./fixtures";

const context = { getRemainingTimeInMillis: () => 60_000 };
const message = (messageId: string, overrides: object = {}) => ({ messageId, eventSource: "aws:sqs", body: writeMessage(messageId), ...overrides });
const batch = (...records: object[]) => ({ Records: records }) as unknown as SQSEvent;

function open(runJob: BatchParts["runJob"]) {
  const kept = keepingLog();
  return { records: kept.records, handler: batchHandler({ runJob, log: kept.log }) };
}

test("messages that are done are not reported, and each is given the time that is left", async () => {
  const runJob = jest.fn(async () => "done" as const);
  expect(await open(runJob).handler(batch(message("1"), message("2")), context)).toEqual({ batchItemFailures: [] });
  expect(runJob.mock.calls).toEqual([["1", 60_000], ["2", 60_000]]);
});

test("of ten messages the poison one is reported, the others are done once", async () => {
  const runJob = jest.fn(async (id: string) => {
    if (id === "4") throw new Error("poison");
    return "done" as const;
  });
  const { handler, records } = open(runJob);
  const messages = Array.from({ length: 10 }, (_, index) => message(String(index)));
  expect(await handler(batch(...messages), context)).toEqual({ batchItemFailures: [{ itemIdentifier: "4" }] });
  expect(runJob).toHaveBeenCalledTimes(10);
  expect(records).toMatchObject([{ event: "job_failed", fields: { message_id: "4", error: { message: "poison" } } }]);
});

test.each(["live", "missing"] as const)("a message whose request is %s comes back", async (outcome) => {
  const { handler, records } = open(async () => outcome);
  expect(await handler(batch(message("1")), context)).toEqual({ batchItemFailures: [{ itemIdentifier: "1" }] });
  expect(records.map(({ event }) => event)).toEqual(outcome === "missing" ? ["request_missing"] : []);
});

test.each([
  ["wrong_source", { eventSource: "aws:sns" }],
  ["wrong_source", { eventSource: undefined }],
  ["not_json", { body: "{canary" }],
  ["not_json", { body: undefined }],
  ["unknown_version", { body: '{"version":2,"request_id":"1"}' }],
  ["no_request_id", { body: '{"version":1}' }],
])("a message is refused as %s where it has %j, and its body is not logged", async (code, overrides) => {
  const runJob = jest.fn();
  const { handler, records } = open(runJob);
  expect(await handler(batch(message("1", overrides)), context)).toEqual({ batchItemFailures: [{ itemIdentifier: "1" }] });
  expect(runJob).not.toHaveBeenCalled();
  expect(records).toMatchObject([{ event: "message_refused", fields: { code, message_id: "1" } }]);
  expect(JSON.stringify(records)).not.toContain("canary");
});

test.each([[{}], [{ Records: "x" }], [{ Records: [null] }], [{ Records: [{ messageId: "" }] }], [{ httpMethod: "POST", body: "{}" }], [null]])(
  "the event %j is no batch, and is refused as a whole",
  async (event) => {
    await expect(open(jest.fn()).handler(event as unknown as SQSEvent, context)).rejects.toThrow("The event is not a batch of SQS messages");
  },
);
