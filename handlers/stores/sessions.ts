import type { Turn } from "../agents/agent";
import { truncateUtf8 } from "../text";

/** How many of the last turns an agent is given. */
export const HISTORY_TURNS = 10;

/** Bytes of UTF-8 kept of a turn's answer: ten turns of 32 KiB prompts then stay within one 1 MiB page of a query. */
export const TURN_ANSWER_BYTES = 16 * 1024;

/** The session of one caller. Another caller's session of the same id is another session. */
export interface Session {
  readonly owner: string;
  readonly sessionId: string;
}

/** A turn to keep. */
export interface NewTurn extends Turn {
  /** ISO 8601, of the request: turns come back in its order. */
  readonly createdAt: string;
  readonly requestId: string;
  /** Epoch seconds from which the turn counts as gone. */
  readonly expiresAt: number;
}

/**
 * Where the turns of sessions are read, each kept on its own, so that requests of one session at the same time lose
 * none. A turn is kept by the `finish` of its request: both are there, or neither is.
 */
export interface SessionStore {
  /**
   * The last {@link HISTORY_TURNS} turns that have not expired by `nowMs`, oldest first. Rejects where the store cannot
   * be reached; `signal` bounds its time.
   */
  recent(session: Session, nowMs: number, signal?: AbortSignal): Promise<Turn[]>;
}

/** Keeps turns in this process. */
export interface TurnKeeper {
  /** Keeps a turn, its answer cut to {@link TURN_ANSWER_BYTES}. Keeping it again changes nothing. */
  append(session: Session, turn: NewTurn): void;
}

/** Names a session across callers. A session id holds no `#`, so that two pairs never share a name. */
export const sessionKey = ({ owner, sessionId }: Session): string => `${owner}#${sessionId}`;

/** Sorts turns by time; two of the same millisecond by request. */
export const turnKey = ({ createdAt, requestId }: NewTurn): string => `${createdAt}#${requestId}`;

/** The answer as far as it is kept. */
export const keptAnswer = (answer: string): string => truncateUtf8(answer, TURN_ANSWER_BYTES);
