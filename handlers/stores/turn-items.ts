import type { Item } from "./request-items";
import { keptAnswer, sessionKey, turnKey, type NewTurn, type Session } from "./sessions";

/**
 * Range key of the item that counts a session's turns. It sorts after every date, so that turns are asked for as those
 * before it.
 */
export const VERSION_KEY = "~version";

/** A turn as it is read. */
export interface KeptTurn {
  readonly prompt: string;
  readonly answer: string;
  /** Epoch seconds from which the turn counts as gone. */
  readonly expiresAt: number;
}

/** The key of the item that counts a session's turns. */
export const versionKey = (session: Session): Item => ({
  session: { S: sessionKey(session) },
  turn: { S: VERSION_KEY },
});

/** The item of a turn: its answer cut to what is kept. */
export function toTurnItem(session: Session, turn: NewTurn): Item {
  return {
    session: { S: sessionKey(session) },
    turn: { S: turnKey(turn) },
    prompt: { S: turn.prompt },
    answer: { S: keptAnswer(turn.answer) },
    expires_at: { N: String(turn.expiresAt) },
  };
}

/** The turn in an item. */
export function fromTurnItem(item: Item): KeptTurn {
  return { prompt: item["prompt"]?.S ?? "", answer: item["answer"]?.S ?? "", expiresAt: Number(item["expires_at"]?.N) };
}

/** Counts one more turn; the count lives as long as the turn that was kept last. */
export function countTurn({ expiresAt }: NewTurn) {
  return {
    UpdateExpression: "SET #expires_at = :expires ADD #version :one",
    ExpressionAttributeNames: { "#expires_at": "expires_at", "#version": "version" },
    ExpressionAttributeValues: { ":expires": { N: String(expiresAt) }, ":one": { N: "1" } },
  };
}
