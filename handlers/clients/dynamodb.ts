import type {
  DeleteItemInput,
  DeleteItemOutput,
  GetItemInput,
  GetItemOutput,
  PutItemInput,
  PutItemOutput,
  QueryInput,
  QueryOutput,
  TransactWriteItemsInput,
  TransactWriteItemsOutput,
  UpdateItemInput,
  UpdateItemOutput,
} from "@aws-sdk/client-dynamodb";
import { callService, type JsonServiceParts } from "./json-service";

/** What is asked of DynamoDB: nothing with binary values, which would have to be written as Base64. */
interface Operations {
  readonly DeleteItem: readonly [DeleteItemInput, DeleteItemOutput];
  readonly GetItem: readonly [GetItemInput, GetItemOutput];
  readonly PutItem: readonly [PutItemInput, PutItemOutput];
  readonly Query: readonly [QueryInput, QueryOutput];
  /** Give it a `ClientRequestToken`, as its attempts are one write. */
  readonly TransactWriteItems: readonly [
    TransactWriteItemsInput & { readonly ClientRequestToken: string },
    TransactWriteItemsOutput,
  ];
  readonly UpdateItem: readonly [UpdateItemInput, UpdateItemOutput];
}
export type DynamoDbOperation = keyof Operations;

/**
 * Calls DynamoDB. Rejects with an error named as DynamoDB names it, `ConditionalCheckFailedException` among them, with
 * its fields.
 */
export type DynamoDb = <Name extends DynamoDbOperation>(
  operation: Name,
  input: Operations[Name][0],
  signal?: AbortSignal,
) => Promise<Operations[Name][1]>;

/** Connects to DynamoDB. */
export function connectDynamoDb(parts: JsonServiceParts): DynamoDb {
  return callService({ name: "dynamodb", target: "DynamoDB_20120810", baseDelayMs: 25 }, parts) as DynamoDb;
}
