import { LEASE_MS } from "../../../handlers/requests/lease";
import { memoryWorkQueue } from "../../support/memory-work-queue";
import { MAX_HOPS, readMessage } from "../../../handlers/requests/work-queue";
import { memoryRequests } from "../../support/memory-requests";
import { MAX_ATTEMPTS, type DueRequest, type NewRequest, type RequestStore } from "../../../handlers/requests/requests";
import { sweep, type SweepParts } from "../../../handlers/requests/sweep";
import { countTime, pass, watched } from "../counted-time";
import { DEADLINE_MS, keepingLog, newRequest, NOW_MS, REQUEST_ID, settled } from "../fixtures";

const MINUTE_MS = 60_000;
const away = () => Promise.reject(new Error("no network"));

function setUp(overrides: Partial<SweepParts> = {}) {
  const { log, records } = keepingLog();
  const queue = memoryWorkQueue();
  const clock = { nowMs: NOW_MS + MINUTE_MS };
  const parts = { requests: memoryRequests(), queue, nowMs: () => clock.nowMs, log, ...overrides };
  return {
    ...parts,
    clock,
    records,
    swept: () => records.filter(({ event }) => event === "swept").at(-1),
    sent: () => queue.bodies.map(readMessage),
    create: (request: Partial<NewRequest> = {}) => parts.requests.create(newRequest(request), NOW_MS + MINUTE_MS),
    claim: (attempts = 1, leaseUntilMs = NOW_MS + LEASE_MS) => {
      const claims = Array.from(
        { length: attempts },
        (_, index) => () =>
          parts.requests.claim(REQUEST_ID, {
            token: `t${index}`,
            nowMs: NOW_MS + index * (LEASE_MS + 1),
            leaseUntilMs,
          }),
      );
      return claims.reduce<Promise<unknown>>((before, claim) => before.then(claim), Promise.resolve());
    },
    find: () => parts.requests.find(REQUEST_ID),
    run: (remainingMs = 50_000) => sweep(parts, remainingMs),
  };
}

test("with nothing due, the run says so, with every count", async () => {
  const { run, records } = setUp();
  await run();
  expect(records).toEqual([
    {
      level: "info",
      event: "swept",
      fields: { requeued: 0, expired: 0, failed: 0, skipped: 0, errored: 0, finished: true, duration_ms: 0 },
      measured: [{ metrics: { RequestsRequeued: 0, RequestsExpired: 0, RequestsFailed: 0 } }],
    },
  ]);
});

