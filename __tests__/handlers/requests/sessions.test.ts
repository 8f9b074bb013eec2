import fc from "fast-check";
import { anyCharacter } from "../../support/any-character";
import { memoryRequests } from "../../support/memory-requests";
import { memorySessions } from "../../support/memory-sessions";
import { storesIn, testSessions, testSessionTable } from "./session-cases";
import { openDynalite, type Database } from "./tables";
import {
  cutAnswer,
  TURN_ANSWER_BYTES,
  type NewTurn,
  writeTurnCount,
  toTurnItem,
  VERSION_KEY,
  toVersionKey,
} from "../../../handlers/requests/sessions";
import { NOW_MS } from "../fixtures";

describe("sessions", () => {
  let lite: Database;
  beforeAll(async () => void (lite = await openDynalite()));
  afterAll(() => lite?.close());

  describe("sessions in memory", () => {
    testSessions(() => {
      const sessions = memorySessions();
      return { sessions, requests: memoryRequests(sessions) };
    });
  });

  describe("sessions in dynalite", () => testSessions(() => storesIn(lite)));

  describe("the table of sessions in dynalite", () => testSessionTable(() => lite));
});

describe("turn items", () => {
  const session = { owner: "anonymous", sessionId: "talk" };
  const turn: NewTurn = {
    prompt: "question",
    answer: "answer",
    createdAt: new Date(NOW_MS).toISOString(),
    requestId: "r1",
    expiresAt: 7,
  };

  test("an item contains the turn's texts and its end", () => {
    expect(toTurnItem(session, turn)).toMatchObject({
      prompt: { S: "question" },
      answer: { S: "answer" },
      expires_at: { N: "7" },
    });
  });

  test("a long answer is cut", () => {
    expect(toTurnItem(session, { ...turn, answer: "a".repeat(TURN_ANSWER_BYTES + 1) })["answer"]?.S).toHaveLength(
      TURN_ANSWER_BYTES,
    );
  });

  test("a cut answer is the longest start that fits, cut between characters", () => {
    fc.assert(
      fc.property(fc.string({ unit: anyCharacter }), fc.nat(40), (text, limit) => {
        const cut = cutAnswer(text, limit);
        expect(text.startsWith(cut)).toBe(true);
        expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(limit);
        if (cut !== text) expect(Buffer.byteLength(cut)).toBeGreaterThan(limit - 4);
      }),
    );
  });

  test("the version stands in the session's partition, after every turn", () => {
    expect(toVersionKey(session)).toEqual({ session: toTurnItem(session, turn)["session"], turn: { S: VERSION_KEY } });
    expect(
      (toTurnItem(session, { ...turn, createdAt: "+275760-09-13T00:00:00.000Z" })["turn"]?.S ?? VERSION_KEY) <
        VERSION_KEY,
    ).toBe(true);
  });

  test("a turn more is one more, and the count lives as long", () => {
    expect(writeTurnCount(turn)).toMatchObject({
      UpdateExpression: expect.stringContaining("ADD #version :one") as string,
      ExpressionAttributeValues: { ":expires": { N: "7" } },
    });
  });
});
