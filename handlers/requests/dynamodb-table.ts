import { pause } from "../deadline";
import { randomUUID } from "node:crypto";
import type { DynamoDb } from "../aws/json-service";
import type { Item } from "./request-items";
import type { Condition, Write } from "./request-writes";
import type { TurnOfEnding } from "./requests";
import { countTurn, toTurnItem, versionKey } from "./sessions";

/** How to wait. */
export interface Patience {
  /** From 0 up to but not 1. */
  random(): number;
  /** Resolves after `ms` milliseconds. Rejects once `signal` is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<unknown>;
}

const PATIENCE: Patience = { random: Math.random, sleep: pause };

/** How often a write is sent at most. */
export const MAX_TRIES = 8;
/** Milliseconds of the first wait at most; each later one may be twice as long. */
export const FIRST_WAIT_MS = 50;
/**
 * Milliseconds of any wait at most: all seven together stay under the 5 s that a worker keeps back to write its result.
 */
export const LONGEST_WAIT_MS = 1_000;

/** Why DynamoDB cancels a transaction that may succeed a moment later. */
const PASSING = new Set(["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"]);

/**
 * Runs a write again that met another on the same item in a transaction, or a throttled one in it, after a wait with
 * full jitter. The SDK repeats neither: to it both are the caller's mistake. Rejects with what the last try rejected
 * with.
 */
export async function retryContended<T>(
  write: () => Promise<T>,
  signal?: AbortSignal,
  patience: Patience = PATIENCE,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await write();
    } catch (error) {
      if (tries === MAX_TRIES || !isContention(error)) throw error;
      await patience.sleep(patience.random() * Math.min(FIRST_WAIT_MS * 2 ** (tries - 1), LONGEST_WAIT_MS), signal);
    }
  }
}

function isContention(error: unknown): boolean {
  const { name, CancellationReasons: reasons = [] } = error as {
    readonly name?: string;
    readonly CancellationReasons?: readonly { readonly Code?: string }[];
  };
  return name === "TransactionConflictException" || reasons.some(({ Code: code }) => PASSING.has(code ?? ""));
}

/** Names of the tables. */
export interface RequestTables {
  readonly requests: string;
  /** Default: no request can be finished with a turn. */
  readonly sessions?: string;
}

/**
 * What came of a conditional write: the item after it, where it was asked for, or the item that broke the condition, if
 * there is one.
 */
export type Written =
  | { readonly done: true; readonly item?: Item }
  | { readonly done: false; readonly inTheWay?: Item };

/** The table of requests: what it holds under an id, and writes to that under a condition. */
export interface RequestTable {
  /** Consistent: a poll right after the 202 must not find nothing, and caches keep a 404. */
  get(requestId: string, signal?: AbortSignal): Promise<Item | undefined>;
  put(requestId: string, item: Item, condition: Condition, signal?: AbortSignal): Promise<Written>;
  update(requestId: string, write: Write, signal?: AbortSignal): Promise<Written>;
  /** Keeps the turn in the same transaction. */
  updateWithTurn(requestId: string, write: Write, turn: TurnOfEnding, signal?: AbortSignal): Promise<Written>;
  delete(requestId: string, condition: Condition, signal?: AbortSignal): Promise<Written>;
}

const TELL = { ReturnValuesOnConditionCheckFailure: "ALL_OLD" } as const;

/** The table in DynamoDB. */
export function openTable(
  dynamodb: DynamoDb,
  { requests, sessions }: RequestTables,
  patience?: Patience,
): RequestTable {
  const at = (requestId: string) => ({ TableName: requests, Key: { request_id: { S: requestId } } });
  const get = async (requestId: string, signal?: AbortSignal) =>
    (await dynamodb("GetItem", { ...at(requestId), ConsistentRead: true }, signal)).Item;
  const attempt = async (
    requestId: string,
    send: () => Promise<{ readonly Attributes?: Item }>,
    signal?: AbortSignal,
  ): Promise<Written> => {
    try {
      return { done: true, item: (await retryContended(send, signal, patience)).Attributes };
    } catch (error) {
      const { Item: told } = brokenCondition(error);
      // Not every emulator tells the item.
      return { done: false, inTheWay: told ?? (await get(requestId, signal)) };
    }
  };
  return {
    get,
    put: (requestId, item, condition, signal) =>
      attempt(
        requestId,
        () => dynamodb("PutItem", { TableName: requests, Item: item, ...condition, ...TELL }, signal),
        signal,
      ),
    update: (requestId, write, signal) =>
      attempt(requestId, () => dynamodb("UpdateItem", { ...at(requestId), ...write, ...TELL }, signal), signal),
    updateWithTurn: (requestId, write, turn, signal) => {
      const items = [{ Update: { ...at(requestId), ...write, ...TELL } }, ...turnWrites(turn, sessions)];
      const send = async () => {
        await dynamodb("TransactWriteItems", { TransactItems: items, ClientRequestToken: randomUUID() }, signal);
        return {};
      };
      return attempt(requestId, send, signal);
    },
    delete: (requestId, condition, signal) =>
      attempt(requestId, () => dynamodb("DeleteItem", { ...at(requestId), ...condition, ...TELL }, signal), signal),
  };
}

function turnWrites({ session, turn }: TurnOfEnding, table: string | undefined) {
  if (table === undefined)
    throw new Error("A request cannot be finished with a turn: the name of the table of sessions was not given");
  return [
    { Put: { TableName: table, Item: toTurnItem(session, turn) } },
    { Update: { TableName: table, Key: versionKey(session), ...countTurn(turn) } },
  ];
}

/**
 * What DynamoDB tells of the item that broke a condition. Throws any other error. In a transaction only the first write
 * has a condition.
 */
function brokenCondition(error: unknown): { readonly Item?: Item } {
  const { name, CancellationReasons: reasons = [], Item: item } = error as Refusal;
  if (name === "ConditionalCheckFailedException") return item ? { Item: item } : {};
  const [first] = name === "TransactionCanceledException" ? reasons : [];
  if (first?.Code === "ConditionalCheckFailed") return first;
  throw error;
}

interface Refusal {
  readonly name?: string;
  readonly Item?: Item;
  readonly CancellationReasons?: readonly { readonly Code?: string; readonly Item?: Item }[];
}
