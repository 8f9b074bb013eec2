import { randomUUID } from "node:crypto";
import type { AddressInfo } from "node:net";
import { CreateTableCommand, DescribeTableCommand, DynamoDBClient, type AttributeDefinition, type DynamoDBClientConfig, type KeySchemaElement } from "@aws-sdk/client-dynamodb";
import dynalite from "dynalite";
import type { DynamoDb, DynamoDbOperation } from "../../../handlers/clients/dynamodb";
import type { Bid, NewRequest } from "../../../handlers/stores/requests";
import { connectTo, emulate } from "../emulated";
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

/** The emulator with both tables. It answers one call at a time, and knows transactions. */
export async function openMoto(): Promise<Database> {
  const emulated = await emulate();
  const client = new DynamoDBClient(emulated.configuration);
  await createTables(client);
  const close = async () => {
    client.destroy();
    await emulated.stop();
  };
  return { dynamodb: connectTo(emulated.configuration.endpoint), client, configuration: emulated.configuration, close };
}

/** A connection whose calls of the operation go through `pass`, which sends them by `send`. */
export function intercepted({ dynamodb }: Database, intercept: DynamoDbOperation, pass: <T>(send: () => Promise<T>) => Promise<T>): DynamoDb {
  return (operation, input, signal) => (operation === intercept ? pass(() => dynamodb(operation, input, signal)) : dynamodb(operation, input, signal));
}

/** Dynalite with both tables. Its conditional updates are atomic; it knows no transactions, and does not tell the item that broke a condition. */
export async function openDynalite(): Promise<Database> {
  const server = dynalite({ createTableMs: 0 });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const configuration = { endpoint, region: "us-east-1", credentials: { accessKeyId: "test", secretAccessKey: "test" } };
  const client = new DynamoDBClient(configuration);
  await createTables(client);
  const close = async () => {
    client.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  return { dynamodb: connectTo(endpoint), client, configuration, close };
}

/** Both tables, as the stack makes them. */
export async function createTables(client: DynamoDBClient): Promise<void> {
  await client.send(
    new CreateTableCommand({
      TableName: TABLES.requests,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: attributes({ request_id: "S", open: "S", due_at: "N" }),
      KeySchema: keys("request_id"),
      GlobalSecondaryIndexes: [{ IndexName: "open-due", KeySchema: keys("open", "due_at"), Projection: { ProjectionType: "KEYS_ONLY" } }],
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

const keys = (...names: string[]): KeySchemaElement[] => names.map((AttributeName, index) => ({ AttributeName, KeyType: index === 0 ? "HASH" : "RANGE" }));

/** A request under a new id that is open for an hour. */
export const accepted = (overrides: Partial<NewRequest> = {}): NewRequest =>
  newRequest({ requestId: randomUUID(), sessionId: "talk", deadlineMs: NOW_MS + HOUR_MS, ...overrides });

/** A new bid, for half a minute. */
export const bid = (overrides: Partial<Bid> = {}): Bid => ({ token: randomUUID(), nowMs: NOW_MS, leaseUntilMs: NOW_MS + 30_000, ...overrides });
