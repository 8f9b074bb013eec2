import {
  type Creation,
  type NewRequest,
  type RequestRecord,
  MAX_ATTEMPTS,
  type Bid,
  type DueRequest,
  type Ending,
} from "./requests";
import { DEFAULT_DEADLINE_MS, epochMs, openPartition, resultAttributes, type Item } from "./request-items";

/**
 * What the request that has the id already means for one that is to be created. The same moment, to the millisecond,
 * tells an earlier try of the same write from a repetition by the caller.
 */
export function creationOver(existing: RequestRecord, request: NewRequest): Creation {
  const { owner, prompt, sessionId, createdAt } = existing;
  if (owner !== request.owner || prompt !== request.prompt || sessionId !== request.sessionId)
    return { outcome: "conflict" };
  return createdAt === request.createdAt ? { outcome: "created" } : { outcome: "repeated", request: existing };
}

/** Epoch seconds at which a request is created: one that expires by then is gone. */
export const creationSeconds = ({ createdAt }: NewRequest): number => Math.floor(Date.parse(createdAt) / 1000);

/** A condition on an item, and what is done to it where the condition holds, as DynamoDB's commands take it. */
export interface Condition {
  readonly ConditionExpression: string;
  readonly ExpressionAttributeNames: Record<string, string>;
  readonly ExpressionAttributeValues: Item;
}
export interface Write extends Condition {
  readonly UpdateExpression: string;
  /** Default: the write does not tell the item after it. */
  readonly ReturnValues?: "ALL_NEW";
}

const QUEUED: Item = { ":queued": { S: "queued" } };
const PROCESSING: Item = { ":processing": { S: "processing" } };
const ONE: Item = { ":one": { N: "1" } };

/** Nobody holds the request at `:now`. A lease holds up to its last millisecond. */
const UNHELD = "(#status = :queued OR (#status = :processing AND #lease_until < :now))";

const MINE = "#status = :processing AND #attempt = :mine";

/** What an open request has, and an ended one must not have: an item without the keys of an index is not in it. */
const RELEASE = "REMOVE #lease_until, #claimed_by, #open, #due_at";

/** The id is free: nothing has it, or something that expired by `nowSeconds` (epoch seconds). */
export function freeId(nowSeconds: number): Condition {
  return condition("attribute_not_exists(#request_id) OR #expires_at <= :now", { ":now": { N: String(nowSeconds) } });
}

/** The request waits, and the queue is not known to have its message; or there is none. */
export function withdrawable(): Condition {
  const unsent = "(attribute_not_exists(#sent) OR #sent = :false)";
  return condition(`attribute_not_exists(#request_id) OR (#status = :queued AND ${unsent})`, {
    ...QUEUED,
    ":false": { BOOL: false },
  });
}

/** The queue has the message. When the request is due stays: its message may reach a worker that dies. */
export function markSent(): Write {
  return write("#status = :queued", "SET #sent = :true", { ...QUEUED, ":true": { BOOL: true } });
}

/** The bid wins. A request of the release before enters the index here. */
export function claim(requestId: string, { token, nowMs, leaseUntilMs }: Bid): Write {
  const inTime = "(#deadline_at > :now OR (attribute_not_exists(#deadline_at) AND #created_at > :oldest))";
  const taken = "#status = :processing, #attempt = #attempt + :one, #claimed_by = :token, #updated_at = :at";
  const values = {
    ...QUEUED,
    ...PROCESSING,
    ...ONE,
    ":now": epochMs(nowMs),
    ":oldest": { S: new Date(nowMs - DEFAULT_DEADLINE_MS).toISOString() },
    ":most": { N: String(MAX_ATTEMPTS) },
    ":until": epochMs(leaseUntilMs),
    ":token": { S: token },
    ":at": { S: new Date(nowMs).toISOString() },
    ":open": { S: openPartition(requestId) },
  };
  const won = write(
    `${UNHELD} AND ${inTime} AND #attempt < :most`,
    `SET ${taken}, #lease_until = :until, #due_at = :until, #open = :open`,
    values,
  );
  return { ...won, ReturnValues: "ALL_NEW" };
}

/** The lease lasts longer. Never shorter: of two renewals the later one may arrive first. */
export function renew(attempt: number, leaseUntilMs: number): Write {
  const values = { ...PROCESSING, ":mine": { N: String(attempt) }, ":until": epochMs(leaseUntilMs) };
  return write(`${MINE} AND #lease_until <= :until`, "SET #lease_until = :until, #due_at = :until", values);
}

/** The attempt ends the request. `finished_by` tells its own ending, should it be sent again, from somebody else's. */
export function finish(attempt: number, ending: Ending): Write {
  const attributes = { ...endingAttributes(ending), finished_by: { N: String(attempt) } };
  return write(MINE, `${setAll(attributes)} ${RELEASE}`, {
    ...valuesOf(attributes),
    ...PROCESSING,
    ":mine": { N: String(attempt) },
  });
}

/** A request that nobody holds ends. */
export function close(ending: Ending): Write {
  const attributes = endingAttributes(ending);
  return write(UNHELD, `${setAll(attributes)} ${RELEASE}`, {
    ...valuesOf(attributes),
    ...QUEUED,
    ...PROCESSING,
    ":now": epochMs(ending.nowMs),
  });
}

/** The request is due later. The due date seen is the fence: of two sweepers that saw it, one moves it. */
export function requeue({ dueMs }: DueRequest, nextDueMs: number): Write {
  const values = { ...QUEUED, ...PROCESSING, ...ONE, ":seen": epochMs(dueMs), ":next": epochMs(nextDueMs) };
  return write(
    "#due_at = :seen AND (#status = :queued OR #status = :processing)",
    "SET #due_at = :next ADD #requeues :one",
    values,
  );
}

function endingAttributes({ status, nowMs, result, failure }: Ending): Item {
  return {
    status: { S: status },
    updated_at: { S: new Date(nowMs).toISOString() },
    ...(result && resultAttributes(result)),
    ...(failure && { error_code: { S: failure.code }, error_message: { S: failure.message } }),
  };
}

const setAll = (attributes: Item): string =>
  `SET ${Object.keys(attributes)
    .map((name) => `#${name} = :${name}`)
    .join(", ")}`;

const valuesOf = (attributes: Item): Item =>
  Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`:${name}`, value]));

function write(conditionExpression: string, update: string, values: Item): Write {
  return {
    ...condition(conditionExpression, values),
    UpdateExpression: update,
    ExpressionAttributeNames: aliases(`${conditionExpression} ${update}`),
  };
}

function condition(expression: string, values: Item): Condition {
  return {
    ConditionExpression: expression,
    ExpressionAttributeNames: aliases(expression),
    ExpressionAttributeValues: values,
  };
}

/** `status`, `owner` and `open` are reserved words of DynamoDB, so every name is given as an alias: `#` and itself. */
function aliases(expressions: string): Record<string, string> {
  return Object.fromEntries([...expressions.matchAll(/#(\w+)/g)].map(([alias, name = ""]) => [alias, name]));
}
