import type { SQSEvent } from "aws-lambda";
import { batchHandler, type BatchParts } from "../../handlers/batch";
import { memoryWorkQueue } from "../support/memory-work-queue";
import { writeMessage } from "../../handlers/queue/work-queue";
import { keepingLog, sqsBatch, WORK_QUEUE_ARN } from "./fixtures";

const context = { getRemainingTimeInMillis: () => 60_000 };
const body = (requestId: string) => writeMessage({ requestId, hops: 0 });
const batch = (...ids: string[]) => sqsBatch(WORK_QUEUE_ARN, ...ids.map(body));
const first = (overrides: object) => ({ Records: [{ ...batch("1").Records[0], ...overrides }] }) as unknown as SQSEvent;

function open(runJob: BatchParts["runJob"], overrides: Partial<BatchParts> = {}) {
  const { log, records } = keepingLog();
  const queue = memoryWorkQueue();
  return {
    records,
    delays: queue.delays,
    handler: batchHandler({ queueArn: WORK_QUEUE_ARN, queue, runJob, random: () => 0.5, log, ...overrides }),
  };
}
const failing = () => Promise.reject(new Error("poison"));

test.each(["done", "lease_lost"] as const)(
  "messages whose jobs are %s are not reported, and each is given the time that is left",
  async (outcome) => {
    const runJob = jest.fn(async () => outcome);
    expect(await open(runJob).handler(batch("a", "b"), context)).toEqual({ batchItemFailures: [] });
    expect(runJob.mock.calls).toEqual([
      [{ requestId: "a", hops: 0 }, 60_000],
      [{ requestId: "b", hops: 0 }, 60_000],
    ]);
  },
);

test("of ten messages the poison one is reported, the others are done once", async () => {
  const runJob = jest.fn(async ({ requestId }: { requestId: string }) =>
    requestId === "r4" ? failing() : ("done" as const),
  );
  const { handler, records, delays } = open(runJob);
  expect(await handler(batch(...Array.from({ length: 10 }, (_, index) => `r${index + 1}`)), context)).toEqual({
    batchItemFailures: [{ itemIdentifier: "4" }],
  });
  expect(runJob).toHaveBeenCalledTimes(10);
  expect(records).toMatchObject([
    { level: "error", event: "job_failed", fields: { message_id: "4", error: { message: "poison" } } },
  ]);
  expect(delays).toEqual([["receipt-4", 5]]);
});

test.each(["live", "missing"] as const)(
  "a message whose request is %s comes back in the queue's own time",
  async (outcome) => {
    const { handler, records, delays } = open(async () => outcome);
    expect(await handler(batch("a"), context)).toEqual({ batchItemFailures: [{ itemIdentifier: "1" }] });
    expect(records.map(({ event }) => event)).toEqual(outcome === "missing" ? ["request_missing"] : []);
    expect(delays).toEqual([]);
  },
);

test.each([
  ["1", 0, 0],
  ["1", 0.999, 9],
  ["3", 0.999, 39],
  ["30", 0.999, 299],
  [undefined, 0.5, 5],
])(
  "a message that failed at receive %s comes back after a random time: of the draw %d, after %d s",
  async (receives, draw, seconds) => {
    const { handler, delays } = open(failing, { random: () => draw });
    await handler(
      first({ attributes: receives === undefined ? undefined : { ApproximateReceiveCount: receives } }),
      context,
    );
    expect(delays).toEqual([["receipt-1", seconds]]);
  },
);

test("a message that cannot be delayed is reported all the same", async () => {
  const queue = { delay: () => Promise.reject(new Error("no network")) };
  const { handler, records } = open(failing, { queue });
  expect(await handler(batch("a"), context)).toEqual({ batchItemFailures: [{ itemIdentifier: "1" }] });
  expect(records).toMatchObject([
    { event: "job_failed" },
    { level: "warn", event: "delay_failed", fields: { message_id: "1", error: { message: "no network" } } },
  ]);
});

test.each([
  ["wrong_source", { eventSource: "aws:sns" }],
  ["wrong_source", { eventSource: undefined }],
  ["wrong_source", { eventSourceARN: "arn:aws:sqs:us-east-1:999999999999:work" }],
  ["not_json", { body: "{canary" }],
  ["not_json", { body: undefined }],
  ["unknown_version", { body: '{"version":3,"request_id":"1"}' }],
  ["no_request_id", { body: '{"version":1}' }],
])("a message is refused as %s where it has %j, and its body is not logged", async (code, overrides) => {
  const runJob = jest.fn();
  const { handler, records, delays } = open(runJob);
  expect(await handler(first(overrides), context)).toEqual({ batchItemFailures: [{ itemIdentifier: "1" }] });
  expect(runJob).not.toHaveBeenCalled();
  expect(records).toMatchObject([{ event: "message_refused", fields: { code, message_id: "1" } }]);
  expect(JSON.stringify(records)).not.toContain("canary");
  expect(delays).toEqual([]);
});

test.each([[{}], [{ Records: [null] }], [{ httpMethod: "POST", body: "{}" }], [null]])(
  "the event %j is no batch, and is refused as a whole",
  async (event) => {
    await expect(open(jest.fn()).handler(event as unknown as SQSEvent, context)).rejects.toThrow(
      "The event is not a batch of SQS messages",
    );
  },
);
