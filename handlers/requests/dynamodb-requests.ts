import { randomUUID } from "node:crypto";
import type { QueryInput, QueryOutput } from "@aws-sdk/client-dynamodb";
import type { DynamoDb } from "../aws/json-service";
import { pause } from "../deadline";
import {
  fromItem,
  OPEN_PARTITIONS,
  requireFreeId,
  requireUnsent,
  toItem,
  toNumber,
  writeClaim,
  writeClose,
  writeFinish,
  writeRenewal,
  writeRequeue,
  writeSentMark,
  type Condition,
  type Item,
  type Write,
} from "./request-items";
import {
  compareCreation,
  creationSeconds,
  judgeBid,
  type DueRequest,
  type RequestStore,
  type SessionTurn,
} from "./requests";
import { toTurnItem, toVersionKey, writeTurnCount } from "./sessions";

/** Names of the tables. */
export interface RequestTables {
  /** A table with the hash key `request_id` and the index `open-due`. */
  readonly requests: string;
  /** Default: requests cannot be finished with a turn. */
  readonly sessions?: string;
}

/** How to wait. */
export interface Patience {
  /** Returns a number from 0 to less than 1. */
  random(): number;
  /** Resolves after `ms` milliseconds. Rejects once `signal` is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<unknown>;
}

/** Waits by the clock. */
export const PATIENCE: Patience = { random: Math.random, sleep: pause };

/** No request has this id: request ids are UUIDs. */
const CHECK_ID = "health-check";

/**
 * Opens the requests in DynamoDB.
 * @param patience how to wait before a write that met a transaction is sent again. Default: by the clock
 */
export function dynamodbRequests(
  dynamodb: DynamoDb,
  tables: RequestTables,
  patience: Patience = PATIENCE,
): RequestStore {
  const table = openTable(dynamodb, tables, patience);
  const store: RequestStore = {
    async create(request, dueMs, signal) {
      const condition = requireFreeId(creationSeconds(request));
      const written = await table.put(toItem(request, dueMs), condition, signal);
      if (written.done) return { outcome: "created" };
      // The item that broke the condition may be gone by now, and the id is free then.
      return written.obstacle
        ? compareCreation(fromItem(written.obstacle), request)
        : store.create(request, dueMs, signal);
    },
    async markSent(requestId, signal) {
      await table.update(requestId, writeSentMark(), signal);
    },
    async find(requestId, signal) {
      const item = await table.get(requestId, signal);
      return item && fromItem(item);
    },
    async withdraw(requestId, signal) {
      const written = await table.delete(requestId, requireUnsent(), signal);
      return written.done || written.obstacle === undefined;
    },
    async claim(requestId, bid, signal) {
      const written = await table.update(requestId, writeClaim(bid), signal);
      const item = written.done ? written.item : written.obstacle;
      if (!item) return { outcome: "missing" };
      const request = fromItem(item);
      const outcome = written.done ? "won" : judgeBid(request, item["claimed_by"]?.S, bid);
      if (outcome === "won") return { outcome, request };
      // An open request has moved on since it broke the condition; another try will find out.
      return { outcome: outcome === "open" ? "live" : outcome };
    },
    async renew({ requestId, attempt }, leaseUntilMs, signal) {
      const written = await table.update(requestId, writeRenewal(attempt, leaseUntilMs), signal);
      if (written.done) return true;
      const request = written.obstacle && fromItem(written.obstacle);
      // The attempt still holds the request if a later renewal arrived first.
      return request?.status === "processing" && request.attempt === attempt;
    },
    async finish({ requestId, attempt }, { turn, ...ending }, signal) {
      const write = writeFinish(attempt, ending);
      const written = await (turn
        ? table.updateWithTurn({ requestId, write, turn }, signal)
        : table.update(requestId, write, signal));
      // If this attempt has finished the request, its first try was written and only the answer was lost.
      return written.done || written.obstacle?.["finished_by"]?.N === String(attempt);
    },
    close: async (requestId, ending, signal) => (await table.update(requestId, writeClose(ending), signal)).done,
    requeue: async (due, nextDueMs, signal) =>
      (await table.update(due.requestId, writeRequeue(due, nextDueMs), signal)).done,
    due: (nowMs, signal) => readDueRequests((input) => dynamodb("Query", input, signal), tables.requests, nowMs),
    async check(signal) {
      await table.get(CHECK_ID, signal);
    },
  };
  return store;
}

/**
 * The outcome of a conditional write: the updated item if the write asked for it, or the item that broke the
 * condition, if there is one.
 */
type Written = { readonly done: true; readonly item?: Item } | { readonly done: false; readonly obstacle?: Item };

const RETURN_OBSTACLE = { ReturnValuesOnConditionCheckFailure: "ALL_OLD" } as const;

/** Opens the table of requests for reads by id and conditional writes. */
function openTable(dynamodb: DynamoDb, { requests, sessions }: RequestTables, patience: Patience) {
  const keyOf = (requestId: string) => ({ TableName: requests, Key: { request_id: { S: requestId } } });
  /** Reads consistently, because a poll right after the 202 must find the request and caches keep a 404. */
  const get = async (requestId: string, signal?: AbortSignal) =>
    (await dynamodb("GetItem", { ...keyOf(requestId), ConsistentRead: true }, signal)).Item;
  const attempt = async (
    requestId: string,
    send: () => Promise<{ readonly Attributes?: Item }>,
    signal?: AbortSignal,
  ): Promise<Written> => {
    try {
      return { done: true, item: (await retryContended(send, patience, signal)).Attributes };
    } catch (error) {
      // Some emulators do not return the item.
      return { done: false, obstacle: readObstacle(error) ?? (await get(requestId, signal)) };
    }
  };
  return {
    get,
    put: (item: Item, condition: Condition, signal?: AbortSignal) =>
      attempt(
        item["request_id"]?.S ?? "",
        () => dynamodb("PutItem", { TableName: requests, Item: item, ...condition, ...RETURN_OBSTACLE }, signal),
        signal,
      ),
    update: (requestId: string, write: Write, signal?: AbortSignal) =>
      attempt(
        requestId,
        () => dynamodb("UpdateItem", { ...keyOf(requestId), ...write, ...RETURN_OBSTACLE }, signal),
        signal,
      ),
    delete: (requestId: string, condition: Condition, signal?: AbortSignal) =>
      attempt(
        requestId,
        () => dynamodb("DeleteItem", { ...keyOf(requestId), ...condition, ...RETURN_OBSTACLE }, signal),
        signal,
      ),
    /** Updates the request and keeps the turn in one transaction. */
    updateWithTurn: (
      { requestId, write, turn }: { readonly requestId: string; readonly write: Write; readonly turn: SessionTurn },
      signal?: AbortSignal,
    ) => {
      const items = [
        { Update: { ...keyOf(requestId), ...write, ...RETURN_OBSTACLE } },
        ...makeTurnWrites(turn, sessions),
      ];
      const send = async () => {
        await dynamodb("TransactWriteItems", { TransactItems: items, ClientRequestToken: randomUUID() }, signal);
        return {};
      };
      return attempt(requestId, send, signal);
    },
  };
}

function makeTurnWrites({ session, turn }: SessionTurn, table: string | undefined) {
  if (table === undefined)
    throw new Error("A request cannot be finished with a turn: the name of the table of sessions was not given");
  return [
    { Put: { TableName: table, Item: toTurnItem(session, turn) } },
    { Update: { TableName: table, Key: toVersionKey(session), ...writeTurnCount(turn) } },
  ];
}

interface Refusal {
  readonly name?: string;
  readonly Item?: Item;
  readonly CancellationReasons?: readonly { readonly Code?: string; readonly Item?: Item }[];
}

/** Reads the item that broke a condition. Throws any other error. Only a transaction's first write has a condition. */
function readObstacle(error: unknown): Item | undefined {
  const { name, CancellationReasons: reasons = [], Item: item } = error as Refusal;
  if (name === "ConditionalCheckFailedException") return item;
  if (name === "TransactionCanceledException" && reasons[0]?.Code === "ConditionalCheckFailed") return reasons[0].Item;
  throw error;
}

/** How often a write is sent at most. */
export const MAX_TRIES = 8;
/** Milliseconds of the first wait at most. Each later wait may be twice as long. */
export const FIRST_WAIT_MS = 50;
/** Milliseconds of any wait at most. All seven stay under the 5 s that a worker reserves to write its result. */
export const LONGEST_WAIT_MS = 1_000;

/** Codes with which DynamoDB cancels a transaction that may succeed a moment later. */
const PASSING_REASONS = new Set(["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"]);

/**
 * Sends a write again if it met another transaction on its item, or a throttled write in its own. It waits with full
 * jitter. The SDK repeats neither, as it regards both as the caller's mistake.
 */
export async function retryContended<T>(write: () => Promise<T>, patience: Patience, signal?: AbortSignal): Promise<T> {
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
  const { name, CancellationReasons: reasons = [] } = error as Refusal;
  return name === "TransactionConflictException" || reasons.some(({ Code: code }) => PASSING_REASONS.has(code ?? ""));
}

/** Index of the requests that have not ended: hash key `open`, range key `due_at`, keys only. */
const INDEX = "open-due";
/** Requests in a page of one partition. The sweeper holds up to sixteen such pages. */
const PAGE_SIZE = 25;

interface Partition {
  readonly open: string;
  /** Key of the last item that was read. */
  readonly after?: Item;
}

/**
 * Yields what the index shows as due at `nowMs`, a page of every partition at a time. The index lags behind the table,
 * so that whoever acts on a request does so by a conditional write on the table.
 */
async function* readDueRequests(
  query: (input: QueryInput) => Promise<QueryOutput>,
  table: string,
  nowMs: number,
): AsyncGenerator<readonly DueRequest[]> {
  const readPage = async ({ open, after }: Partition) => {
    const { Items: items = [], LastEvaluatedKey: last } = await query({
      TableName: table,
      IndexName: INDEX,
      KeyConditionExpression: "#open = :open AND #due_at <= :now",
      ExpressionAttributeNames: { "#open": "open", "#due_at": "due_at" },
      ExpressionAttributeValues: { ":open": { S: open }, ":now": toNumber(nowMs) },
      Limit: PAGE_SIZE,
      ExclusiveStartKey: after,
    });
    return { open, items, after: last };
  };
  let partitions: readonly Partition[] = OPEN_PARTITIONS.map((open) => ({ open }));
  while (partitions.length > 0) {
    const pages = await Promise.all(partitions.map(readPage));
    const due = pages
      .flatMap(({ items }) => items)
      .map((item) => ({ requestId: item["request_id"]?.S ?? "", dueMs: Number(item["due_at"]?.N) }))
      .sort((left, right) => left.dueMs - right.dueMs);
    if (due.length > 0) yield due;
    partitions = pages.filter(({ after }) => after !== undefined);
  }
}
