import type { DynamoDb } from "../clients/dynamodb";
import { standingOf } from "./claims";
import type { Patience } from "./contention";
import { creationOver, creationSeconds } from "./creations";
import { dueRequests } from "./dynamodb-due";
import { openTable, type RequestTable, type RequestTables } from "./dynamodb-table";
import { fromItem, toItem } from "./request-items";
import { claim, close, finish, freeId, markSent, renew, requeue, withdrawable } from "./request-writes";
import type { Creation, RequestStore } from "./requests";

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
