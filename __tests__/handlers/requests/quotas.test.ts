import { QuotaExceededError } from "../../../handlers/http/errors";
import { callerQuota, type QuotaUse, dynamodbQuotas } from "../../../handlers/requests/quotas";
import { ScanCommand } from "@aws-sdk/client-dynamodb";
import { openDynalite, TABLES, type Database } from "./tables";

describe("quota", () => {
  const NOW_MS = Date.parse("2026-11-21T23:59:00Z");
  const signal = new AbortController().signal;

  /** A store that gives so many, and what it was asked for. */
  function counting(there: number) {
    const taken: QuotaUse[] = [];
    return { taken, store: { use: async (taking: QuotaUse) => (taken.push(taking), taken.length <= there) } };
  }

  test("as many as the quota has may begin a day, and the next is told when to come again", async () => {
    const { store, taken } = counting(2);
    const quota = callerQuota({ store, perDay: 2, nowMs: () => NOW_MS });
    await quota("iam:1:A", signal);
    await quota("iam:1:A", signal);
    const refused = quota("iam:1:A", signal);
    await expect(refused).rejects.toThrow(QuotaExceededError);
    await expect(refused).rejects.toMatchObject({
      status: 429,
      code: "quota_exceeded",
      retryAfterSeconds: 60,
      message: "Each caller may start 2 requests a day (UTC), and this caller has. Send the request after midnight.",
    });
    expect(taken[0]).toEqual({
      owner: "iam:1:A",
      day: "2026-11-21",
      limit: 2,
      expiresAt: Date.parse("2026-11-23T00:00:00Z") / 1_000,
    });
  });

  test("without a quota nothing is counted", async () => {
    const { store, taken } = counting(0);
    await callerQuota({ store, perDay: 0, nowMs: () => NOW_MS })("iam:1:A", signal);
    expect(taken).toEqual([]);
  });

  test("where the count cannot be reached nothing begins", async () => {
    const store = { use: () => Promise.reject(new Error("no network")) };
    await expect(callerQuota({ store, perDay: 1, nowMs: () => NOW_MS })("a", signal)).rejects.toThrow("no network");
  });
});

describe("quotas", () => {
  let database: Database;
  beforeAll(async () => void (database = await openDynalite()));
  afterAll(() => database.close());

  const DAY = { day: "2026-11-21", limit: 10, expiresAt: 1_795_392_000 };

  test("of fifty that race for ten, ten get one", async () => {
    const { use } = dynamodbQuotas(database.dynamodb, TABLES.requests);
    const got = await Promise.all(Array.from({ length: 50 }, () => use({ ...DAY, owner: "alice" })));
    expect(got.filter(Boolean)).toHaveLength(10);
    const { Items: items } = await database.client.send(new ScanCommand({ TableName: TABLES.requests }));
    expect(items).toEqual([
      {
        request_id: { S: expect.stringMatching(/^quota#2026-11-21#[0-9a-f]{64}$/) as string },
        begun: { N: "10" },
        expires_at: { N: "1795392000" },
      },
    ]);
  });

  test("each owner and each day has a count of its own", async () => {
    const { use } = dynamodbQuotas(database.dynamodb, TABLES.requests);
    expect(await use({ ...DAY, owner: "bob" })).toBe(true);
    expect(await use({ ...DAY, owner: "alice", day: "2026-11-22" })).toBe(true);
    expect(await use({ ...DAY, owner: "alice" })).toBe(false);
  });

  test("another failure is no full count", async () => {
    await expect(dynamodbQuotas(database.dynamodb, "no-such-table").use({ ...DAY, owner: "alice" })).rejects.toThrow();
  });
});
