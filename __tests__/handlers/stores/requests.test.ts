import { randomUUID } from "node:crypto";
import { DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { dynamodbRequests } from "../../../handlers/stores/dynamodb-requests";
import { memoryRequests } from "../../../handlers/stores/memory-requests";
import { isTerminal, type Bid, type RequestStore } from "../../../handlers/stores/requests";
import { createTable, emulate, type Emulated } from "../emulated";
import { newRequest, NOW_MS } from "../fixtures";

const TABLE = "requests";
let emulated: Emulated;
let client: DynamoDBClient;

beforeAll(async () => {
  emulated = await emulate();
  client = new DynamoDBClient(emulated.configuration);
  await createTable(client, TABLE, "request_id");
}, 90_000);

afterAll(async () => {
  client?.destroy();
  await emulated?.stop();
});

const adapters: [string, () => RequestStore][] = [
  ["in memory", memoryRequests],
  ["in DynamoDB", () => dynamodbRequests(client, TABLE)],
];

const bid = (overrides: Partial<Bid> = {}): Bid => ({ token: randomUUID(), nowMs: NOW_MS, leaseUntilMs: NOW_MS + 30_000, ...overrides });
const fresh = () => newRequest({ requestId: randomUUID(), sessionId: "talk" });

describe.each(adapters)("requests %s", (_name, open) => {
  let store: RequestStore;
  beforeEach(() => {
    store = open();
  });

  const claimed = async (overrides: Partial<Bid> = {}) => {
    const request = fresh();
    await store.create(request);
    const claim = await store.claim(request.requestId, bid(overrides));
    if (claim.outcome !== "won") throw new Error(`The claim was ${claim.outcome}`);
    return claim.request;
  };

  test("a created request is queued and found as it was given", async () => {
    const request = fresh();
    await store.create(request);
    expect(await store.find(request.requestId)).toEqual({ ...request, status: "queued", updatedAt: request.createdAt, attempt: 0 });
  });

  test("an unknown request is not found", async () => {
    expect(await store.find(randomUUID())).toBeUndefined();
  });

  test("creating the same request again changes nothing, even when it was claimed meanwhile", async () => {
    const request = fresh();
    await store.create(request);
    await store.claim(request.requestId, bid());
    await store.create(request);
    expect(await store.find(request.requestId)).toMatchObject({ status: "processing", attempt: 1 });
  });

  test("another request under a taken id is refused by name", async () => {
    const request = fresh();
    await store.create(request);
    await expect(store.create({ ...request, owner: "somebody else" })).rejects.toThrow(`Request ${request.requestId} exists already`);
    expect(await store.find(request.requestId)).toMatchObject({ owner: request.owner });
  });

  test("a queued request is withdrawn, and withdrawing it again is no error", async () => {
    const request = fresh();
    await store.create(request);
    expect(await store.withdraw(request.requestId)).toBe(true);
    expect(await store.find(request.requestId)).toBeUndefined();
    expect(await store.withdraw(request.requestId)).toBe(true);
  });

  test("a claimed request is not withdrawn", async () => {
    const { requestId } = await claimed();
    expect(await store.withdraw(requestId)).toBe(false);
    expect(await store.find(requestId)).toMatchObject({ status: "processing" });
  });

  test("a claim takes the whole request along", async () => {
    const request = fresh();
    await store.create(request);
    const claim = await store.claim(request.requestId, bid({ nowMs: NOW_MS + 5 }));
    const updatedAt = new Date(NOW_MS + 5).toISOString();
    expect(claim).toEqual({ outcome: "won", request: { ...request, status: "processing", attempt: 1, updatedAt } });
  });

  test("of many claims exactly one wins", async () => {
    const request = fresh();
    await store.create(request);
    const outcomes: string[] = [];
    // One after the other: the emulator's UpdateItem, unlike DynamoDB's, is not atomic between its condition and its write.
    for (let count = 0; count < 8; count++) outcomes.push((await store.claim(request.requestId, bid())).outcome);
    expect(outcomes).toEqual(["won", ...Array<string>(7).fill("live")]);
  });

  test("a claim that is sent again after its answer got lost is won, and counts once", async () => {
    const { requestId } = await claimed({ token: "mine" });
    expect(await store.claim(requestId, bid({ token: "mine" }))).toMatchObject({ outcome: "won", request: { attempt: 1 } });
  });

  test("a live lease holds up to its last millisecond, and is taken over after it", async () => {
    const { requestId } = await claimed({ leaseUntilMs: NOW_MS + 100 });
    expect(await store.claim(requestId, bid({ nowMs: NOW_MS + 100 }))).toEqual({ outcome: "live" });
    expect(await store.claim(requestId, bid({ nowMs: NOW_MS + 101 }))).toMatchObject({ outcome: "won", request: { attempt: 2 } });
  });

  test("a claim of an unknown request is missing", async () => {
    expect(await store.claim(randomUUID(), bid())).toEqual({ outcome: "missing" });
  });

  test("a completed request keeps its result and cannot be claimed", async () => {
    const { requestId } = await claimed();
    expect(await store.finish(requestId, 1, { status: "completed", result: { json: '{"answer":"324 m"}' }, nowMs: NOW_MS + 9 })).toBe(true);
    expect(await store.find(requestId)).toMatchObject({ status: "completed", result: { json: '{"answer":"324 m"}' }, updatedAt: new Date(NOW_MS + 9).toISOString() });
    expect(await store.claim(requestId, bid({ nowMs: NOW_MS + 1e9 }))).toEqual({ outcome: "terminal" });
  });

  test("a failed request keeps its reason and where its result is", async () => {
    const { requestId } = await claimed();
    const failure = { code: "all_agents_failed", message: "None answered." };
    const result = { key: "results/1.json", sha256: "ab" };
    await store.finish(requestId, 1, { status: "failed", failure, result, nowMs: NOW_MS });
    expect(await store.find(requestId)).toMatchObject({ status: "failed", failure, result });
  });

  test("a worker whose lease was taken over changes nothing", async () => {
    const { requestId } = await claimed({ leaseUntilMs: NOW_MS });
    await store.claim(requestId, bid({ nowMs: NOW_MS + 1 }));
    expect(await store.finish(requestId, 1, { status: "completed", result: { json: '"zombie"' }, nowMs: NOW_MS })).toBe(false);
    expect((await store.find(requestId))?.result).toBeUndefined();
    expect(await store.finish(requestId, 2, { status: "completed", result: { json: '"mine"' }, nowMs: NOW_MS })).toBe(true);
    expect(await store.finish(requestId, 1, { status: "failed", nowMs: NOW_MS })).toBe(false);
    expect(await store.find(requestId)).toMatchObject({ status: "completed", result: { json: '"mine"' } });
  });

  test("an ending that is sent again after its answer got lost is held, and the first one stays", async () => {
    const { requestId } = await claimed();
    await store.finish(requestId, 1, { status: "completed", result: { json: '"first"' }, nowMs: NOW_MS });
    expect(await store.finish(requestId, 1, { status: "completed", result: { json: '"again"' }, nowMs: NOW_MS })).toBe(true);
    expect(await store.find(requestId)).toMatchObject({ result: { json: '"first"' } });
  });

  test("an ending of an unknown request is lost", async () => {
    expect(await store.finish(randomUUID(), 1, { status: "completed", nowMs: NOW_MS })).toBe(false);
  });

  test("the check of a store that answers passes", async () => {
    await expect(store.check(AbortSignal.timeout(5_000))).resolves.toBeUndefined();
  });
});

test("the check of a table that is not there fails", async () => {
  await expect(dynamodbRequests(client, "nowhere").check(AbortSignal.timeout(5_000))).rejects.toThrow(/not found/i);
});

test("an item of an unknown shape is refused, by id and attribute", async () => {
  await client.send(new PutItemCommand({ TableName: TABLE, Item: { request_id: { S: "odd" }, status: { S: "done" } } }));
  await expect(dynamodbRequests(client, TABLE).find("odd")).rejects.toThrow("Request odd: the attribute");
});

test("completed and failed are final, the others are not", () => {
  expect((["queued", "processing", "completed", "failed"] as const).map(isTerminal)).toEqual([false, false, true, true]);
});
