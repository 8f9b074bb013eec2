import { QuotaExceededError } from "../http/errors";
import { createHash } from "node:crypto";
import type { DynamoDb } from "../aws/json-service";

/** One more of what an owner may have a day. */
export interface Taking {
  readonly owner: string;
  /** `YYYY-MM-DD`. */
  readonly day: string;
  /** How many there may be, from 1. */
  readonly limit: number;
  /** Epoch seconds from which the count is of no use. */
  readonly expiresAt: number;
}

/** Counts, for each owner and day. Rejects where it cannot be reached. */
export interface QuotaStore {
  /**
   * False where there are as many as may be; nothing is counted then. Of those who race for the last one, one gets it.
   */
  take(taking: Taking, signal?: AbortSignal): Promise<boolean>;
}

const DAY_MS = 86_400_000;

/** Lets an owner begin one request more, or rejects with {@link QuotaExceededError}. */
export type CallerQuota = (owner: string, signal: AbortSignal) => Promise<void>;

export interface QuotaParts {
  readonly store: QuotaStore;
  /** Requests that each owner may begin a day, in UTC; 0 = any number, and nothing is counted. */
  readonly perDay: number;
  readonly nowMs: () => number;
}

/**
 * Counts what each owner begins, so that nobody spends all of the agents' money. Repetitions under a key count too:
 * whether they are such is known only later. A count whose answer gets lost may count twice; none is forgotten.
 */
export function callerQuota({ store, perDay, nowMs }: QuotaParts): CallerQuota {
  return async (owner, signal) => {
    if (perDay === 0) return;
    const now = nowMs();
    const day = new Date(now).toISOString().slice(0, 10);
    const midnightMs = Date.parse(day) + DAY_MS;
    // A day longer than it counts, as clocks differ.
    if (await store.take({ owner, day, limit: perDay, expiresAt: (midnightMs + DAY_MS) / 1_000 }, signal)) return;
    throw new QuotaExceededError(
      `Each caller may begin ${perDay} requests a day (UTC), and this one has. Send it again after midnight.`,
      Math.ceil((midnightMs - now) / 1_000),
    );
  };
}

/**
 * The counts in the table of requests, beside them: no request has such an id, as theirs are UUIDs, and the index of
 * open requests has none of them. The owner is hashed, because a key may be longer than an item's may.
 */
export function dynamodbQuotas(dynamodb: DynamoDb, table: string): QuotaStore {
  return {
    take: async ({ owner, day, limit, expiresAt }, signal) => {
      const count: Parameters<typeof dynamodb<"UpdateItem">>[1] = {
        TableName: table,
        Key: { request_id: { S: `quota#${day}#${createHash("sha256").update(owner).digest("hex")}` } },
        UpdateExpression: "SET #expires_at = :expires_at ADD #begun :one",
        ConditionExpression: "attribute_not_exists(#begun) OR #begun < :limit",
        ExpressionAttributeNames: { "#expires_at": "expires_at", "#begun": "begun" },
        ExpressionAttributeValues: {
          ":expires_at": { N: String(expiresAt) },
          ":one": { N: "1" },
          ":limit": { N: String(limit) },
        },
      };
      try {
        await dynamodb("UpdateItem", count, signal);
        return true;
      } catch (error) {
        if ((error as Error).name === "ConditionalCheckFailedException") return false;
        throw error;
      }
    },
  };
}
