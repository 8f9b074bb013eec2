import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
  UpdateItemCommand,
  type DynamoDBClient,
} from "@aws-sdk/client-dynamodb";
import { retryContended, type Patience } from "./contention";
import type { Item } from "./request-items";
import type { Condition, Write } from "./request-writes";
import type { TurnOfEnding } from "./requests";
import { countTurn, toTurnItem, versionKey } from "./turn-items";

/** Names of the tables. */
export interface RequestTables {
  readonly requests: string;
  /** Default: no request can be finished with a turn. */
  readonly sessions?: string;
}

/** What came of a conditional write: the item after it, where it was asked for, or the item that broke the condition, if there is one. */
export type Written = { readonly done: true; readonly item?: Item } | { readonly done: false; readonly inTheWay?: Item };

/** The table of requests: what it holds under an id, and writes to that under a condition. */
export interface RequestTable {
  /** Consistent: a poll right after the 202 must not find nothing, and caches keep a 404. */
  get(requestId: string, signal?: AbortSignal): Promise<Item | undefined>;
  put(requestId: string, item: Item, condition: Condition, signal?: AbortSignal): Promise<Written>;
  update(requestId: string, write: Write, signal?: AbortSignal): Promise<Written>;
  /** Keeps the turn in the same transaction. */
  updateWithTurn(requestId: string, write: Write, turn: TurnOfEnding, signal?: AbortSignal): Promise<Written>;
  delete(requestId: string, condition: Condition, signal?: AbortSignal): Promise<Written>;
}

const TELL = { ReturnValuesOnConditionCheckFailure: "ALL_OLD" } as const;

/** The table in DynamoDB. */
export function openTable(client: DynamoDBClient, { requests, sessions }: RequestTables, patience?: Patience): RequestTable {
  const at = (requestId: string) => ({ TableName: requests, Key: { request_id: { S: requestId } } });
  const get = async (requestId: string, abortSignal?: AbortSignal) =>
    (await client.send(new GetItemCommand({ ...at(requestId), ConsistentRead: true }), { abortSignal })).Item;
  const attempt = async (requestId: string, send: () => Promise<{ readonly Attributes?: Item }>, signal?: AbortSignal): Promise<Written> => {
    try {
      return { done: true, item: (await retryContended(send, signal, patience)).Attributes };
    } catch (error) {
      const { Item: told } = brokenCondition(error);
      // Not every emulator tells the item.
      return { done: false, inTheWay: told ?? (await get(requestId, signal)) };
    }
  };
  return {
    get,
    put: (requestId, item, condition, abortSignal) =>
      attempt(requestId, () => client.send(new PutItemCommand({ TableName: requests, Item: item, ...condition, ...TELL }), { abortSignal }), abortSignal),
    update: (requestId, write, abortSignal) =>
      attempt(requestId, () => client.send(new UpdateItemCommand({ ...at(requestId), ...write, ...TELL }), { abortSignal }), abortSignal),
    updateWithTurn: (requestId, write, turn, abortSignal) => {
      const items = [{ Update: { ...at(requestId), ...write, ...TELL } }, ...turnWrites(turn, sessions)];
      const send = async () => {
        await client.send(new TransactWriteItemsCommand({ TransactItems: items }), { abortSignal });
        return {};
      };
      return attempt(requestId, send, abortSignal);
    },
    delete: (requestId, condition, abortSignal) =>
      attempt(requestId, () => client.send(new DeleteItemCommand({ ...at(requestId), ...condition, ...TELL }), { abortSignal }), abortSignal),
  };
}

function turnWrites({ session, turn }: TurnOfEnding, table: string | undefined) {
  if (table === undefined) throw new Error("A request cannot be finished with a turn: the name of the table of sessions was not given");
  return [{ Put: { TableName: table, Item: toTurnItem(session, turn) } }, { Update: { TableName: table, Key: versionKey(session), ...countTurn(turn) } }];
}

/** What DynamoDB tells of the item that broke a condition. Throws any other error. In a transaction only the first write has a condition. */
function brokenCondition(error: unknown): { readonly Item?: Item } {
  if (error instanceof ConditionalCheckFailedException) return error;
  const [first] = error instanceof TransactionCanceledException ? (error.CancellationReasons ?? []) : [];
  if (first?.Code === "ConditionalCheckFailed") return first;
  throw error;
}
