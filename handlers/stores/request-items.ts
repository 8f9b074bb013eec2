import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { CorruptRecordError, REQUEST_STATUSES, type NewRequest, type RequestRecord, type RequestStatus, type StoredResult } from "./requests";

/** An item of a DynamoDB table. */
export type Item = Record<string, AttributeValue>;

/** The item of a request that was just accepted. */
export function toItem(request: NewRequest): Item {
  return {
    request_id: { S: request.requestId },
    owner: { S: request.owner },
    status: { S: "queued" },
    prompt: { S: request.prompt },
    ...(request.sessionId !== undefined && { session_id: { S: request.sessionId } }),
    created_at: { S: request.createdAt },
    updated_at: { S: request.createdAt },
    expires_at: { N: String(request.expiresAt) },
    attempt: { N: "0" },
  };
}

/** The request in an item. Throws {@link CorruptRecordError}, which names the attribute. */
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
    expiresAt: numeric(item, "expires_at"),
    attempt: numeric(item, "attempt"),
    ...(result && { result }),
    ...(failureCode !== undefined && { failure: { code: failureCode, message: text(item, "error_message") } }),
  };
}

/** The attributes that hold a stored result. */
export function resultAttributes(result: StoredResult): Item {
  return "json" in result ? { result: { S: result.json } } : { result_key: { S: result.key }, result_sha256: { S: result.sha256 } };
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

function corrupt(item: Item, name: string): never {
  throw new CorruptRecordError(`Request ${item["request_id"]?.S ?? "without id"}: the attribute ${name} is missing or malformed`);
}
