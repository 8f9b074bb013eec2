import { fork } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BatchWriteItemCommand, CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { openConnection } from "../handlers/aws/connection";
import { connectDynamoDb, type DynamoDb } from "../handlers/aws/json-service";
import { dynamodbRequests } from "../handlers/requests/dynamodb-requests";
import { toItem } from "../handlers/requests/request-items";
import { openCounters } from "../handlers/telemetry";
import type { CommandContext } from "../scripts/kit/context";
import { median } from "../scripts/kit/quantiles";

/** Requests that are due for the sweeper, whatever the size of the table. */
const DUE = 20;
/** Of all requests, one in so many has not ended. */
const OPEN_EVERY = 10;
/** How often each operation is measured. */
const TIMES = { status: 100, claim: 100, search: 7 } as const;
/** The most that BatchWriteItem takes. */
const BATCH = 25;
const CREDENTIALS = { accessKeyId: "test", secretAccessKey: "test" };

/** What one operation asked of the table. */
export interface TableUse {
  /** Calls of DynamoDB. */
  readonly calls: number;
  /** Items that DynamoDB read or wrote. */
  readonly items: number;
  /** Median, in milliseconds. */
  readonly ms: number;
}

/** Operations that are measured, with their titles. */
export const OPERATIONS = { status: "status read", claim: "claim", search: "sweeper's search" } as const;
export type Operation = keyof typeof OPERATIONS;

/** What the operations asked of a table with so many requests. */
export type RequestsSize = { readonly requests: number } & { readonly [Name in Operation]: TableUse };

/**
 * Measures the functions' own store over tables of these sizes, on a database in memory whose lookups cost the
 * logarithm of the table (dynalite), in a process of its own.
 * @returns undefined where dynalite, a development dependency, is not installed
 */
export async function measureRequests(
  { projectDirectory, progress, signal }: CommandContext,
  sizes: readonly number[],
): Promise<RequestsSize[] | undefined> {
  const dynalite = join(projectDirectory, "node_modules", "dynalite");
  if (!existsSync(dynalite)) return undefined;
  const measured: RequestsSize[] = [];
  for (const requests of sizes) {
    signal.throwIfAborted();
    measured.push(
      await progress.step(`${requests} requests in the table`, () =>
        withDatabase(dynalite, (endpoint) => measureTable(endpoint, requests)),
      ),
    );
  }
  return measured;
}

