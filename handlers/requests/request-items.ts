import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import {
  CorruptRecordError,
  REQUEST_STATUSES,
  type NewRequest,
  type RequestRecord,
  type RequestStatus,
  type StoredResult,
} from "./requests";

/** An item of a DynamoDB table. */
export type Item = Record<string, AttributeValue>;

/**
 * Milliseconds after its creation at which a request's deadline passes, where the release that wrote it knew no
 * deadlines.
 */
export const DEFAULT_DEADLINE_MS = 86_400_000;

/** Partitions of the index of open requests: what a request id, a UUID, begins with. Sixteen share the writes. */
export const OPEN_PARTITIONS = [..."0123456789abcdef"] as const;

/** The partition of the index of open requests that a request stands in. */
export const openPartition = (requestId: string): string => requestId.charAt(0).toLowerCase();

/**
 * The item of a request that was just accepted. `dueMs`: epoch milliseconds from which the index of open requests shows
 * it to the sweeper.
 */
export function toItem(request: NewRequest, dueMs: number): Item {
  return {
    request_id: { S: request.requestId },
    owner: { S: request.owner },
    status: { S: "queued" },
    prompt: { S: request.prompt },
    ...(request.sessionId !== undefined && { session_id: { S: request.sessionId } }),
    created_at: { S: request.createdAt },
    updated_at: { S: request.createdAt },
    deadline_at: epochMs(request.deadlineMs),
    expires_at: { N: String(request.expiresAt) },
    sent: { BOOL: false },
    attempt: { N: "0" },
    requeues: { N: "0" },
    open: { S: openPartition(request.requestId) },
    due_at: epochMs(dueMs),
  };
}

/** A moment as it is kept: a whole number, as {@link fromItem} refuses any other. */
export const epochMs = (ms: number): AttributeValue => ({ N: String(Math.round(ms)) });

/**
 * The request in an item, this release's or the one's before, which had no `deadline_at`, `sent` and `requeues`.
 * Throws {@link CorruptRecordError}, which names the attribute.
 */
export function fromItem(item: Item): RequestRecord {
  const sessionId = item["session_id"]?.S;
  const result = resultOf(item);
  const failureCode = item["error_code"]?.S;
  return {
    requestId: text(item, "request_id"),
    owner: text(item, "owner"),
    status: statusOf(item),
    prompt: text(item, "prompt"),
    ...(sessionId !== undefined && { sessionId }),
    createdAt: text(item, "created_at"),
    updatedAt: text(item, "updated_at"),
    deadlineMs: item["deadline_at"] ? numeric(item, "deadline_at") : momentOf(item, "created_at") + DEFAULT_DEADLINE_MS,
    expiresAt: numeric(item, "expires_at"),
    sent: item["sent"]?.BOOL ?? false,
    attempt: numeric(item, "attempt"),
    requeues: item["requeues"] ? numeric(item, "requeues") : 0,
    ...(item["lease_until"] && { leaseUntilMs: numeric(item, "lease_until") }),
    ...(result && { result }),
    ...(failureCode !== undefined && { failure: { code: failureCode, message: text(item, "error_message") } }),
  };
}

/** The attributes that hold a stored result. */
export function resultAttributes(result: StoredResult): Item {
  return "json" in result
    ? { result: { S: result.json } }
    : { result_key: { S: result.key }, result_sha256: { S: result.sha256 } };
}

function resultOf(item: Item): StoredResult | undefined {
  if (item["result"]) return { json: text(item, "result") };
  if (item["result_key"]) return { key: text(item, "result_key"), sha256: text(item, "result_sha256") };
  return undefined;
}

function statusOf(item: Item): RequestStatus {
  const status = REQUEST_STATUSES.find((known) => known === item["status"]?.S);
  return status ?? corrupt(item, "status");
}

function text(item: Item, name: string): string {
  return item[name]?.S ?? corrupt(item, name);
}

function numeric(item: Item, name: string): number {
  const value = Number(item[name]?.N ?? NaN);
  return Number.isSafeInteger(value) ? value : corrupt(item, name);
}

function momentOf(item: Item, name: string): number {
  const ms = Date.parse(text(item, name));
  return Number.isNaN(ms) ? corrupt(item, name) : ms;
}

function corrupt(item: Item, name: string): never {
  throw new CorruptRecordError(
    `Request ${item["request_id"]?.S ?? "without id"}: the attribute ${name} is missing or malformed`,
  );
}
