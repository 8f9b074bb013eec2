import { randomUUID } from "node:crypto";
import type { AddressInfo } from "node:net";
import {
  CreateTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  type AttributeDefinition,
  type DynamoDBClientConfig,
  type KeySchemaElement,
  type TransactWriteItem,
  type UpdateItemInput,
} from "@aws-sdk/client-dynamodb";
import dynalite from "dynalite";
import type { DynamoDb, DynamoDbOperation } from "../../../handlers/aws/json-service";
import type { Bid, NewRequest } from "../../../handlers/requests/requests";
import { connectTo, type Emulated } from "../emulated";
import { newRequest, NOW_MS } from "../fixtures";

export const TABLES = { requests: "requests", sessions: "sessions" };
export const HOUR_MS = 3_600_000;

export interface Database {
  /** As the functions connect to it. */
  readonly dynamodb: DynamoDb;
  /** For what the functions do not do. */
  readonly client: DynamoDBClient;
  /** For another client of it. */
  readonly configuration: DynamoDBClientConfig;
  close(): Promise<void>;
}

/** Both tables in an emulator that runs already. */
export async function openEmulated({ configuration }: Emulated): Promise<Database> {
  const client = new DynamoDBClient(configuration);
  await createTables(client);
  return { dynamodb: connectTo(configuration.endpoint), client, configuration, close: async () => client.destroy() };
}

/** A connection whose calls of the operation go through `pass`, which sends them by `send`. */
export function intercepted(
  { dynamodb }: Database,
  intercept: DynamoDbOperation,
  pass: <T>(send: () => Promise<T>) => Promise<T>,
): DynamoDb {
  return (operation, input, signal) =>
    operation === intercept ? pass(() => dynamodb(operation, input, signal)) : dynamodb(operation, input, signal);
}

/**
 * Dynalite with both tables. Its conditional updates are atomic, and it does not tell the item that broke a condition.
 * It knows no transactions: here one is made of its single writes, and no other runs meanwhile.
 */
export async function openDynalite(): Promise<Database> {
  const server = dynalite({ createTableMs: 0 });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const configuration = {
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  };
  const client = new DynamoDBClient(configuration);
  await createTables(client);
  const close = async () => {
    client.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  return { dynamodb: withTransactions(connectTo(endpoint)), client, configuration, close };
}

/** Transactions of which the first write alone may have a condition, as those of the stores. */
function withTransactions(dynamodb: DynamoDb): DynamoDb {
  let last: Promise<unknown> = Promise.resolve();
  const transact = async (writes: readonly TransactWriteItem[], signal?: AbortSignal) => {
    for (const { Put, Update } of writes) {
      if (Put) await dynamodb("PutItem", Put, signal);
      if (Update)
        await dynamodb("UpdateItem", Update as UpdateItemInput, signal).catch((error: unknown) =>
          Promise.reject(cancelledBy(error)),
        );
    }
    return {};
  };
  const call = (operation: DynamoDbOperation, input: object, signal?: AbortSignal) => {
    if (operation !== "TransactWriteItems") return dynamodb(operation, input as never, signal);
    const done = last.then(() => transact((input as { TransactItems: TransactWriteItem[] }).TransactItems, signal));
    last = done.catch(() => undefined);
    return done;
  };
  return call as DynamoDb;
}

/** The error as DynamoDB cancels a transaction for it. */
function cancelledBy(error: unknown): unknown {
  if ((error as Error).name !== "ConditionalCheckFailedException") return error;
  return Object.assign(new Error("Transaction cancelled"), {
    name: "TransactionCanceledException",
    CancellationReasons: [{ Code: "ConditionalCheckFailed" }, { Code: "None" }, { Code: "None" }],
  });
}

/** Both tables, as the stack makes them. */
export async function createTables(client: DynamoDBClient): Promise<void> {
  await client.send(
    new CreateTableCommand({
      TableName: TABLES.requests,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: attributes({ request_id: "S", open: "S", due_at: "N" }),
      KeySchema: keys("request_id"),
      GlobalSecondaryIndexes: [
        { IndexName: "open-due", KeySchema: keys("open", "due_at"), Projection: { ProjectionType: "KEYS_ONLY" } },
      ],
    }),
  );
  await client.send(
    new CreateTableCommand({
      TableName: TABLES.sessions,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: attributes({ session: "S", turn: "S" }),
      KeySchema: keys("session", "turn"),
    }),
  );
  for (const table of Object.values(TABLES)) {
    while ((await client.send(new DescribeTableCommand({ TableName: table }))).Table?.TableStatus !== "ACTIVE");
  }
}

const attributes = (types: Record<string, "S" | "N">): AttributeDefinition[] =>
  Object.entries(types).map(([AttributeName, AttributeType]) => ({ AttributeName, AttributeType }));

const keys = (...names: string[]): KeySchemaElement[] =>
  names.map((AttributeName, index) => ({ AttributeName, KeyType: index === 0 ? "HASH" : "RANGE" }));

/** A request under a new id that is open for an hour. */
export const accepted = (overrides: Partial<NewRequest> = {}): NewRequest =>
  newRequest({ requestId: randomUUID(), sessionId: "talk", deadlineMs: NOW_MS + HOUR_MS, ...overrides });

/** A new bid, for half a minute. */
export const bid = (overrides: Partial<Bid> = {}): Bid => ({
  token: randomUUID(),
  nowMs: NOW_MS,
  leaseUntilMs: NOW_MS + 30_000,
  ...overrides,
});
