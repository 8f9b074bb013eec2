import { ScanCommand } from "@aws-sdk/client-dynamodb";
import { dynamodbQuotas } from "../../../handlers/stores/dynamodb-quotas";
import { openDynalite, TABLES, type Database } from "./tables";

let database: Database;
beforeAll(async () => void (database = await openDynalite()));
afterAll(() => database.close());

const DAY = { day: "2026-11-21", limit: 10, expiresAt: 1_795_392_000 };

test("of fifty that race for ten, ten get one", async () => {
  const { take } = dynamodbQuotas(database.dynamodb, TABLES.requests);
  const got = await Promise.all(Array.from({ length: 50 }, () => take({ ...DAY, owner: "alice" })));
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
  const { take } = dynamodbQuotas(database.dynamodb, TABLES.requests);
  expect(await take({ ...DAY, owner: "bob" })).toBe(true);
  expect(await take({ ...DAY, owner: "alice", day: "2026-11-22" })).toBe(true);
  expect(await take({ ...DAY, owner: "alice" })).toBe(false);
});

test("another failure is no full count", async () => {
  await expect(dynamodbQuotas(database.dynamodb, "no-such-table").take({ ...DAY, owner: "alice" })).rejects.toThrow();
});
