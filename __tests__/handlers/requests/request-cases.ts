import { randomUUID } from "node:crypto";
import { GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { dynamodbRequests } from "../../../handlers/requests/dynamodb-requests";
import {
  MAX_ATTEMPTS,
  type Bid,
  type DueRequest,
  type Ending,
  type NewRequest,
  type RequestStore,
} from "../../../handlers/requests/requests";
import { never, NOW_MS } from "../fixtures";
import { accepted, bid, HOUR_MS, TABLES, type Database } from "./tables";

const DUE_MS = NOW_MS + 60_000;
const COMPLETED: Ending = { status: "completed", result: { json: '"done"' }, nowMs: NOW_MS };
const EXPIRED: Ending = {
  status: "expired",
  failure: { code: "deadline_passed", message: "Too late." },
  nowMs: NOW_MS,
};

async function dueIn(store: RequestStore, nowMs: number): Promise<DueRequest[]> {
  const due: DueRequest[] = [];
  for await (const page of store.due(nowMs)) due.push(...page);
  return due;
}

/** When the request is due. */
async function dueOf(store: RequestStore, requestId: string): Promise<number | undefined> {
  for await (const page of store.due(NOW_MS + 1e9)) {
    const due = page.find((each) => each.requestId === requestId);
    if (due) return due.dueMs;
  }
  return undefined;
}

/** What holds for every store of requests. `open` is called in each test. */
export function testRequests(open: () => RequestStore): void {
  let store: RequestStore;
  beforeEach(() => {
    store = open();
  });

  const created = async (overrides: Partial<NewRequest> = {}) => {
    const request = accepted(overrides);
    await store.create(request, DUE_MS);
    return request;
  };
  const claimed = async (overrides: Partial<Bid> = {}) => {
    const claim = await store.claim((await created()).requestId, bid(overrides));
    if (claim.outcome !== "won") throw new Error(`The claim was ${claim.outcome}`);
    return claim.request;
  };

  describe("creating", () => {
    test("a created request is queued, not sent, and found as it was given", async () => {
      const request = accepted();
      expect(await store.create(request, DUE_MS)).toEqual({ outcome: "created" });
      expect(await store.find(request.requestId)).toEqual({
        ...request,
        status: "queued",
        updatedAt: request.createdAt,
        sent: false,
        attempt: 0,
        requeues: 0,
      });
    });

    test("an unknown request is not found", async () => {
      expect(await store.find(randomUUID())).toBeUndefined();
    });

    test("the same write again is created, and changes nothing, even when it was claimed meanwhile", async () => {
      const request = await created();
      await store.claim(request.requestId, bid());
      expect(await store.create(request, DUE_MS)).toEqual({ outcome: "created" });
      expect(await store.find(request.requestId)).toMatchObject({ status: "processing", attempt: 1 });
    });

    test("the same prompt at another moment is a repetition, and is told how far the request is", async () => {
      const request = await created();
      await store.claim(request.requestId, bid());
      const repeated = await store.create({ ...request, createdAt: new Date(NOW_MS + 1).toISOString() }, DUE_MS);
      expect(repeated).toEqual({ outcome: "repeated", request: await store.find(request.requestId) });
    });

    test.each<[string, Partial<NewRequest>]>([
      ["prompt", { prompt: "How wide is it?" }],
      ["session", { sessionId: "other" }],
      ["missing session", { sessionId: undefined }],
      ["owner", { owner: "somebody else" }],
    ])("another %s under the same id is a conflict that tells nothing and changes nothing", async (_what, other) => {
      const request = await created();
      const before = await store.find(request.requestId);
      expect(await store.create({ ...request, ...other }, DUE_MS)).toEqual({ outcome: "conflict" });
      expect(await store.find(request.requestId)).toEqual(before);
    });

    test("an expired request under the same id is written over, whoever had it; one that expires in a second is not", async () => {
      const seconds = NOW_MS / 1000;
      const gone = await created({ owner: "somebody else", expiresAt: seconds });
      await store.claim(gone.requestId, bid());
      expect(await store.create(accepted({ requestId: gone.requestId }), DUE_MS)).toEqual({ outcome: "created" });
      expect(await store.find(gone.requestId)).toMatchObject({ owner: "anonymous", status: "queued", attempt: 0 });
      const there = await created({ owner: "somebody else", expiresAt: seconds + 1 });
      expect(await store.create(accepted({ requestId: there.requestId }), DUE_MS)).toEqual({ outcome: "conflict" });
    });
  });

  describe("withdrawing and sending", () => {
    test("a queued request is withdrawn, and withdrawing it again is no error", async () => {
      const { requestId } = await created();
      expect(await store.withdraw(requestId)).toBe(true);
      expect(await store.find(requestId)).toBeUndefined();
      expect(await store.withdraw(requestId)).toBe(true);
      expect(await dueOf(store, requestId)).toBeUndefined();
    });

    test("a claimed request and one that was sent are not withdrawn", async () => {
      const { requestId } = await claimed();
      expect(await store.withdraw(requestId)).toBe(false);
      const sent = await created();
      await store.markSent(sent.requestId);
      expect(await store.withdraw(sent.requestId)).toBe(false);
      expect(await store.find(sent.requestId)).toMatchObject({ status: "queued", sent: true });
    });

    test("a request that was sent stays due as it was: its message may be received by a worker that dies", async () => {
      const { requestId } = await created();
      expect(await dueOf(store, requestId)).toBe(DUE_MS);
      await store.markSent(requestId);
      expect(await dueOf(store, requestId)).toBe(DUE_MS);
      expect(await store.find(requestId)).toMatchObject({ sent: true });
    });

    test("marking a request that is claimed, ended or not there changes nothing", async () => {
      const { requestId } = await claimed();
      await store.markSent(requestId);
      expect(await store.find(requestId)).toMatchObject({ sent: false });
      expect(await dueOf(store, requestId)).toBe(NOW_MS + 30_000);
      await store.finish({ requestId, attempt: 1 }, COMPLETED);
      await store.markSent(requestId);
      expect(await store.find(requestId)).toMatchObject({ status: "completed", sent: false });
      const unknown = randomUUID();
      await store.markSent(unknown);
      expect(await store.find(unknown)).toBeUndefined();
    });
  });

  describe("claiming", () => {
    test("a claim takes the whole request along, and is due when its lease runs out", async () => {
      const request = await created();
      const claim = await store.claim(request.requestId, bid({ nowMs: NOW_MS + 5 }));
      const updatedAt = new Date(NOW_MS + 5).toISOString();
      const processing = {
        ...request,
        status: "processing",
        sent: false,
        requeues: 0,
        attempt: 1,
        updatedAt,
        leaseUntilMs: NOW_MS + 30_000,
      };
      expect(claim).toEqual({ outcome: "won", request: processing });
      expect(await dueOf(store, request.requestId)).toBe(NOW_MS + 30_000);
    });

    test("a claim that is sent again after its answer got lost is won, and counts once", async () => {
      const { requestId } = await claimed({ token: "mine" });
      expect(await store.claim(requestId, bid({ token: "mine" }))).toMatchObject({
        outcome: "won",
        request: { attempt: 1 },
      });
    });

    test("a live lease holds up to its last millisecond, and is taken over after it", async () => {
      const { requestId } = await claimed({ leaseUntilMs: NOW_MS + 100 });
      expect(await store.claim(requestId, bid({ nowMs: NOW_MS + 100 }))).toEqual({ outcome: "live" });
      expect(await store.claim(requestId, bid({ nowMs: NOW_MS + 101 }))).toMatchObject({
        outcome: "won",
        request: { attempt: 2 },
      });
    });

    test("a request is claimed up to its deadline's last millisecond", async () => {
      const { requestId, deadlineMs } = await created();
      expect(await store.claim(requestId, bid({ nowMs: deadlineMs }))).toEqual({ outcome: "overdue" });
      expect(await store.claim(requestId, bid({ nowMs: deadlineMs - 1 }))).toMatchObject({ outcome: "won" });
    });

    test("a request is begun as often as is allowed and no oftener", async () => {
      const { requestId } = await created();
      const outcomes: string[] = [];
      for (let nowMs = NOW_MS; outcomes.length <= MAX_ATTEMPTS; nowMs += 2)
        outcomes.push((await store.claim(requestId, bid({ nowMs, leaseUntilMs: nowMs + 1 }))).outcome);
      expect(outcomes).toEqual([...Array<string>(MAX_ATTEMPTS).fill("won"), "exhausted"]);
    });

    test("a lease that holds is told before the deadline that passed", async () => {
      const { requestId, deadlineMs } = await claimed({ leaseUntilMs: NOW_MS + 2 * HOUR_MS });
      expect(await store.claim(requestId, bid({ nowMs: deadlineMs }))).toEqual({ outcome: "live" });
      expect(await store.claim(requestId, bid({ nowMs: NOW_MS + 3 * HOUR_MS }))).toEqual({ outcome: "overdue" });
    });

    test("a claim of an unknown request is missing", async () => {
      expect(await store.claim(randomUUID(), bid())).toEqual({ outcome: "missing" });
    });
  });

  describe("renewing", () => {
    test("a lease is extended, and the request is due at its new end", async () => {
      const { requestId } = await claimed();
      expect(await store.renew({ requestId, attempt: 1 }, NOW_MS + 40_000)).toBe(true);
      expect(await store.find(requestId)).toMatchObject({ leaseUntilMs: NOW_MS + 40_000 });
      expect(await dueOf(store, requestId)).toBe(NOW_MS + 40_000);
    });

    test("a renewal that arrives after a later one holds, and does not shorten the lease", async () => {
      const { requestId } = await claimed();
      await store.renew({ requestId, attempt: 1 }, NOW_MS + 50_000);
      expect(await store.renew({ requestId, attempt: 1 }, NOW_MS + 40_000)).toBe(true);
      expect(await store.find(requestId)).toMatchObject({ leaseUntilMs: NOW_MS + 50_000 });
    });

    test("a lease that ran out is renewed as long as nobody took it over", async () => {
      const { requestId } = await claimed({ leaseUntilMs: NOW_MS });
      expect(await store.renew({ requestId, attempt: 1 }, NOW_MS + 60_000)).toBe(true);
      expect(await store.claim(requestId, bid({ nowMs: NOW_MS + 60_000 }))).toEqual({ outcome: "live" });
      await store.claim(requestId, bid({ nowMs: NOW_MS + 60_001, leaseUntilMs: NOW_MS + 90_000 }));
      expect(await store.renew({ requestId, attempt: 1 }, NOW_MS + 99_000)).toBe(false);
      expect(await store.find(requestId)).toMatchObject({ attempt: 2, leaseUntilMs: NOW_MS + 90_000 });
    });

    test("a request that is queued, ended or not there is not renewed", async () => {
      expect(await store.renew({ requestId: (await created()).requestId, attempt: 0 }, NOW_MS)).toBe(false);
      const { requestId } = await claimed();
      await store.finish({ requestId, attempt: 1 }, COMPLETED);
      expect(await store.renew({ requestId, attempt: 1 }, NOW_MS + 1e6)).toBe(false);
      expect(await dueOf(store, requestId)).toBeUndefined();
      expect(await store.renew({ requestId: randomUUID(), attempt: 1 }, NOW_MS)).toBe(false);
    });
  });

  describe("finishing", () => {
    test("a completed request keeps its result, cannot be claimed, and is due no more", async () => {
      const { requestId } = await claimed();
      expect(await store.finish({ requestId, attempt: 1 }, { ...COMPLETED, nowMs: NOW_MS + 9 })).toBe(true);
      const found = await store.find(requestId);
      expect(found).toMatchObject({
        status: "completed",
        result: { json: '"done"' },
        updatedAt: new Date(NOW_MS + 9).toISOString(),
      });
      expect(found).not.toHaveProperty("leaseUntilMs");
      expect(await store.claim(requestId, bid({ nowMs: NOW_MS + 1e9 }))).toEqual({ outcome: "terminal" });
      expect(await dueOf(store, requestId)).toBeUndefined();
    });

    test("a failed request keeps its reason and where its result is", async () => {
      const { requestId } = await claimed();
      const failure = { code: "all_agents_failed", message: "None answered." };
      const result = { key: "results/1.json", sha256: "ab" };
      await store.finish({ requestId, attempt: 1 }, { status: "failed", failure, result, nowMs: NOW_MS });
      expect(await store.find(requestId)).toMatchObject({ status: "failed", failure, result });
    });

    test("a worker whose lease was taken over changes nothing", async () => {
      const { requestId } = await claimed({ leaseUntilMs: NOW_MS });
      await store.claim(requestId, bid({ nowMs: NOW_MS + 1 }));
      expect(await store.finish({ requestId, attempt: 1 }, { ...COMPLETED, result: { json: '"zombie"' } })).toBe(false);
      expect((await store.find(requestId))?.result).toBeUndefined();
      expect(await store.finish({ requestId, attempt: 2 }, { ...COMPLETED, result: { json: '"mine"' } })).toBe(true);
      expect(await store.finish({ requestId, attempt: 1 }, { status: "failed", nowMs: NOW_MS })).toBe(false);
      expect(await store.find(requestId)).toMatchObject({ status: "completed", result: { json: '"mine"' } });
    });

    test("an ending that is sent again after its answer got lost is held, and the first one stays", async () => {
      const { requestId } = await claimed();
      await store.finish({ requestId, attempt: 1 }, { ...COMPLETED, result: { json: '"first"' } });
      expect(await store.finish({ requestId, attempt: 1 }, { ...COMPLETED, result: { json: '"again"' } })).toBe(true);
      expect(await store.find(requestId)).toMatchObject({ result: { json: '"first"' } });
    });

    test("an ending of a request that was closed meanwhile is lost, though nobody else claimed it", async () => {
      const { requestId } = await claimed({ leaseUntilMs: NOW_MS });
      await store.close(requestId, { ...EXPIRED, nowMs: NOW_MS + 1 });
      expect(await store.finish({ requestId, attempt: 1 }, COMPLETED)).toBe(false);
      expect(await store.find(requestId)).toMatchObject({ status: "expired" });
    });

    test("an ending of an unknown request is lost", async () => {
      expect(await store.finish({ requestId: randomUUID(), attempt: 1 }, COMPLETED)).toBe(false);
    });
  });

  describe("closing", () => {
    test("a queued request is closed with its reason, once, and is due no more", async () => {
      const { requestId } = await created();
      expect(await store.close(requestId, EXPIRED)).toBe(true);
      expect(await store.find(requestId)).toMatchObject({ status: "expired", failure: EXPIRED.failure, attempt: 0 });
      expect(await dueOf(store, requestId)).toBeUndefined();
      expect(await store.close(requestId, { ...EXPIRED, status: "failed" })).toBe(false);
      expect(await store.find(requestId)).toMatchObject({ status: "expired" });
      expect(await store.claim(requestId, bid())).toEqual({ outcome: "terminal" });
    });

    test("a held request is closed only after its lease's last millisecond", async () => {
      const { requestId } = await claimed();
      expect(await store.close(requestId, { ...EXPIRED, nowMs: NOW_MS + 30_000 })).toBe(false);
      expect(await store.close(requestId, { ...EXPIRED, nowMs: NOW_MS + 30_001 })).toBe(true);
      expect(await store.find(requestId)).not.toHaveProperty("leaseUntilMs");
    });

    test("an unknown request is not closed, and none is made", async () => {
      const requestId = randomUUID();
      expect(await store.close(requestId, EXPIRED)).toBe(false);
      expect(await store.find(requestId)).toBeUndefined();
    });
  });

  describe("requests that are due", () => {
    test("a request is due from the millisecond it was said to be", async () => {
      const { requestId } = await created();
      expect((await dueIn(store, DUE_MS - 1)).map((due) => due.requestId)).not.toContain(requestId);
      expect(await dueIn(store, DUE_MS)).toContainEqual({ requestId, dueMs: DUE_MS });
    });

    test("all of them come, in pages, the longest due first in each", async () => {
      // Two partitions of the table, each with a page and a part of another.
      const requests = Array.from({ length: 60 }, (_, index) => ({
        request: accepted({ requestId: `${index % 2}${randomUUID().slice(1)}` }),
        dueMs: NOW_MS - 1e8 - ((index * 37) % 60),
      }));
      await Promise.all(requests.map(({ request, dueMs }) => store.create(request, dueMs)));
      const pages: (readonly DueRequest[])[] = [];
      for await (const page of store.due(NOW_MS - 1e8)) pages.push(page);
      expect(pages.length).toBeGreaterThan(1);
      for (const page of pages)
        expect(page.map(({ dueMs }) => dueMs)).toEqual(
          page.map(({ dueMs }) => dueMs).sort((left, right) => left - right),
        );
      expect(
        pages
          .flat()
          .map(({ requestId }) => requestId)
          .sort(),
      ).toEqual(requests.map(({ request }) => request.requestId).sort());
      await Promise.all(requests.map(({ request }) => store.withdraw(request.requestId)));
    });

    test("a caller who stops asking is asked for no more", async () => {
      await created();
      for await (const page of store.due(DUE_MS)) {
        expect(page.length).toBeGreaterThan(0);
        break;
      }
    });

    test("a signal that is aborted ends the reading", async () => {
      await created();
      await expect(store.due(DUE_MS, AbortSignal.abort())[Symbol.asyncIterator]().next()).rejects.toThrow(/abort/i);
    });

    test("a request is requeued once for what was seen, keeps its status and lease, and counts it", async () => {
      const { requestId } = await claimed();
      const due = { requestId, dueMs: NOW_MS + 30_000 };
      expect(await store.requeue(due, DUE_MS)).toBe(true);
      expect(await store.requeue(due, DUE_MS + 1)).toBe(false);
      expect(await store.find(requestId)).toMatchObject({
        status: "processing",
        requeues: 1,
        leaseUntilMs: NOW_MS + 30_000,
      });
      expect(await dueOf(store, requestId)).toBe(DUE_MS);
    });

    test("a request that was moved on, ended or withdrawn since it was seen is not requeued", async () => {
      const moved = await created();
      await store.claim(moved.requestId, bid());
      expect(await store.requeue({ requestId: moved.requestId, dueMs: DUE_MS }, DUE_MS + 1)).toBe(false);
      const earlier = await claimed();
      expect(await store.requeue({ requestId: earlier.requestId, dueMs: DUE_MS }, DUE_MS + 1)).toBe(false);
      const ended = await created();
      await store.close(ended.requestId, EXPIRED);
      expect(await store.requeue({ requestId: ended.requestId, dueMs: DUE_MS }, DUE_MS + 1)).toBe(false);
      const withdrawn = await created();
      await store.withdraw(withdrawn.requestId);
      expect(await store.requeue({ requestId: withdrawn.requestId, dueMs: DUE_MS }, DUE_MS + 1)).toBe(false);
      expect(await store.find(withdrawn.requestId)).toBeUndefined();
    });
  });

  test("the check of a store that answers passes", async () => {
    await expect(store.check(never)).resolves.toBeUndefined();
  });
}

/** What holds for every store of requests whose calls may meet. */
export function testRaces(open: () => RequestStore): void {
  const race = <T>(run: (index: number) => Promise<T>) =>
    Promise.all(Array.from({ length: 50 }, (_, index) => run(index)));

  test("of fifty claims at once one wins", async () => {
    const store = open();
    const { requestId } = accepted();
    await store.create(accepted({ requestId }), DUE_MS);
    const claims = await race(() => store.claim(requestId, bid()));
    expect(claims.map(({ outcome }) => outcome).sort()).toEqual([...Array<string>(49).fill("live"), "won"]);
    expect(await store.find(requestId)).toMatchObject({ attempt: 1 });
  });

  test("of fifty creations under one id one creates, and the others are told the same request", async () => {
    const store = open();
    const { requestId } = accepted();
    const creations = await race((index) =>
      store.create(accepted({ requestId, createdAt: new Date(NOW_MS + index).toISOString() }), DUE_MS),
    );
    expect(creations.filter(({ outcome }) => outcome === "created")).toHaveLength(1);
    const repeated = creations.flatMap((creation) => (creation.outcome === "repeated" ? [creation.request] : []));
    expect(repeated).toEqual(Array(49).fill(await store.find(requestId)));
  });

  test("of fifty sweepers that saw the same one requeues", async () => {
    const store = open();
    const request = accepted();
    await store.create(request, DUE_MS);
    const requeued = await race((index) =>
      store.requeue({ requestId: request.requestId, dueMs: DUE_MS }, DUE_MS + 1 + index),
    );
    expect(requeued.filter(Boolean)).toHaveLength(1);
    expect(await store.find(request.requestId)).toMatchObject({ requeues: 1 });
  });

  test("of a worker and fifty closers at once one ends the request", async () => {
    const store = open();
    const request = accepted();
    await store.create(request, DUE_MS);
    await store.claim(request.requestId, bid({ leaseUntilMs: NOW_MS }));
    const endings = await race((index) =>
      index === 25
        ? store.finish({ ...request, attempt: 1 }, COMPLETED)
        : store.close(request.requestId, { ...EXPIRED, nowMs: NOW_MS + 1 }),
    );
    expect(endings.filter(Boolean)).toHaveLength(1);
  });

  test("who reads while it ends never sees the end without its result", async () => {
    const store = open();
    const seen = await Promise.all(
      Array.from({ length: 5 }, async () => {
        const { requestId } = accepted();
        await store.create(accepted({ requestId }), DUE_MS);
        await store.claim(requestId, bid());
        const [, ...reads] = await Promise.all([
          store.finish({ requestId, attempt: 1 }, COMPLETED),
          ...Array.from({ length: 10 }, () => store.find(requestId)),
        ]);
        return reads.map((request) => `${request?.status} ${request?.result === undefined ? "without" : "with"}`);
      }),
    );
    expect(seen.flat().filter((read) => read !== "processing without" && read !== "completed with")).toEqual([]);
  });
}

/** What holds for the table of requests in DynamoDB. */
export function testRequestTable(database: () => Database): void {
  test("the check of a table that is not there fails", async () => {
    await expect(dynamodbRequests(database().dynamodb, { requests: "nowhere" }).check(never)).rejects.toThrow(
      /not found/i,
    );
  });

  test("an item of an unknown shape is refused, by id and attribute", async () => {
    await database().client.send(
      new PutItemCommand({ TableName: TABLES.requests, Item: { request_id: { S: "odd" }, status: { S: "done" } } }),
    );
    await expect(dynamodbRequests(database().dynamodb, TABLES).find("odd")).rejects.toThrow(
      "Request odd: the attribute",
    );
  });

  test("a request is read consistently: a poll right after it was created must find it", async () => {
    const reads: object[] = [];
    const { requestId } = accepted();
    const store = dynamodbRequests((operation, input, signal) => {
      if (operation === "GetItem") reads.push(input);
      return database().dynamodb(operation, input, signal);
    }, TABLES);
    await store.find(requestId);
    expect(reads).toMatchObject([{ Key: { request_id: { S: requestId } }, ConsistentRead: true }]);
  });

  test("an ended request has left the index of open ones", async () => {
    const store = dynamodbRequests(database().dynamodb, TABLES);
    const { requestId } = accepted();
    await store.create(accepted({ requestId }), DUE_MS);
    await store.claim(requestId, bid());
    await store.finish({ requestId, attempt: 1 }, COMPLETED);
    const { Item } = await database().client.send(
      new GetItemCommand({ TableName: TABLES.requests, Key: { request_id: { S: requestId } } }),
    );
    for (const name of ["open", "due_at", "lease_until", "claimed_by"]) expect(Item).not.toHaveProperty(name);
  });

  test.each<[string, (store: RequestStore, signal: AbortSignal) => Promise<unknown>]>([
    ["create", (store, signal) => store.create(accepted(), DUE_MS, signal)],
    ["markSent", (store, signal) => store.markSent(randomUUID(), signal)],
    ["find", (store, signal) => store.find(randomUUID(), signal)],
    ["withdraw", (store, signal) => store.withdraw(randomUUID(), signal)],
    ["claim", (store, signal) => store.claim(randomUUID(), bid(), signal)],
    ["renew", (store, signal) => store.renew({ requestId: randomUUID(), attempt: 1 }, NOW_MS, signal)],
    ["finish", (store, signal) => store.finish({ requestId: randomUUID(), attempt: 1 }, COMPLETED, signal)],
    ["close", (store, signal) => store.close(randomUUID(), EXPIRED, signal)],
    ["requeue", (store, signal) => store.requeue({ requestId: randomUUID(), dueMs: 0 }, 1, signal)],
    ["check", (store, signal) => store.check(signal)],
  ])("%s is ended by its signal", async (_name, run) => {
    await expect(run(dynamodbRequests(database().dynamodb, TABLES), AbortSignal.abort())).rejects.toMatchObject({
      name: "AbortError",
    });
  });
}
