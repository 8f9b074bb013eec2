import type { DynamoDb } from "../clients/dynamodb";
import { epochMs, OPEN_PARTITIONS, type Item } from "./request-items";
import type { DueRequest } from "./requests";

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
