import type { Turn } from "../agents/agent";
import { truncateUtf8 } from "../http/http";
import type { Item } from "./request-items";
import type { DynamoDb } from "../aws/json-service";
import type { ReadCache } from "./read-cache";

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

/**
 * Sessions in a DynamoDB table with the hash key `session` and the range key `turn`. The turns are kept in `cache`
 * under the session's version, which `finish` moves with every turn: a kept context is never older than the last turn.
 */
export function dynamodbSessions(dynamodb: DynamoDb, table: string, cache: ReadCache): SessionStore {
  return {
    async recent(session, nowMs, signal) {
      const version = await readVersion(dynamodb, table, session, signal);
      const read = () => readTurns(dynamodb, table, session, signal);
      // Without a version there are no turns, or only such as the release before kept, which counted none.
      // A turn added between the two reads is kept under the version before it: younger than asked for, which does no
      // harm.
      const turns =
        version === undefined ? await read() : await cache.get(`turns#${version}#${sessionKey(session)}`, read);
      return (turns ?? [])
        .filter(({ expiresAt }) => expiresAt * 1000 > nowMs)
        .map(({ prompt, answer }) => ({ prompt, answer }));
    },
  };
}

async function readVersion(
  dynamodb: DynamoDb,
  table: string,
  session: Session,
  signal?: AbortSignal,
): Promise<string | undefined> {
  // A caller who asks again at once is answered in the light of the last answer: both reads are consistent.
  const { Item } = await dynamodb(
    "GetItem",
    { TableName: table, Key: versionKey(session), ConsistentRead: true },
    signal,
  );
  return Item?.["version"]?.N;
}

/** The last turns, oldest first, expired ones too. */
async function readTurns(
  dynamodb: DynamoDb,
  table: string,
  session: Session,
  signal?: AbortSignal,
): Promise<KeptTurn[]> {
  const { Items = [] } = await dynamodb(
    "Query",
    {
      TableName: table,
      KeyConditionExpression: "#session = :session AND #turn < :version",
      ExpressionAttributeNames: { "#session": "session", "#turn": "turn" },
      ExpressionAttributeValues: { ":session": { S: sessionKey(session) }, ":version": { S: VERSION_KEY } },
      ScanIndexForward: false,
      Limit: HISTORY_TURNS,
      ConsistentRead: true,
    },
    signal,
  );
  return Items.map(fromTurnItem).reverse();
}
