import { TURN_ANSWER_BYTES, type NewTurn } from "../../../handlers/stores/sessions";
import { countTurn, fromTurnItem, toTurnItem, VERSION_KEY, versionKey } from "../../../handlers/stores/turn-items";
import { NOW_MS } from "../fixtures";

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
