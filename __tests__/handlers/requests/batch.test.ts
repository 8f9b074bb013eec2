import type { SQSEvent } from "aws-lambda";
import {
  batchHandler,
  type BatchParts,
  deadLetterHandler,
  type DeadLetterParts,
} from "../../../handlers/requests/batch";
import { memoryWorkQueue } from "../../support/memory-work-queue";
import { writeMessage } from "../../../handlers/requests/work-queue";
import {
  keepingLog,
  sqsBatch,
  WORK_QUEUE_ARN,
  DEAD_LETTER_QUEUE_ARN,
  newRequest,
  DEADLINE_MS,
  NOW_MS,
  REQUEST_ID,
} from "../fixtures";
import type { NewRequest } from "../../../handlers/requests/requests";
import { memoryRequests } from "../../support/memory-requests";
import { countTime, pass, watched } from "../counted-time";

describe("batch", () => {
  const context = { getRemainingTimeInMillis: () => 60_000 };
  const body = (requestId: string) => writeMessage({ requestId, deadlineMs: NOW_MS + DEADLINE_MS, hops: 0 });
  const batch = (...ids: string[]) => sqsBatch(WORK_QUEUE_ARN, ...ids.map(body));
  const first = (overrides: object) =>
    ({ Records: [{ ...batch("1").Records[0], ...overrides }] }) as unknown as SQSEvent;

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
        [{ requestId: "a", deadlineMs: NOW_MS + DEADLINE_MS, hops: 0 }, 60_000],
        [{ requestId: "b", deadlineMs: NOW_MS + DEADLINE_MS, hops: 0 }, 60_000],
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
    ["no_request_id", { body: '{"version":2}' }],
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
});

describe("dead letters", () => {
  const context = { getRemainingTimeInMillis: () => 50_000 };
  const MESSAGE = writeMessage({ requestId: REQUEST_ID, deadlineMs: NOW_MS + DEADLINE_MS, hops: 0 });
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
  ])(
    "a message that is refused as %s stays for a person, and nothing of it is logged",
    async (code, queueArn, body) => {
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
    },
  );

  test("a message that the store fails for comes back, and the others of its batch are done", async () => {
    const requests = memoryRequests();
    const find = async (id: string) => (id === "broken" ? Promise.reject(new Error("no network")) : requests.find(id));
    const { take, records } = await setUp(undefined, { requests: { ...requests, find } });
    expect(
      await take(
        sqsBatch(
          DEAD_LETTER_QUEUE_ARN,
          writeMessage({ requestId: "broken", deadlineMs: NOW_MS + DEADLINE_MS, hops: 0 }),
          MESSAGE,
        ),
      ),
    ).toEqual(KEPT);
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
});
