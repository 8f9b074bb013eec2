import {
  compareCreation,
  creationSeconds,
  isHeld,
  judgeBid,
  MAX_ATTEMPTS,
  type RequestRecord,
  isTerminal,
} from "../../../handlers/requests/requests";
import { NOW_MS } from "../fixtures";
import { accepted, bid, HOUR_MS, openDynalite, TABLES, type Database } from "./tables";
import { dynamodbRequests } from "../../../handlers/requests/dynamodb-requests";
import { memoryRequests } from "../../support/memory-requests";
import { testRaces, testRequests, testRequestTable } from "./request-cases";

describe("claims", () => {
  const record = (overrides: Partial<RequestRecord> = {}): RequestRecord => ({
    ...accepted(),
    status: "processing",
    updatedAt: accepted().createdAt,
    sent: true,
    attempt: MAX_ATTEMPTS,
    requeues: 0,
    leaseUntilMs: NOW_MS,
    deadlineMs: NOW_MS - 1,
    ...overrides,
  });

  test("of all that speaks against a claim, what ends the question soonest is told", () => {
    const own = bid({ token: "mine" });
    expect(judgeBid(record({ status: "failed" }), "mine", own)).toBe("terminal");
    expect(judgeBid(record(), "mine", own)).toBe("won");
    expect(judgeBid(record(), "other", own)).toBe("live");
    expect(judgeBid(record({ leaseUntilMs: NOW_MS - 1 }), "other", own)).toBe("overdue");
    expect(judgeBid(record({ leaseUntilMs: NOW_MS - 1 }), "mine", own)).toBe("overdue");
    expect(judgeBid(record({ leaseUntilMs: NOW_MS - 1, deadlineMs: NOW_MS + HOUR_MS }), "other", own)).toBe(
      "exhausted",
    );
    expect(
      judgeBid(
        record({ leaseUntilMs: NOW_MS - 1, deadlineMs: NOW_MS + HOUR_MS, attempt: MAX_ATTEMPTS - 1 }),
        "other",
        own,
      ),
    ).toBe("open");
  });

  test("a request is held while it is processing, up to its lease's last millisecond", () => {
    expect(isHeld(record(), NOW_MS)).toBe(true);
    expect(isHeld(record(), NOW_MS + 1)).toBe(false);
    expect(isHeld(record({ status: "queued" }), NOW_MS)).toBe(false);
    expect(isHeld(record({ leaseUntilMs: undefined }), NOW_MS)).toBe(false);
  });
});

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
    expect(compareCreation(existing, request)).toEqual({ outcome: "created" });
  });

  test("the same request of another moment is a repetition, and is told", () => {
    expect(compareCreation(existing, { ...request, createdAt: new Date(NOW_MS + 1).toISOString() })).toEqual({
      outcome: "repeated",
      request: existing,
    });
  });

  test.each([{ owner: "other" }, { prompt: "other" }, { sessionId: "other" }, { sessionId: undefined }])(
    "a request with %p is another one, and nothing is told of what is there",
    (other) => {
      expect(compareCreation(existing, { ...request, ...other })).toEqual({ outcome: "conflict" });
    },
  );

  test("the second of a creation is the one that has begun", () => {
    expect(creationSeconds({ ...request, createdAt: new Date(NOW_MS + 999).toISOString() })).toBe(NOW_MS / 1000);
  });
});

describe("requests", () => {
  let lite: Database;
  beforeAll(async () => void (lite = await openDynalite()));
  afterAll(() => lite?.close());

  const inDynalite = () => dynamodbRequests(lite.dynamodb, TABLES);

  describe("requests in memory", () => testRequests(() => memoryRequests()));
  describe("requests in dynalite", () => testRequests(inDynalite));

  describe("races in memory", () => testRaces(() => memoryRequests()));
  describe("races in dynalite", () => testRaces(inDynalite));

  describe("the table in dynalite", () => testRequestTable(() => lite));

  test("a request has ended where it is completed, failed or expired", () => {
    expect((["queued", "processing", "completed", "failed", "expired"] as const).map(isTerminal)).toEqual([
      false,
      false,
      true,
      true,
      true,
    ]);
  });
});
