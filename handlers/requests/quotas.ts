import { createHash } from "node:crypto";
import type { DynamoDb } from "../aws/json-service";
import { QuotaExceededError } from "../http/errors";

const DAY_MS = 86_400_000;

/** One more request of an owner on a day. */
export interface QuotaUse {
  readonly owner: string;
  /** `YYYY-MM-DD`. */
  readonly day: string;
  /** How many requests the owner may start on that day, from 1. */
  readonly limit: number;
  /** Epoch seconds after which the count is useless. */
  readonly expiresAt: number;
}

/** Counts requests for each owner and day. Rejects if it cannot be reached. */
export interface QuotaStore {
  /** Counts a use. Returns false, and counts nothing, at the limit. Of several that race for the last, one gets it. */
  use(quotaUse: QuotaUse, signal?: AbortSignal): Promise<boolean>;
}

/** Lets an owner start one more request, or rejects with {@link QuotaExceededError}. */
export type CallerQuota = (owner: string, signal: AbortSignal) => Promise<void>;

export interface QuotaParts {
  readonly store: QuotaStore;
  /** Requests that each owner may start a day, in UTC. 0 = any number, and nothing is counted. */
  readonly perDay: number;
  readonly nowMs: () => number;
}

/**
 * Limits what each owner starts, so that nobody spends all of the agents' money. Repetitions under a key count too,
 * because they are recognised only later. If a count's answer is lost it may count twice; no request goes uncounted.
 */
export function callerQuota({ store, perDay, nowMs }: QuotaParts): CallerQuota {
  return async (owner, signal) => {
    if (perDay === 0) return;
    const now = nowMs();
    const day = new Date(now).toISOString().slice(0, 10);
    const midnightMs = Date.parse(day) + DAY_MS;
    // The count is kept for another day, because clocks differ.
    if (await store.use({ owner, day, limit: perDay, expiresAt: (midnightMs + DAY_MS) / 1_000 }, signal)) return;
    throw new QuotaExceededError(
      `Each caller may start ${perDay} requests a day (UTC), and this caller has. Send the request after midnight.`,
      Math.ceil((midnightMs - now) / 1_000),
    );
  };
}

/**
 * Counts in the table of requests. No request has such an id, and the index of open requests does not contain counts.
 * The owner is hashed, because it may be longer than a key may be.
 */
export function dynamodbQuotas(dynamodb: DynamoDb, table: string): QuotaStore {
  return {
    async use({ owner, day, limit, expiresAt }, signal) {
      const count = {
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
