import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import {
  CorruptRecordError,
  MAX_ATTEMPTS,
  REQUEST_STATUSES,
  type Bid,
  type DueRequest,
  type Ending,
  type NewRequest,
  type RequestRecord,
  type StoredResult,
} from "./requests";

/** An item of a DynamoDB table. */
export type Item = Record<string, AttributeValue>;

/** Partitions of the index of open requests: the first digit of a request id, a UUID. Sixteen share the writes. */
export const OPEN_PARTITIONS = [..."0123456789abcdef"] as const;

/**
 * Converts an accepted request to its item.
 * @param dueMs epoch milliseconds from which the index of open requests shows it to the sweeper
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
    deadline_at: toNumber(request.deadlineMs),
    expires_at: toNumber(request.expiresAt),
    sent: { BOOL: false },
    attempt: toNumber(0),
    requeues: toNumber(0),
    open: { S: request.requestId.charAt(0).toLowerCase() },
    due_at: toNumber(dueMs),
  };
}

/** Converts a number to an attribute. Numbers are rounded, because {@link fromItem} reads whole numbers only. */
export const toNumber = (value: number): AttributeValue => ({ N: String(Math.round(value)) });

/** Converts an item to its request. Throws {@link CorruptRecordError}, which names the attribute. */
export function fromItem(item: Item): RequestRecord {
  const refuse = (name: string): never => {
    throw new CorruptRecordError(
      `Request ${item["request_id"]?.S ?? "without id"}: the attribute ${name} is missing or malformed`,
    );
  };
  const readText = (name: string) => item[name]?.S ?? refuse(name);
  const readNumber = (name: string) => {
    const value = Number(item[name]?.N ?? NaN);
    return Number.isSafeInteger(value) ? value : refuse(name);
  };
  return {
    requestId: readText("request_id"),
    owner: readText("owner"),
    status: REQUEST_STATUSES.find((status) => status === item["status"]?.S) ?? refuse("status"),
    prompt: readText("prompt"),
    ...(item["session_id"] && { sessionId: readText("session_id") }),
    createdAt: readText("created_at"),
    updatedAt: readText("updated_at"),
    deadlineMs: readNumber("deadline_at"),
    expiresAt: readNumber("expires_at"),
    sent: item["sent"]?.BOOL ?? refuse("sent"),
    attempt: readNumber("attempt"),
    requeues: readNumber("requeues"),
    ...(item["lease_until"] && { leaseUntilMs: readNumber("lease_until") }),
    ...(item["result"] && { result: { json: readText("result") } }),
    ...(item["result_key"] && { result: { key: readText("result_key"), sha256: readText("result_sha256") } }),
    ...(item["error_code"] && { failure: { code: readText("error_code"), message: readText("error_message") } }),
  };
}

/** A condition on an item, as DynamoDB's commands take it. */
export interface Condition {
  readonly ConditionExpression: string;
  readonly ExpressionAttributeNames: Record<string, string>;
  readonly ExpressionAttributeValues: Item;
}
/** A condition and the update that is applied if it holds. */
export interface Write extends Condition {
  readonly UpdateExpression: string;
  /** Default: the answer does not contain the updated item. */
  readonly ReturnValues?: "ALL_NEW";
}

/** Nobody holds the request at `:now`. A lease holds including its last millisecond. */
const UNHELD = "(#status = :queued OR (#status = :processing AND #lease_until < :now))";
const HELD_BY_ATTEMPT = "#status = :processing AND #attempt = :attempt";
/** An ended request loses the keys of the index of open requests, and so leaves the index. */
const RELEASE = "REMOVE #lease_until, #claimed_by, #open, #due_at";

/** The id is free: no item has it, or one that expired by `nowSeconds` (epoch seconds). */
export const requireFreeId = (nowSeconds: number): Condition =>
  makeCondition("attribute_not_exists(#request_id) OR #expires_at <= :now", { ":now": toNumber(nowSeconds) });

/** The request does not exist, or it is queued and the queue is not known to have its message. */
export const requireUnsent = (): Condition =>
  makeCondition("attribute_not_exists(#request_id) OR (#status = :queued AND #sent = :false)", {
    ":false": { BOOL: false },
  });

/** Marks a request as sent. It stays due as before, because its message may reach a worker that dies. */
export const writeSentMark = (): Write =>
  makeWrite("#status = :queued", "SET #sent = :true", { ":true": { BOOL: true } });