async function withDatabase<T>(dynalite: string, use: (endpoint: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "quickturn-growth-"));
  const program = join(folder, "database.cjs");
  writeFileSync(
    program,
    `const server = require(${JSON.stringify(dynalite)})({ createTableMs: 0 });
    server.listen(0, "127.0.0.1", () => process.send(server.address().port));
    process.on("disconnect", () => process.exit());`,
  );
  const database = fork(program, { execArgv: [] });
  try {
    const [port] = (await once(database, "message")) as [number];
    return await use(`http://127.0.0.1:${port}`);
  } finally {
    database.disconnect();
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Fills a table and measures what each operation asks of it. Nine of ten requests have ended, as after a week's
 * retention.
 */
async function measureTable(endpoint: string, size: number): Promise<RequestsSize> {
  const nowMs = Date.now();
  const requests = Array.from({ length: size }, (_, index) => ({
    id: randomUUID(),
    state: index < DUE ? ("due" as const) : index % OPEN_EVERY === 0 ? ("open" as const) : ("ended" as const),
  }));
  await fillTable(
    endpoint,
    requests.map(({ id, state }) => itemOf(id, state, nowMs)),
  );
  const used = { calls: 0, items: 0 };
  const dynamodb = connectDynamoDb({
    connection: openConnection({ counters: openCounters(), nowMs: Date.now }),
    guard: { run: (work) => work() },
    variables: {
      AWS_ENDPOINT_URL: endpoint,
      AWS_REGION: "us-east-1",
      AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
    },
  });
  const counted = (async (...call: Parameters<DynamoDb>) => {
    const output = await dynamodb(...call);
    used.calls += 1;
    used.items += (output as { ScannedCount?: number }).ScannedCount ?? 1;
    return output;
  }) as DynamoDb;
  const store = dynamodbRequests(counted, { requests: "requests" });
  const idsFrom = (list: readonly { readonly id: string }[], most: number) => {
    const count = Math.min(most, list.length);
    return Array.from({ length: count }, (_, index) => list[Math.floor((index * list.length) / count)]!.id);
  };
  const open = requests.filter(({ state }) => state === "open");
  const measure = async (operations: readonly (() => Promise<void>)[]): Promise<TableUse> => {
    const uses: TableUse[] = [];
    for (const operation of operations) {
      Object.assign(used, { calls: 0, items: 0 });
      const began = performance.now();
      await operation();
      uses.push({ ...used, ms: performance.now() - began });
    }
    const { calls, items } = uses[0]!;
    if (uses.some((use) => use.calls !== calls || use.items !== items))
      throw new Error(`An operation took ${calls} calls and ${items} items, and later others; expected the same`);
    return { calls, items, ms: median(uses.map(({ ms }) => ms)) };
  };
  return {
    requests: size,
    status: await measure(
      idsFrom(requests, TIMES.status).map((id) => async () => {
        if (!(await store.find(id))) throw new Error(`There is no request ${id}`);
      }),
    ),
    claim: await measure(
      idsFrom(open, TIMES.claim).map((id) => async () => {
        const claim = { token: randomUUID(), nowMs, leaseUntilMs: nowMs + 30_000 };
        const { outcome } = await store.claim(id, claim);
        if (outcome !== "won") throw new Error(`The claim of ${id} was ${outcome}; expected won`);
      }),
    ),
    search: await measure(
      Array.from({ length: TIMES.search }, () => async () => {
        let found = 0;
        for await (const page of store.due(nowMs)) found += page.length;
        if (found !== DUE) throw new Error(`The search found ${found} requests that are due; expected ${DUE}`);
      }),
    ),
  };
}

type Item = ReturnType<typeof toItem>;

function itemOf(requestId: string, state: "due" | "open" | "ended", nowMs: number): Item {
  const request = {
    requestId,
    owner: "caller",
    prompt: "p".repeat(200),
    createdAt: new Date(nowMs).toISOString(),
    deadlineMs: nowMs + 3_600_000,
    expiresAt: Math.floor(nowMs / 1_000) + 604_800,
  };
  const item = toItem(request, state === "due" ? nowMs - 1_000 : nowMs + 60_000);
  if (state !== "ended") return item;
  const ended = Object.fromEntries(Object.entries(item).filter(([name]) => name !== "open" && name !== "due_at"));
  return { ...ended, status: { S: "completed" }, result: { S: '"done"' } };
}

async function fillTable(endpoint: string, items: readonly Item[]): Promise<void> {
  const client = new DynamoDBClient({ endpoint, region: "us-east-1", credentials: CREDENTIALS });
  try {
    await client.send(
      new CreateTableCommand({
        TableName: "requests",
        BillingMode: "PAY_PER_REQUEST",
        KeySchema: [{ AttributeName: "request_id", KeyType: "HASH" }],
        AttributeDefinitions: [
          { AttributeName: "request_id", AttributeType: "S" },
          { AttributeName: "open", AttributeType: "S" },
          { AttributeName: "due_at", AttributeType: "N" },
        ],
        GlobalSecondaryIndexes: [
          {
            IndexName: "open-due",
            KeySchema: [
              { AttributeName: "open", KeyType: "HASH" },
              { AttributeName: "due_at", KeyType: "RANGE" },
            ],
            Projection: { ProjectionType: "KEYS_ONLY" },
          },
        ],
      }),
    );
    for (let next = 0; next < items.length; next += BATCH) {
      const requests = items.slice(next, next + BATCH).map((Item) => ({ PutRequest: { Item } }));
      const { UnprocessedItems = {} } = await client.send(new BatchWriteItemCommand({ RequestItems: { requests } }));
      if (Object.keys(UnprocessedItems).length > 0) throw new Error("The database did not take all items");
    }
  } finally {
    client.destroy();
  }
}
