import type { Turn } from "../agents/agent";
import type { DynamoDb } from "../aws/json-service";
import type { ReadCache } from "./read-cache";
import type { Item } from "./request-items";

/** How many of the last turns an agent receives. */
export const HISTORY_TURNS = 10;

/** Bytes of UTF-8 kept of a turn's answer. Ten turns with prompts of 32 KiB fit into one 1 MiB page of a query. */
export const TURN_ANSWER_BYTES = 16 * 1024;

/** The session of one caller. The same id of another caller is another session. */
export interface Session {
  readonly owner: string;
  readonly sessionId: string;
}

/** A turn to keep. */
export interface NewTurn extends Turn {
  /** ISO 8601: the creation of the request. Turns are read in this order. */
  readonly createdAt: string;
  readonly requestId: string;
  /** Epoch seconds after which the turn counts as gone. */
  readonly expiresAt: number;
}

/**
 * Where the turns of sessions are read. Each turn is an item of its own, so that concurrent requests of one session
 * lose none, and is written together with the end of its request.
 */
export interface SessionStore {
  /**
   * Reads the last {@link HISTORY_TURNS} turns that have not expired by `nowMs`, oldest first. Rejects if the store
   * cannot be reached; `signal` bounds its time.
   */
  recent(session: Session, nowMs: number, signal?: AbortSignal): Promise<Turn[]>;
}

/** Names a session across callers. A session id contains no `#`, so that two sessions never share a name. */
export const nameSession = ({ owner, sessionId }: Session): string => `${owner}#${sessionId}`;

/** Key by which turns sort: by time, and two of the same millisecond by request. */
export const turnKey = ({ createdAt, requestId }: NewTurn): string => `${createdAt}#${requestId}`;

/** Cuts an answer between characters to at most `maxBytes` of UTF-8. */
export function cutAnswer(answer: string, maxBytes = TURN_ANSWER_BYTES): string {
  if (Buffer.byteLength(answer) <= maxBytes) return answer;
  // A streaming decoder withholds the character that the cut went through.
  const kept = Buffer.from(answer).subarray(0, maxBytes);
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(kept, { stream: true });
}

/** Range key of the item that counts a session's turns. It sorts after every date. */
export const VERSION_KEY = "~version";

/** The key of the item that counts a session's turns. */
export const toVersionKey = (session: Session): Item => ({
  session: { S: nameSession(session) },
  turn: { S: VERSION_KEY },
});

/** Converts a turn to its item, with the answer cut. */
export function toTurnItem(session: Session, turn: NewTurn): Item {
  return {
    session: { S: nameSession(session) },
    turn: { S: turnKey(turn) },
    prompt: { S: turn.prompt },
    answer: { S: cutAnswer(turn.answer) },
    expires_at: { N: String(turn.expiresAt) },
  };
}

/** The update that counts one more turn. The count lives as long as the newest turn. */
export const writeTurnCount = ({ expiresAt }: NewTurn) => ({
  UpdateExpression: "SET #expires_at = :expires ADD #version :one",
  ExpressionAttributeNames: { "#expires_at": "expires_at", "#version": "version" },
  ExpressionAttributeValues: { ":expires": { N: String(expiresAt) }, ":one": { N: "1" } },
});

/**
 * Opens the sessions in a DynamoDB table with the hash key `session` and the range key `turn`. `cache` keeps the turns
 * under the session's version, which every new turn changes, so that cached turns are never out of date.
 */
export function dynamodbSessions(dynamodb: DynamoDb, table: string, cache: ReadCache): SessionStore {
  // Both reads are consistent: a caller who asks again at once must be answered in the light of the last answer.
  const readVersion = async (session: Session, signal?: AbortSignal) => {
    const input = { TableName: table, Key: toVersionKey(session), ConsistentRead: true };
    return (await dynamodb("GetItem", input, signal)).Item?.["version"]?.N;
  };
  const readTurns = async (session: Session, signal?: AbortSignal): Promise<Item[]> => {
    const input = {
      TableName: table,
      KeyConditionExpression: "#session = :session AND #turn < :version",
      ExpressionAttributeNames: { "#session": "session", "#turn": "turn" },
      ExpressionAttributeValues: { ":session": { S: nameSession(session) }, ":version": { S: VERSION_KEY } },
      ScanIndexForward: false,
      Limit: HISTORY_TURNS,
      ConsistentRead: true,
    };
    return ((await dynamodb("Query", input, signal)).Items ?? []).reverse();
  };
  return {
    async recent(session, nowMs, signal) {
      const version = await readVersion(session, signal);
      if (version === undefined) return [];
      // A turn that is added between the two reads is cached under the earlier version. That version is never read
      // again.
      const key = `turns#${version}#${nameSession(session)}`;
      const turns = await cache.get(key, () => readTurns(session, signal));
      return (turns ?? [])
        .filter((item) => Number(item["expires_at"]?.N) * 1000 > nowMs)
        .map((item) => ({ prompt: item["prompt"]?.S ?? "", answer: item["answer"]?.S ?? "" }));
    },
  };
}
