import { memoryRequests } from "../../support/memory-requests";
import { memorySessions } from "../../support/memory-sessions";
import { storesIn, testSessions, testSessionTable } from "./session-cases";
import { openDynalite, type Database } from "./tables";
import {
  TURN_ANSWER_BYTES,
  type NewTurn,
  countTurn,
  fromTurnItem,
  toTurnItem,
  VERSION_KEY,
  versionKey,
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

  test("a turn comes back from its item", () => {
    expect(fromTurnItem(toTurnItem(session, turn))).toEqual({ prompt: "question", answer: "answer", expiresAt: 7 });
  });

  test("a long answer is cut", () => {
    expect(toTurnItem(session, { ...turn, answer: "a".repeat(TURN_ANSWER_BYTES + 1) })["answer"]?.S).toHaveLength(
      TURN_ANSWER_BYTES,
    );
  });

  test("the version stands in the session's partition, after every turn", () => {
    expect(versionKey(session)).toEqual({ session: toTurnItem(session, turn)["session"], turn: { S: VERSION_KEY } });
    expect(
      (toTurnItem(session, { ...turn, createdAt: "+275760-09-13T00:00:00.000Z" })["turn"]?.S ?? VERSION_KEY) <
        VERSION_KEY,
    ).toBe(true);
  });

  test("a turn more is one more, and the count lives as long", () => {
    expect(countTurn(turn)).toMatchObject({
      UpdateExpression: expect.stringContaining("ADD #version :one") as string,
      ExpressionAttributeValues: { ":expires": { N: "7" } },
    });
  });
});
