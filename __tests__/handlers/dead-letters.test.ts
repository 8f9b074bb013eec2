import type { SQSEvent } from "aws-lambda";
import { deadLetterHandler, type DeadLetterParts } from "../../handlers/dead-letters";
import { writeMessage } from "../../handlers/queue/work-queue";
import type { NewRequest } from "../../handlers/stores/requests";
import { memoryRequests } from "../support/memory-requests";
import { countTime, pass, watched } from "./counted-time";
import {
  DEAD_LETTER_QUEUE_ARN,
  keepingLog,
  newRequest,
  NOW_MS,
  REQUEST_ID,
  sqsBatch,
  WORK_QUEUE_ARN,
} from "./fixtures";

const context = { getRemainingTimeInMillis: () => 50_000 };
const MESSAGE = writeMessage({ requestId: REQUEST_ID, hops: 0 });
const KEPT = { batchItemFailures: [{ itemIdentifier: "1" }] };
const DONE = { batchItemFailures: [] };

async function setUp(request?: Partial<NewRequest>, overrides: Partial<DeadLetterParts> = {}) {
  const { log, records } = keepingLog();
  const requests = memoryRequests();
  if (request) await requests.create(newRequest(request), NOW_MS);
  const handler = deadLetterHandler({
    queueArn: DEAD_LETTER_QUEUE_ARN,
    requests,
    nowMs: () => NOW_MS,
    log,
    ...overrides,
  });
  return {
    requests,
    records,
    find: () => requests.find(REQUEST_ID),
    take: (event = sqsBatch(DEAD_LETTER_QUEUE_ARN, MESSAGE)) => handler(event, context),
  };
}

test("a request that nobody holds fails, so that its owner need not ask for ever", async () => {
  const { take, find, records } = await setUp({});
  expect(await take()).toEqual(DONE);
  expect(await find()).toMatchObject({
    status: "failed",
    failure: { code: "gave_up", message: "The request could not be worked on, after several tries." },
  });
  expect(records).toEqual([
    {
      level: "error",
      event: "dead_letter",
      fields: { message_id: "1", request_id: REQUEST_ID, outcome: "gave_up" },
      measured: [{ metrics: { DeadLetters: 1, RequestsFailed: 1, RequestFailed: 1 } }],
    },
  ]);
});

test("so does one whose worker died, as its lease is out", async () => {
  const { requests, take, find } = await setUp({});
  await requests.claim(REQUEST_ID, { token: "t", nowMs: NOW_MS, leaseUntilMs: NOW_MS - 1 });
  expect(await take()).toEqual(DONE);
  expect(await find()).toMatchObject({ status: "failed", failure: { code: "gave_up" } });
});

test("a request past its deadline expires", async () => {
  const { take, find, records } = await setUp({ deadlineMs: NOW_MS });
  expect(await take()).toEqual(DONE);
  expect(await find()).toMatchObject({ status: "expired", failure: { code: "deadline_passed" } });
  expect(records).toMatchObject([
    { measured: [{ metrics: { DeadLetters: 1, RequestsExpired: 1, RequestFailed: 1 } }] },
  ]);
});

test("a message whose request a worker holds comes back", async () => {
  const { requests, take, find, records } = await setUp({});
  await requests.claim(REQUEST_ID, { token: "t", nowMs: NOW_MS, leaseUntilMs: NOW_MS });
  expect(await take()).toEqual(KEPT);
  expect(await find()).toMatchObject({ status: "processing" });
  expect(records).toMatchObject([
    { level: "info", fields: { outcome: "held" }, measured: [{ metrics: { DeadLetters: 1 } }] },
  ]);
});

test("so does one whose request was moved on just now", async () => {
  const requests = { ...memoryRequests(), close: async () => false };
  await requests.create(newRequest(), NOW_MS);
  const { take, records } = await setUp(undefined, { requests });
  expect(await take()).toEqual(KEPT);
  expect(records).toMatchObject([{ fields: { outcome: "moved_on" } }]);
});

test("a request that has ended stays as it is", async () => {
  const { requests, take, find, records } = await setUp({});
  await requests.close(REQUEST_ID, { status: "completed", nowMs: NOW_MS });
  const before = await find();
  expect(await take()).toEqual(DONE);
  expect(await find()).toEqual(before);
  expect(records).toMatchObject([{ fields: { outcome: "ended_already" } }]);
});

test("a message whose request is not there is done", async () => {
  const { take, records } = await setUp();
  expect(await take()).toEqual(DONE);
  expect(records).toMatchObject([
    { level: "warn", fields: { outcome: "missing" }, measured: [{ metrics: { DeadLetters: 1 } }] },
  ]);
});

test.each([
  ["not_json", DEAD_LETTER_QUEUE_ARN, "{canary"],
  ["unknown_version", DEAD_LETTER_QUEUE_ARN, '{"version":9}'],
  ["wrong_source", WORK_QUEUE_ARN, MESSAGE],
])("a message that is refused as %s stays for a person, and nothing of it is logged", async (code, queueArn, body) => {
  const { take, records } = await setUp({});
  expect(await take(sqsBatch(queueArn, body))).toEqual(KEPT);
  expect(records).toMatchObject([
    {
      level: "error",
      event: "dead_letter_unreadable",
      fields: { message_id: "1", code },
      measured: [{ metrics: { DeadLetters: 1 } }],
    },
  ]);
  expect(JSON.stringify(records)).not.toContain("canary");
});

test("a message that the store fails for comes back, and the others of its batch are done", async () => {
  const requests = memoryRequests();
  const find = async (id: string) => (id === "broken" ? Promise.reject(new Error("no network")) : requests.find(id));
  const { take, records } = await setUp(undefined, { requests: { ...requests, find } });
  expect(await take(sqsBatch(DEAD_LETTER_QUEUE_ARN, writeMessage({ requestId: "broken", hops: 0 }), MESSAGE))).toEqual(
    KEPT,
  );
  expect(records).toMatchObject([
    { level: "error", event: "dead_letter_failed", fields: { message_id: "1", error: { message: "no network" } } },
    { event: "dead_letter", fields: { message_id: "2" } },
  ]);
});

describe("a store that hangs", () => {
  countTime();

  test.each(["find", "close"] as const)("at %s is given up after 5 s, and the message comes back", async (call) => {
    const requests = memoryRequests();
    await requests.create(newRequest(), NOW_MS);
    const { take, records } = await setUp(undefined, {
      requests: { ...requests, [call]: () => new Promise(() => undefined) },
    });
    const taken = take();
    const outcome = watched(taken);
    await pass(4_999);
    expect(outcome.settled).toBe(false);
    await pass(1);
    expect(await taken).toEqual(KEPT);
    expect(records).toMatchObject([{ event: "dead_letter_failed", fields: { error: { name: "TimeoutError" } } }]);
  });
});

test("an event that is no batch is refused as a whole", async () => {
  const { take } = await setUp();
  await expect(take({ quickturn: "sweep" } as unknown as SQSEvent)).rejects.toThrow(
    "The event is not a batch of SQS messages",
  );
});
