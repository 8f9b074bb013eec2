import {
  fromItem,
  OPEN_PARTITIONS,
  requireFreeId,
  requireUnsent,
  toItem,
  toNumber,
  writeClaim,
  writeClose,
  writeFinish,
  writeRenewal,
  writeRequeue,
  writeSentMark,
  type Condition,
  type Write,
} from "../../../handlers/requests/request-items";
import { MAX_ATTEMPTS, type Ending } from "../../../handlers/requests/requests";
import { NOW_MS } from "../fixtures";
import { accepted, bid } from "./tables";

const item = () => toItem(accepted(), NOW_MS + 60_000);
const without = (...names: string[]) =>
  Object.fromEntries(Object.entries(item()).filter(([name]) => !names.includes(name)));

test("an item holds texts and numbers under the table's names", () => {
  const request = accepted({ requestId: "a1f00000-0000-4000-8000-000000000000" });
  expect(toItem(request, NOW_MS + 60_000)).toMatchObject({
    status: { S: "queued" },
    session_id: { S: "talk" },
    expires_at: { N: String(request.expiresAt) },
    deadline_at: { N: String(request.deadlineMs) },
    sent: { BOOL: false },
    attempt: { N: "0" },
    requeues: { N: "0" },
    open: { S: "a" },
    due_at: { N: String(NOW_MS + 60_000) },
  });
});

test("a request comes back from its item", () => {
  const request = accepted();
  expect(fromItem(toItem(request, NOW_MS))).toEqual({
    ...request,
    status: "queued",
    updatedAt: request.createdAt,
    sent: false,
    attempt: 0,
    requeues: 0,
  });
});

test("a request without a session has no such attribute, and comes back without one", () => {
  const alone = toItem(accepted({ sessionId: undefined }), NOW_MS);
  expect(alone).not.toHaveProperty("session_id");
  expect(fromItem(alone)).not.toHaveProperty("sessionId");
});

test.each([
  "owner",
  "status",
  "prompt",
  "created_at",
  "updated_at",
  "deadline_at",
  "expires_at",
  "sent",
  "attempt",
  "requeues",
])("an item without %s is refused, and the message names it", (name) => {
  expect(() => fromItem(without(name))).toThrow(`the attribute ${name} is missing or malformed`);
});

test("an item without its key is refused", () => {
  expect(() => fromItem({})).toThrow("Request without id: the attribute request_id is missing");
});

test.each([
  ["status", { S: "done" }],
  ["attempt", { N: "1.5" }],
  ["deadline_at", { S: "tomorrow" }],
  ["requeues", { N: "many" }],
  ["lease_until", { S: "soon" }],
])("an item whose %s is of another kind is refused", (name, value) => {
  expect(() => fromItem({ ...item(), [name]: value })).toThrow(`the attribute ${name} is missing or malformed`);
});

test("a result comes back from the attributes that an ending writes", () => {
  for (const result of [{ json: "{}" }, { key: "results/1.json", sha256: "ab" }]) {
    const { ExpressionAttributeValues } = writeClose({ status: "completed", result, nowMs: NOW_MS });
    const attributes = Object.entries(ExpressionAttributeValues).map(([name, value]) => [name.slice(1), value]);
    expect(fromItem({ ...item(), ...(Object.fromEntries(attributes) as object) }).result).toEqual(result);
  }
});

test("every request is in one of the sixteen partitions, whatever the case of its UUID", () => {
  expect(OPEN_PARTITIONS).toHaveLength(16);
  expect(toItem(accepted({ requestId: "F00D" }), NOW_MS)["open"]).toEqual({ S: "f" });
  for (let count = 0; count < 100; count++) expect(OPEN_PARTITIONS).toContain(item()["open"]?.S);
});

test("a fraction of a millisecond is rounded, so that the number can be read again", () => {
  expect(toNumber(NOW_MS + 0.4)).toEqual({ N: String(NOW_MS) });
});

describe("request writes", () => {
  const ending: Ending = {
    status: "failed",
    nowMs: NOW_MS,
    result: { key: "k", sha256: "s" },
    failure: { code: "c", message: "m" },
  };

  const writes: Record<string, Write> = {
    markSent: writeSentMark(),
    claim: writeClaim(bid({ token: "mine" })),
    renew: writeRenewal(1, NOW_MS),
    finish: writeFinish(1, ending),
    close: writeClose(ending),
    requeue: writeRequeue({ requestId: "a1", dueMs: NOW_MS }, NOW_MS + 1),
  };
  const all: Record<string, Condition & Partial<Write>> = {
    ...writes,
    freeId: requireFreeId(1),
    unsent: requireUnsent(),
  };

  /** DynamoDB refuses a name or value that is not used, and one that is not given. */
  test.each(Object.entries(all))(
    "%s uses what it gives and gives what it uses",
    (_name, { ConditionExpression, UpdateExpression = "", ExpressionAttributeNames, ExpressionAttributeValues }) => {
      const text = `${ConditionExpression} ${UpdateExpression}`;
      expect(Object.keys(ExpressionAttributeNames).sort()).toEqual([...new Set(text.match(/#\w+/g))].sort());
      expect(Object.keys(ExpressionAttributeValues).sort()).toEqual([...new Set(text.match(/:\w+/g))].sort());
    },
  );

  test.each(Object.entries(all))(
    "%s names no attribute without an alias: some are reserved words",
    (_name, { ConditionExpression, UpdateExpression = "" }) => {
      const bare = `${ConditionExpression} ${UpdateExpression}`.replace(/[#:]\w+/g, "").match(/\w+/g) ?? [];
      expect(
        bare.filter(
          (word) => !["AND", "OR", "SET", "REMOVE", "ADD", "attribute_exists", "attribute_not_exists"].includes(word),
        ),
      ).toEqual([]);
    },
  );

  test("no write makes an item: each asks for something that only a stored request has", () => {
    for (const { ConditionExpression } of Object.values(writes))
      expect(ConditionExpression).toMatch(/#(status|due_at) = :/);
  });

  test("what ends a request takes it out of the index and gives its lease back", () => {
    for (const name of ["finish", "close"])
      expect(writes[name]?.UpdateExpression).toMatch(/REMOVE #lease_until, #claimed_by, #open, #due_at$/);
  });

  test("only a finished request names the attempt that ended it", () => {
    expect(writes["finish"]?.UpdateExpression).toContain("#finished_by = :finished_by");
    expect(writes["close"]?.UpdateExpression).not.toContain("finished_by");
  });

  test("a claim asks for the item after it, counts to the limit, and is due at its lease's end", () => {
    expect(writes["claim"]).toMatchObject({
      ReturnValues: "ALL_NEW",
      ExpressionAttributeValues: { ":max_attempts": { N: String(MAX_ATTEMPTS) }, ":token": { S: "mine" } },
    });
    expect(writes["claim"]?.UpdateExpression).toContain("#lease_until = :until, #due_at = :until");
  });
});
