import { createHash } from "node:crypto";
import type { DynamoDb } from "../clients/dynamodb";
import type { QuotaStore } from "./quotas";

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
