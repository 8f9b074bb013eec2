import { ConditionalCheckFailedException, UpdateItemCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { createHash } from "node:crypto";
import type { QuotaStore } from "./quotas";

/**
 * The counts in the table of requests, beside them: no request has such an id, as theirs are UUIDs, and the index of
 * open requests has none of them. The owner is hashed, because a key may be longer than an item's may.
 */
export function dynamodbQuotas(client: DynamoDBClient, table: string): QuotaStore {
  return {
    take: async ({ owner, day, limit, expiresAt }, abortSignal) => {
      const command = new UpdateItemCommand({
        TableName: table,
        Key: { request_id: { S: `quota#${day}#${createHash("sha256").update(owner).digest("hex")}` } },
        UpdateExpression: "SET #expires_at = :expires_at ADD #begun :one",
        ConditionExpression: "attribute_not_exists(#begun) OR #begun < :limit",
        ExpressionAttributeNames: { "#expires_at": "expires_at", "#begun": "begun" },
        ExpressionAttributeValues: { ":expires_at": { N: String(expiresAt) }, ":one": { N: "1" }, ":limit": { N: String(limit) } },
      });
      try {
        await client.send(command, { abortSignal });
        return true;
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return false;
        throw error;
      }
    },
  };
}