describe("a request that is due", () => {
  test("and was never sent is sent, and marked", async () => {
    const { create, run, sent, find, swept } = setUp();
    await create();
    await run();
    expect(sent()).toEqual([{ requestId: REQUEST_ID, deadlineMs: NOW_MS + DEADLINE_MS, hops: 1 }]);
    expect(await find()).toMatchObject({ status: "queued", sent: true, requeues: 1 });
    expect(swept()).toMatchObject({ fields: { requeued: 1 }, measured: [{ metrics: { RequestsRequeued: 1 } }] });
  });

  test("and was sent, but is claimed by nobody though no message waits, is sent again: the worker that received it died", async () => {
    const { create, requests, run, sent } = setUp();
    await create();
    await requests.markSent(REQUEST_ID);
    await run();
    expect(sent()).toMatchObject([{ requestId: REQUEST_ID, hops: 1 }]);
  });

  test("and was never sent is sent though other messages wait: it has none among them", async () => {
    const queue = memoryWorkQueue(3);
    const { create, run, swept } = setUp({ queue });
    await create();
    await run();
    expect(queue.bodies).toHaveLength(1);
    expect(swept()).toMatchObject({ fields: { requeued: 1 } });
  });

  test("and was sent, and waits its turn behind others, is let be for a while", async () => {
    const queue = memoryWorkQueue(3);
    const { create, requests, run, find, swept, clock } = setUp({ queue });
    await create();
    await requests.markSent(REQUEST_ID);
    await run();
    expect(queue.bodies).toEqual([]);
    expect(swept()).toMatchObject({ fields: { skipped: 1, requeued: 0 } });
    expect(await find()).toMatchObject({ status: "queued", requeues: 1 });
    await run();
    expect(swept()).toMatchObject({ fields: { skipped: 0 } });
    clock.nowMs += MINUTE_MS;
    await run();
    expect(swept()).toMatchObject({ fields: { skipped: 1 } });
  });

  test("and whose worker died is sent to another", async () => {
    const { create, claim, run, sent, find } = setUp();
    await create();
    await claim();
    await run();
    expect(sent()).toMatchObject([{ hops: 1 }]);
    expect(await find()).toMatchObject({ status: "processing", attempt: 1, requeues: 1 });
  });

  test("waits twice as long after each time, up to an hour and never beyond its deadline", async () => {
    const { create, claim, run, clock, sent, requests } = setUp();
    await create({ deadlineMs: NOW_MS + 5 * 3_600_000 });
    await claim();
    const waits: number[] = [];
    const requeue = jest.spyOn(requests, "requeue");
    for (let time = 0; time < 9; time++) {
      await run();
      const nextDueMs = requeue.mock.calls.at(-1)?.[1] ?? 0;
      waits.push((nextDueMs - clock.nowMs) / MINUTE_MS);
      clock.nowMs = nextDueMs;
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
    expect(sent().map(({ hops }) => hops)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    await run();
    expect(requeue.mock.calls.at(-1)?.[1]).toBe(NOW_MS + 5 * 3_600_000);
  });

  test("under a live lease is left alone, though the index shows it still", async () => {
    const stale: RequestStore["due"] = async function* () {
      yield [{ requestId: REQUEST_ID, dueMs: NOW_MS + MINUTE_MS }];
    };
    const { create, claim, run, sent, find, swept } = setUp({ requests: { ...memoryRequests(), due: stale } });
    await create();
    await claim(1, NOW_MS + MINUTE_MS);
    const before = await find();
    await run();
    expect(sent()).toEqual([]);
    expect(await find()).toEqual(before);
    expect(swept()).toMatchObject({ fields: { skipped: 1 } });
  });

  test("past its deadline expires", async () => {
    const { create, run, sent, find, swept, records } = setUp();
    await create({ deadlineMs: NOW_MS + MINUTE_MS });
    await run();
    expect(sent()).toEqual([]);
    expect(await find()).toMatchObject({ status: "expired", failure: { code: "deadline_passed" } });
    expect(swept()).toMatchObject({
      measured: [{ metrics: { RequestsRequeued: 0, RequestsExpired: 1, RequestsFailed: 0 } }],
    });
    expect(records.filter(({ event }) => event === "closed")).toMatchObject([
      { measured: [{ metrics: { RequestFailed: 1 } }] },
    ]);
  });

  test("and was begun as often as it may be fails", async () => {
    const { create, claim, run, sent, find, swept } = setUp();
    await create();
    await claim(MAX_ATTEMPTS, NOW_MS - 1);
    await run();
    expect(sent()).toEqual([]);
    expect(await find()).toMatchObject({
      status: "failed",
      failure: { code: "attempts_exhausted" },
      attempt: MAX_ATTEMPTS,
    });
    expect(swept()).toMatchObject({ measured: [{ metrics: { RequestsFailed: 1 } }] });
  });

  test("and was sent as often as it may be fails", async () => {
    const { create, claim, clock, run, find, swept, sent } = setUp();
    await create({ deadlineMs: NOW_MS + 1_000 * 3_600_000 });
    await claim();
    for (let time = 0; time <= MAX_HOPS; time++) {
      await run();
      clock.nowMs += 3_600_000;
    }
    expect(sent()).toHaveLength(MAX_HOPS);
    expect(await find()).toMatchObject({ status: "failed", failure: { code: "too_many_hops" } });
    expect(swept()).toMatchObject({ measured: [{ metrics: { RequestsFailed: 1 } }] });
  });

  test("and is not there any more, or has ended, is skipped", async () => {
    const requests = memoryRequests();
    const stale: RequestStore["due"] = async function* () {
      yield [
        { requestId: REQUEST_ID, dueMs: NOW_MS },
        { requestId: "gone", dueMs: NOW_MS },
      ];
    };
    const { create, run, sent, swept } = setUp({ requests: { ...requests, due: stale } });
    await create();
    await requests.close(REQUEST_ID, { status: "failed", nowMs: NOW_MS });
    await run();
    expect(sent()).toEqual([]);
    expect(swept()).toMatchObject({ level: "info", fields: { skipped: 2 } });
  });

  test.each([
    ["another sweeper sent again", { requeue: async () => false }, NOW_MS + DEADLINE_MS],
    ["a worker ended just now", { close: async () => false }, NOW_MS],
  ])("that %s is skipped", async (_what, raced, deadlineMs) => {
    const { create, run, sent, swept } = setUp({ requests: { ...memoryRequests(), ...raced } });
    await create({ deadlineMs });
    await run();
    expect(sent()).toEqual([]);
    expect(swept()).toMatchObject({ fields: { skipped: 1 } });
  });
});

describe("failures", () => {
  const many = async (requests: RequestStore, count: number) => {
    for (let index = 0; index < count; index++) await requests.create(newRequest({ requestId: `r${index}` }), NOW_MS);
  };

  test("of the queue stop nothing: each request is logged and counted, and is due again", async () => {
    const { requests, run, records, swept, clock } = setUp({ queue: { send: away, waiting: async () => 0 } });
    await many(requests, 3);
    await run();
    expect(records.filter(({ event }) => event === "sweep_failed").map(({ fields }) => fields["request_id"])).toEqual([
      "r0",
      "r1",
      "r2",
    ]);
    expect(swept()).toMatchObject({ level: "error", fields: { errored: 3, finished: true } });
    const due: DueRequest[] = [];
    for await (const page of requests.due(clock.nowMs + MINUTE_MS)) due.push(...page);
    expect(due).toHaveLength(3);
  });

  test("of one record do not stop the others", async () => {
    const requests = memoryRequests();
    const find = async (id: string) => (id === "r1" ? away() : requests.find(id));
    const { run, sent, swept } = setUp({ requests: { ...requests, find } });
    await many(requests, 3);
    await run();
    expect(sent().map(({ requestId }) => requestId)).toEqual(["r0", "r2"]);
    expect(swept()).toMatchObject({ fields: { requeued: 2, errored: 1 } });
  });

  test("of the index end the run, which is told all the same", async () => {
    const broken: RequestStore["due"] = async function* () {
      yield await away();
    };
    const { run, records, swept } = setUp({ requests: { ...memoryRequests(), due: broken } });
    await run();
    expect(records[0]).toMatchObject({
      level: "error",
      event: "sweep_failed",
      fields: { error: { message: "no network" } },
    });
    expect(swept()).toMatchObject({ level: "error", fields: { errored: 1, finished: false } });
  });
});

test("at most ten requests are dealt with at once", async () => {
  const requests = memoryRequests();
  let running = 0;
  let most = 0;
  const find: RequestStore["find"] = async (id) => {
    most = Math.max(most, ++running);
    await settled();
    running--;
    return requests.find(id);
  };
  for (let index = 0; index < 60; index++) await requests.create(newRequest({ requestId: `r${index}` }), NOW_MS);
  const { run, sent } = setUp({ requests: { ...requests, find } });
  await run();
  expect(most).toBe(10);
  expect(sent()).toHaveLength(60);
});

describe("time", () => {
  countTime();
  /** Pages that never end, of one request each. */
  const endless: RequestStore["due"] = async function* () {
    for (let page = 0; ; page++) yield [{ requestId: `r${page}`, dueMs: NOW_MS }];
  };

  test("a run looks for no more requests 21 s before its own end, and the next one goes on", async () => {
    const requests = memoryRequests();
    const slow: RequestStore["find"] = async (id) => {
      await new Promise((resolve) => setTimeout(resolve, 60));
      return requests.find(id);
    };
    const { run, swept } = setUp({ requests: { ...requests, find: slow, due: endless } });
    const ended = watched(run(22_000));
    await pass(999);
    expect(ended.settled).toBe(false);
    await pass(60);
    expect(ended.settled).toBe(true);
    expect(swept()).toMatchObject({ level: "info", fields: { finished: false } });
  });

  test("a request that is at hand by then is dealt with before the run's own end, however slow its calls are", async () => {
    const slow =
      <Arguments extends unknown[], Answer>(call: (...given: Arguments) => Promise<Answer>) =>
      async (...given: Arguments) => {
        await new Promise((resolve) => setTimeout(resolve, 4_999));
        return call(...given);
      };
    const requests = memoryRequests();
    const queue = memoryWorkQueue();
    await requests.create(newRequest(), NOW_MS + MINUTE_MS);
    const late: RequestStore["due"] = async function* (nowMs) {
      await new Promise((resolve) => setTimeout(resolve, 999));
      yield* requests.due(nowMs);
    };
    const slowly = {
      ...requests,
      due: late,
      find: slow(requests.find),
      requeue: slow(requests.requeue),
      markSent: slow(requests.markSent),
    };
    const { run, swept } = setUp({ requests: slowly, queue: { ...queue, send: slow(queue.send) } });
    const ended = watched(run(22_000));
    await pass(21_999);
    expect(ended.settled).toBe(true);
    expect(queue.bodies).toHaveLength(1);
    expect(swept()).toMatchObject({ fields: { requeued: 1, errored: 0 } });
  });

  test("a call that hangs is given up after 5 s, and its request is counted as an error", async () => {
    const requests = memoryRequests();
    await requests.create(newRequest(), NOW_MS + MINUTE_MS);
    const { run, swept } = setUp({ requests: { ...requests, find: () => new Promise(() => undefined) } });
    const ended = watched(run());
    await pass(4_999);
    expect(ended.settled).toBe(false);
    await pass(1);
    expect(ended.settled).toBe(true);
    expect(swept()).toMatchObject({ level: "error", fields: { errored: 1 } });
  });
});

test("two runs at the same time send each request once", async () => {
  const { requests, run, sent } = setUp();
  for (let index = 0; index < 30; index++) await requests.create(newRequest({ requestId: `r${index}` }), NOW_MS);
  await Promise.all([run(), run()]);
  expect(new Set(sent().map(({ requestId }) => requestId)).size).toBe(30);
  expect(sent()).toHaveLength(30);
});

test.each([-5, 5])(
  "with a clock that is %d minutes off, a request that a worker holds is neither sent nor ended",
  async (minutes) => {
    const { create, claim, clock, run, sent, find } = setUp();
    await create();
    await claim(1, NOW_MS + MINUTE_MS + LEASE_MS);
    clock.nowMs = NOW_MS + MINUTE_MS + minutes * MINUTE_MS;
    await run();
    // To a clock that is ahead the lease is out. Its message does no harm: the worker that reads it looks at its own
    // clock.
    expect(sent()).toHaveLength(minutes > 0 ? 1 : 0);
    expect(await find()).toMatchObject({
      status: "processing",
      attempt: 1,
      leaseUntilMs: NOW_MS + MINUTE_MS + LEASE_MS,
    });
  },
);
