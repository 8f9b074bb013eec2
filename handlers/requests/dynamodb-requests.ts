import type { DynamoDb } from "../aws/json-service";
import { epochMs, OPEN_PARTITIONS, type Item, fromItem, toItem } from "./request-items";
import { type DueRequest, standingOf, type Creation, type RequestStore } from "./requests";
import { type Patience, openTable, type RequestTable, type RequestTables } from "./dynamodb-table";
import {
  creationOver,
  creationSeconds,
  claim,
  close,
  finish,
  freeId,
  markSent,
  renew,
  requeue,
  withdrawable,
} from "./request-writes";

/** Index of the requests that have not ended: hash key `open`, range key `due_at`, keys only. */
const INDEX = "open-due";

/** How many requests a partition gives at once: sixteen times that are in the sweeper's hands. */
const LIMIT = 25;

interface Partition {
  readonly open: string;
  /** Where its last page ended. */
  readonly after?: Item;
}

/**
 * What the index shows as due at `nowMs`, a page of every partition at a time. The index lags behind the table: a
 * request may have moved on since, or be missing yet. Whoever acts on it does so by a write with a condition on the
 * table.
 */
export async function* dueRequests(
  dynamodb: DynamoDb,
  table: string,
  nowMs: number,
  signal?: AbortSignal,
): AsyncGenerator<readonly DueRequest[]> {
  let partitions: readonly Partition[] = OPEN_PARTITIONS.map((open) => ({ open }));
  while (partitions.length > 0) {
    const pages = await Promise.all(partitions.map((partition) => readPage(dynamodb, table, nowMs, partition, signal)));
    const due = pages.flatMap(({ requests }) => requests).sort((left, right) => left.dueMs - right.dueMs);
    if (due.length > 0) yield due;
    partitions = pages.flatMap(({ open, after }) => (after ? [{ open, after }] : []));
  }
}

async function readPage(
  dynamodb: DynamoDb,
  table: string,
  nowMs: number,
  { open, after }: Partition,
  signal?: AbortSignal,
) {
  const { Items = [], LastEvaluatedKey } = await dynamodb(
    "Query",
    {
      TableName: table,
      IndexName: INDEX,
      KeyConditionExpression: "#open = :open AND #due_at <= :now",
      ExpressionAttributeNames: { "#open": "open", "#due_at": "due_at" },
      ExpressionAttributeValues: { ":open": { S: open }, ":now": epochMs(nowMs) },
      Limit: LIMIT,
      ExclusiveStartKey: after,
    },
    signal,
  );
  const requests = Items.map(
    (item): DueRequest => ({
      requestId: item["request_id"]?.S ?? "",
      dueMs: Number(item["due_at"]?.N),
    }),
  );
  return { open, requests, after: LastEvaluatedKey };
}

/** No item has this key: request ids are UUIDs. */
const CHECK_KEY = "health-check";

/**
 * Requests in a DynamoDB table with the hash key `request_id` and the index `open-due`. `tables.sessions` is for
 * whoever finishes requests with a turn. `patience`: how to wait where a write meets a transaction. Default: by the
 * clock.
 */
export function dynamodbRequests(dynamodb: DynamoDb, tables: RequestTables, patience?: Patience): RequestStore {
  const table = openTable(dynamodb, tables, patience);
  return {
    ...admission(table),
    ...work(table),
    ...sweeping(table),
    due: (nowMs, signal) => dueRequests(dynamodb, tables.requests, nowMs, signal),
  };
}

function admission(table: RequestTable): Pick<RequestStore, "create" | "markSent" | "find" | "withdraw" | "check"> {
  const create: RequestStore["create"] = async (request, dueMs, signal): Promise<Creation> => {
    const written = await table.put(
      request.requestId,
      toItem(request, dueMs),
      freeId(creationSeconds(request)),
      signal,
    );
    if (written.done) return { outcome: "created" };
    // What was in the way and is gone again leaves the id free.
    return written.inTheWay ? creationOver(fromItem(written.inTheWay), request) : create(request, dueMs, signal);
  };
  return {
    create,
    async markSent(requestId, signal) {
      await table.update(requestId, markSent(), signal);
    },
    async find(requestId, signal) {
      const item = await table.get(requestId, signal);
      return item && fromItem(item);
    },
    async withdraw(requestId, signal) {
      const written = await table.delete(requestId, withdrawable(), signal);
      return written.done || written.inTheWay === undefined;
    },
    async check(signal) {
      await table.get(CHECK_KEY, signal);
    },
  };
}

function work(table: RequestTable): Pick<RequestStore, "claim" | "renew" | "finish"> {
  return {
    async claim(requestId, bid, signal) {
      const written = await table.update(requestId, claim(requestId, bid), signal);
      const item = written.done ? written.item : written.inTheWay;
      if (!item) return { outcome: "missing" };
      const request = fromItem(item);
      const standing = written.done ? "won" : standingOf(request, item["claimed_by"]?.S, bid);
      if (standing === "won") return { outcome: standing, request };
      // `open`: what was in the way has moved on since; another try will tell.
      return { outcome: standing === "open" ? "live" : standing };
    },
    async renew(requestId, attempt, leaseUntilMs, signal) {
      const written = await table.update(requestId, renew(attempt, leaseUntilMs), signal);
      if (written.done) return true;
      const request = written.inTheWay && fromItem(written.inTheWay);
      // A later renewal was faster.
      return request?.status === "processing" && request.attempt === attempt;
    },
    async finish(requestId, attempt, ending, turn, signal) {
      const ended = finish(attempt, ending);
      const written = await (turn
        ? table.updateWithTurn(requestId, ended, turn, signal)
        : table.update(requestId, ended, signal));
      // Finished by this attempt: the first try was written and its answer got lost.
      return written.done || written.inTheWay?.["finished_by"]?.N === String(attempt);
    },
  };
}

function sweeping(table: RequestTable): Pick<RequestStore, "close" | "requeue"> {
  return {
    close: async (requestId, ending, signal) => (await table.update(requestId, close(ending), signal)).done,
    requeue: async (due, nextDueMs, signal) =>
      (await table.update(due.requestId, requeue(due, nextDueMs), signal)).done,
  };
}
