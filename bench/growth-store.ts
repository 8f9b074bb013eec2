import { randomUUID } from "node:crypto";
import { BatchWriteItemCommand } from "@aws-sdk/client-dynamodb";
import { newRequest } from "../__tests__/handlers/fixtures";
import { openDynalite, TABLES, type Database } from "../__tests__/handlers/requests/tables";
import type { DynamoDb } from "../handlers/aws/json-service";
import { dynamodbRequests } from "../handlers/requests/dynamodb-requests";
import { toItem } from "../handlers/requests/request-items";
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

/** What one operation asked of the table. */
interface TableUse {
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
 * logarithm of the table (dynalite).
 */
export async function measureRequests(
  { progress, signal }: CommandContext,
  sizes: readonly number[],
): Promise<RequestsSize[]> {
  const measured: RequestsSize[] = [];
  for (const requests of sizes) {
    signal.throwIfAborted();
    const database = await openDynalite();
    try {
      measured.push(await progress.step(`${requests} requests in the table`, () => measureTable(database, requests)));
    } finally {
      await database.close();
    }
  }
  return measured;
}

type State = "due" | "open" | "ended";

/**
 * Fills a table and measures what each operation asks of it. Nine of ten requests have ended, as after a week's
 * retention.
 */
async function measureTable(database: Database, size: number): Promise<RequestsSize> {
  const nowMs = Date.now();
  const requests = Array.from({ length: size }, (_, index): { id: string; state: State } => ({
    id: randomUUID(),
    state: index < DUE ? "due" : index % OPEN_EVERY === 0 ? "open" : "ended",
  }));
  const items = requests.map(({ id, state }) => itemOf(id, state, nowMs));
  for (let next = 0; next < size; next += BATCH) {
    const writes = items.slice(next, next + BATCH).map((Item) => ({ PutRequest: { Item } }));
    await database.client.send(new BatchWriteItemCommand({ RequestItems: { [TABLES.requests]: writes } }));
  }
  const used = { calls: 0, items: 0 };
  const counted = (async (...call: Parameters<DynamoDb>) => {
    const output = await database.dynamodb(...call);
    used.calls += 1;
    used.items += (output as { ScannedCount?: number }).ScannedCount ?? 1;
    return output;
  }) as DynamoDb;
  const store = dynamodbRequests(counted, { requests: TABLES.requests });
  const measure = async <T>(subjects: readonly T[], operation: (subject: T) => Promise<void>): Promise<TableUse> => {
    const uses: TableUse[] = [];
    for (const subject of subjects) {
      Object.assign(used, { calls: 0, items: 0 });
      const began = performance.now();
      await operation(subject);
      uses.push({ ...used, ms: performance.now() - began });
    }
    const { calls, items } = uses[0]!;
    if (uses.some((use) => use.calls !== calls || use.items !== items))
      throw new Error(`An operation took ${calls} calls and ${items} items, and later others; expected the same`);
    return { calls, items, ms: median(uses.map(({ ms }) => ms)) };
  };
  const open = requests.filter(({ state }) => state === "open");
  return {
    requests: size,
    status: await measure(spread(requests, TIMES.status), async ({ id }) => {
      if (!(await store.find(id))) throw new Error(`There is no request ${id}`);
    }),
    claim: await measure(spread(open, TIMES.claim), async ({ id }) => {
      const { outcome } = await store.claim(id, { token: randomUUID(), nowMs, leaseUntilMs: nowMs + 30_000 });
      if (outcome !== "won") throw new Error(`The claim of ${id} was ${outcome}; expected won`);
    }),
    search: await measure(Array.from({ length: TIMES.search }), async () => {
      let found = 0;
      for await (const page of store.due(nowMs)) found += page.length;
      if (found !== DUE) throw new Error(`The search found ${found} requests that are due; expected ${DUE}`);
    }),
  };
}

/** As many of a list as that, from all over it. */
function spread<T>(list: readonly T[], most: number): T[] {
  const count = Math.min(most, list.length);
  return Array.from({ length: count }, (_, index) => list[Math.floor((index * list.length) / count)]!);
}

function itemOf(requestId: string, state: State, nowMs: number): ReturnType<typeof toItem> {
  const request = newRequest({ requestId, deadlineMs: nowMs + 3_600_000 });
  const item = toItem(request, state === "due" ? nowMs - 1_000 : nowMs + 60_000);
  if (state !== "ended") return item;
  const ended = Object.fromEntries(Object.entries(item).filter(([name]) => name !== "open" && name !== "due_at"));
  return { ...ended, status: { S: "completed" }, result: { S: '"done"' } };
}