/** Gives the request to the bidder. */
export const writeClaim = ({ token, nowMs, leaseUntilMs }: Bid): Write => ({
  ...makeWrite(
    `${UNHELD} AND #deadline_at > :now AND #attempt < :max_attempts`,
    "SET #status = :processing, #attempt = #attempt + :one, #claimed_by = :token, #updated_at = :at, " +
      "#lease_until = :until, #due_at = :until",
    {
      ":now": toNumber(nowMs),
      ":max_attempts": toNumber(MAX_ATTEMPTS),
      ":until": toNumber(leaseUntilMs),
      ":token": { S: token },
      ":at": { S: new Date(nowMs).toISOString() },
    },
  ),
  ReturnValues: "ALL_NEW",
});

/** Extends a lease. It never shortens one, because of two renewals the later one may arrive first. */
export const writeRenewal = (attempt: number, leaseUntilMs: number): Write =>
  makeWrite(`${HELD_BY_ATTEMPT} AND #lease_until <= :until`, "SET #lease_until = :until, #due_at = :until", {
    ":attempt": toNumber(attempt),
    ":until": toNumber(leaseUntilMs),
  });

/** Ends a request that the attempt holds. `finished_by` identifies this ending if it is sent again. */
export const writeFinish = (attempt: number, ending: Ending): Write =>
  makeEndingWrite(
    HELD_BY_ATTEMPT,
    { ...toEndingAttributes(ending), finished_by: toNumber(attempt) },
    { ":attempt": toNumber(attempt) },
  );

/** Ends a request that nobody holds. */
export const writeClose = (ending: Ending): Write =>
  makeEndingWrite(UNHELD, toEndingAttributes(ending), { ":now": toNumber(ending.nowMs) });

/** Postpones a due request. Of two sweepers that saw the same due date, only one can move it. */
export const writeRequeue = ({ dueMs }: DueRequest, nextDueMs: number): Write =>
  makeWrite(
    "#due_at = :seen AND (#status = :queued OR #status = :processing)",
    "SET #due_at = :next ADD #requeues :one",
    { ":seen": toNumber(dueMs), ":next": toNumber(nextDueMs) },
  );

function toEndingAttributes({ status, nowMs, result, failure }: Ending): Item {
  return {
    status: { S: status },
    updated_at: { S: new Date(nowMs).toISOString() },
    ...(result && toResultAttributes(result)),
    ...(failure && { error_code: { S: failure.code }, error_message: { S: failure.message } }),
  };
}

function toResultAttributes(result: StoredResult): Item {
  return "json" in result
    ? { result: { S: result.json } }
    : { result_key: { S: result.key }, result_sha256: { S: result.sha256 } };
}

function makeEndingWrite(conditionExpression: string, attributes: Item, values: Item): Write {
  const assignments = Object.keys(attributes).map((name) => `#${name} = :${name}`);
  const attributeValues = Object.entries(attributes).map(([name, value]) => [`:${name}`, value] as const);
  return makeWrite(conditionExpression, `SET ${assignments.join(", ")} ${RELEASE}`, {
    ...Object.fromEntries(attributeValues),
    ...values,
  });
}

/** Values that expressions use without giving them. */
const CONSTANTS: Item = { ":queued": { S: "queued" }, ":processing": { S: "processing" }, ":one": { N: "1" } };

function makeWrite(conditionExpression: string, update: string, values: Item): Write {
  return { ...makeCondition(conditionExpression, values, update), UpdateExpression: update };
}

/**
 * Adds names and constants to expressions. `status`, `owner` and `open` are reserved words of DynamoDB, so every name
 * has an alias: `#` and the name. DynamoDB refuses names and values that no expression uses.
 */
function makeCondition(condition: string, values: Item, update = ""): Condition {
  const text = `${condition} ${update}`;
  const constants = Object.entries(CONSTANTS).filter(([name]) => new RegExp(`${name}\\b`).test(text));
  return {
    ConditionExpression: condition,
    ExpressionAttributeNames: Object.fromEntries(
      [...text.matchAll(/#(\w+)/g)].map(([alias, name = ""]) => [alias, name]),
    ),
    ExpressionAttributeValues: { ...Object.fromEntries(constants), ...values },
  };
}
