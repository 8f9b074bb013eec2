import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
  type DynamoDBClient,
} from "@aws-sdk/client-dynamodb";
import { fromItem, resultAttributes, toItem, type Item } from "./request-items";
import { isSameRequest, isTerminal, RequestExistsError, type Bid, type Claim, type Ending, type RequestStore } from "./requests";

/** `status` and `owner` are reserved words of DynamoDB, so every name is given as an alias. */
const CLAIM = {
  ConditionExpression: "#status = :queued OR (#status = :processing AND #lease_until < :now)",
  UpdateExpression: "SET #status = :processing, #attempt = #attempt + :one, #lease_until = :until, #claimed_by = :token, #updated_at = :at",
  ExpressionAttributeNames: aliases(["status", "attempt", "lease_until", "claimed_by", "updated_at"]),
};

/** No item has this key: request ids are UUIDs. */
const CHECK_KEY = "health-check";

/** Requests in a DynamoDB table with the hash key `request_id`. */
export function dynamodbRequests(client: DynamoDBClient, table: string): RequestStore {
  const at = (requestId: string) => ({ TableName: table, Key: { request_id: { S: requestId } } });
  const get = async (requestId: string, abortSignal?: AbortSignal) =>
    // A consistent read: a poll right after the 202 must not find nothing, and caches keep a 404.
    (await client.send(new GetItemCommand({ ...at(requestId), ConsistentRead: true }), { abortSignal })).Item;
  return {
    async create(request, abortSignal) {
      const existing = await itemInTheWay(() =>
        client.send(
          new PutItemCommand({
            TableName: table,
            Item: toItem(request),
            ConditionExpression: "attribute_not_exists(request_id)",
            ReturnValuesOnConditionCheckFailure: "ALL_OLD",
          }),
          { abortSignal },
        ),
      );
      if (existing && !isSameRequest(fromItem(existing), request)) throw new RequestExistsError(`Request ${request.requestId} exists already`);
    },
    async find(requestId, signal) {
      const item = await get(requestId, signal);
      return item && fromItem(item);
    },
    async withdraw(requestId) {
      const claimed = await itemInTheWay(() => client.send(new DeleteItemCommand({ ...at(requestId), ...onlyWhileQueued() })));
      return claimed === undefined;
    },
    claim: (requestId, bid) => claim(client, at(requestId), bid),
    finish: (requestId, attempt, ending) => finish(client, at(requestId), attempt, ending),
    async check(signal) {
      await get(CHECK_KEY, signal);
    },
  };
}

interface Target {
  readonly TableName: string;
  readonly Key: Item;
}

async function claim(client: DynamoDBClient, target: Target, { token, nowMs, leaseUntilMs }: Bid): Promise<Claim> {
  let claimed: Item | undefined;
  const existing = await itemInTheWay(async () => {
    const command = new UpdateItemCommand({
      ...target,
      ...CLAIM,
      ExpressionAttributeValues: {
        ":queued": { S: "queued" },
        ":processing": { S: "processing" },
        ":one": { N: "1" },
        ":now": { N: String(nowMs) },
        ":until": { N: String(leaseUntilMs) },
        ":token": { S: token },
        ":at": { S: new Date(nowMs).toISOString() },
      },
      ReturnValues: "ALL_NEW",
      ReturnValuesOnConditionCheckFailure: "ALL_OLD",
    });
    claimed = (await client.send(command)).Attributes;
  });
  if (claimed) return { outcome: "won", request: fromItem(claimed) };
  if (!existing?.["request_id"]) return { outcome: "missing" };
  const request = fromItem(existing);
  if (isTerminal(request.status)) return { outcome: "terminal" };
  return existing["claimed_by"]?.S === token ? { outcome: "won", request } : { outcome: "live" };
}

async function finish(client: DynamoDBClient, target: Target, attempt: number, ending: Ending): Promise<boolean> {
  const attributes: Item = {
    status: { S: ending.status },
    updated_at: { S: new Date(ending.nowMs).toISOString() },
    ...(ending.result && resultAttributes(ending.result)),
    ...(ending.failure && { error_code: { S: ending.failure.code }, error_message: { S: ending.failure.message } }),
  };
  const names = Object.keys(attributes);
  const command = new UpdateItemCommand({
    ...target,
    ConditionExpression: "#attempt = :mine AND #status = :processing",
    UpdateExpression: `SET ${names.map((name) => `#${name} = :${name}`).join(", ")} REMOVE #lease_until, #claimed_by`,
    ExpressionAttributeNames: aliases([...names, "attempt", "lease_until", "claimed_by"]),
    ExpressionAttributeValues: {
      ...Object.fromEntries(names.map((name) => [`:${name}`, attributes[name] as Item[string]])),
      ":mine": { N: String(attempt) },
      ":processing": { S: "processing" },
    },
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  });
  const existing = await itemInTheWay(() => client.send(command));
  if (!existing) return true;
  if (!existing["request_id"]) return false;
  // Only this attempt can have ended itself: the first try was written and its answer got lost.
  const request = fromItem(existing);
  return request.attempt === attempt && isTerminal(request.status);
}

const onlyWhileQueued = () => ({
  ConditionExpression: "attribute_not_exists(#status) OR #status = :queued",
  ExpressionAttributeNames: aliases(["status"]),
  ExpressionAttributeValues: { ":queued": { S: "queued" } },
});

/** Undefined where the write was done; else the item that broke its condition, `{}` where there is none. */
async function itemInTheWay(write: () => Promise<unknown>): Promise<Item | undefined> {
  try {
    await write();
    return undefined;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return error.Item ?? {};
    throw error;
  }
}

function aliases(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [`#${name}`, name]));
}
