import {
  creationOver,
  creationSeconds,
  claim,
  close,
  finish,
  freeId,
  markSent,
  renew,
  requeue,
  withdrawable,
  type Condition,
  type Write,
} from "../../../handlers/requests/request-writes";
import { type RequestRecord, MAX_ATTEMPTS, type Ending } from "../../../handlers/requests/requests";
import { NOW_MS } from "../fixtures";
import { accepted, bid } from "./tables";

describe("creations", () => {
  const request = accepted();
  const existing: RequestRecord = {
    ...request,
    status: "completed",
    updatedAt: request.createdAt,
    sent: true,
    attempt: 1,
    requeues: 0,
  };

  test("the same request of the same moment is this very write, sent again", () => {
    expect(creationOver(existing, request)).toEqual({ outcome: "created" });
  });

  test("the same request of another moment is a repetition, and is told", () => {
    expect(creationOver(existing, { ...request, createdAt: new Date(NOW_MS + 1).toISOString() })).toEqual({
      outcome: "repeated",
      request: existing,
    });
  });

  test.each([{ owner: "other" }, { prompt: "other" }, { sessionId: "other" }, { sessionId: undefined }])(
    "a request with %p is another one, and nothing is told of what is there",
    (other) => {
      expect(creationOver(existing, { ...request, ...other })).toEqual({ outcome: "conflict" });
    },
  );

  test("the second of a creation is the one that has begun", () => {
    expect(creationSeconds({ ...request, createdAt: new Date(NOW_MS + 999).toISOString() })).toBe(NOW_MS / 1000);
  });
});

describe("request writes", () => {
  const ending: Ending = {
    status: "failed",
    nowMs: NOW_MS,
    result: { key: "k", sha256: "s" },
    failure: { code: "c", message: "m" },
  };

  const writes: Record<string, Write> = {
    markSent: markSent(),
    claim: claim("a1", bid({ token: "mine" })),
    renew: renew(1, NOW_MS),
    finish: finish(1, ending),
    close: close(ending),
    requeue: requeue({ requestId: "a1", dueMs: NOW_MS }, NOW_MS + 1),
  };
  const all: Record<string, Condition & Partial<Write>> = {
    ...writes,
    freeId: freeId(1),
    withdrawable: withdrawable(),
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
      ExpressionAttributeValues: { ":most": { N: String(MAX_ATTEMPTS) }, ":token": { S: "mine" }, ":open": { S: "a" } },
    });
    expect(writes["claim"]?.UpdateExpression).toContain("#lease_until = :until, #due_at = :until");
  });
});
