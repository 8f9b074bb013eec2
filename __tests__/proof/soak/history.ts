import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import type { FunctionEnvironment } from "../../../scripts/emulator";
import { median } from "../../../scripts/kit/quantiles";

/** How often a function's log records an end of each request. @param file log of a function */
export function endingsIn(file: string): Map<string, number> {
  const endings = new Map<string, number>();
  for (const line of readFileSync(file, "utf8").split("\n")) {
    if (!line.includes('"event":"finished"')) continue;
    const { request_id: id } = JSON.parse(line) as { request_id: string };
    endings.set(id, (endings.get(id) ?? 0) + 1);
  }
  return endings;
}

/** Requests in the table by status, as soon as none is open any more or the time is up. */
export async function settledStatuses(
  { endpoint, region }: { readonly endpoint: string; readonly region: string },
  table: string,
  patienceMs: number,
): Promise<Record<string, number>> {
  const client = new DynamoDBClient({
    endpoint,
    region,
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  });
  const giveUpAt = performance.now() + patienceMs;
  try {
    for (;;) {
      const statuses = await countStatuses(client, table);
      const open = (statuses["queued"] ?? 0) + (statuses["processing"] ?? 0);
      if (open === 0 || performance.now() > giveUpAt) return statuses;
      await sleep(2_000);
    }
  } finally {
    client.destroy();
  }
}

async function countStatuses(client: DynamoDBClient, table: string): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  let from: Record<string, never> | undefined;
  do {
    const page = await client.send(
      new ScanCommand({
        TableName: table,
        ConsistentRead: true,
        ProjectionExpression: "#status",
        ExpressionAttributeNames: { "#status": "status" },
        ...(from && { ExclusiveStartKey: from }),
      }),
    );
    for (const item of page.Items ?? [])
      counts[item["status"]?.S ?? "none"] = (counts[item["status"]?.S ?? "none"] ?? 0) + 1;
    from = page.LastEvaluatedKey as Record<string, never> | undefined;
  } while (from);
  return counts;
}

const SAMPLE_MS = 1_000;

/** Samples of a process that are needed to say anything of its growth. */
const MIN_SAMPLES = 9;

/** Resident memory of a process over its life, in MiB. */
export interface MemoryTrend {
  readonly functionName: string;
  readonly pid: number;
  readonly samples: number;
  /** Median of the first third. */
  readonly firstMiB: number;
  /** Median of the last third. */
  readonly lastMiB: number;
}

/** Samples the environments' memory until the signal. Those that died early are left out. */
export async function watchMemory(
  environments: () => readonly FunctionEnvironment[],
  signal: AbortSignal,
): Promise<MemoryTrend[]> {
  const samples = new Map<number, { functionName: string; values: number[] }>();
  while (!signal.aborted) {
    for (const { pid, functionName } of environments()) {
      const value = residentMiB(pid);
      if (value === undefined) continue;
      const entry = samples.get(pid) ?? { functionName, values: [] };
      samples.set(pid, entry);
      entry.values.push(value);
    }
    await sleep(SAMPLE_MS, undefined, { signal }).catch(() => undefined);
  }
  return [...samples].flatMap(([pid, { functionName, values }]) => {
    if (values.length < MIN_SAMPLES) return [];
    const third = Math.floor(values.length / 3);
    return [
      {
        functionName,
        pid,
        samples: values.length,
        firstMiB: median(values.slice(0, third)),
        lastMiB: median(values.slice(-third)),
      },
    ];
  });
}

/** Undefined where the system does not tell, or the process is gone. */
function residentMiB(pid: number): number | undefined {
  try {
    const match = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
    return match === null ? undefined : Number(match[1]) / 1024;
  } catch {
    return undefined;
  }
}

/** What one caller saw of one request. */
export interface RequestHistory {
  /** What the answer has to hold: it is in this request's prompt and in no other's. */
  readonly nonce: string;
  /** Ids that its posts were answered with, in order; more than one where it was sent again. */
  readonly ids: readonly string[];
  /** What its polls were answered with, in order. */
  readonly seen: readonly Observation[];
  /** Posts that gave no id, by what they gave. */
  readonly refusals: readonly string[];
}

/** The answer to one poll. */
export interface Observation {
  /** `queued`, …; or the HTTP status of an answer other than 200. */
  readonly status: string;
  /** Why it failed. */
  readonly errorCode?: string;
  /** Whether a completed one holds the nonce. */
  readonly holdsNonce?: boolean;
}

/** What the history shows. Each list names requests. */
export interface HistoryVerdict {
  readonly requests: number;
  /** Endings by status. */
  readonly endings: Readonly<Record<string, number>>;
  /** Reasons of those that failed. */
  readonly reasons: Readonly<Record<string, number>>;
  /** Broken promises, by name; all empty where every one was kept. */
  readonly broken: Readonly<Record<Promised, readonly string[]>>;
  readonly holds: boolean;
}

/**
 * - `lost`: accepted, and then not there; or never accepted though it was sent again and again.
 * - `stuck`: it has no terminal state.
 * - `split`: sent again with its key, it got another id.
 * - `went_back`: a later poll showed an earlier state.
 * - `changed`: its terminal state changed.
 * - `wrong_answer`: it is completed with an answer that is not its own, or not whole.
 * - `ended_twice`: two workers recorded an end of it.
 */
export const PROMISES = ["lost", "stuck", "split", "went_back", "changed", "wrong_answer", "ended_twice"] as const;
type Promised = (typeof PROMISES)[number];

const ORDER: Readonly<Record<string, number>> = { queued: 0, processing: 1, completed: 2, failed: 2, expired: 2 };
const isTerminal = (status: string): boolean => ORDER[status] === 2;

/**
 * Judges what the callers saw.
 * @param endingsById how often the workers' logs record an end of a request
 */
export function judgeHistory(
  histories: readonly RequestHistory[],
  endingsById: ReadonlyMap<string, number>,
): HistoryVerdict {
  const broken = Object.fromEntries(PROMISES.map((promise) => [promise, [] as string[]])) as Record<Promised, string[]>;
  const endings: Record<string, number> = {};
  const reasons: Record<string, number> = {};
  for (const history of histories) {
    const [id] = history.ids;
    for (const promise of brokenBy(history, endingsById)) broken[promise].push(id ?? history.nonce);
    const end = history.seen.findLast(({ status }) => isTerminal(status));
    add(endings, end?.status ?? "none");
    if (end?.errorCode !== undefined) add(reasons, end.errorCode);
  }
  return {
    requests: histories.length,
    endings,
    reasons,
    broken,
    holds: Object.values(broken).every((ids) => ids.length === 0),
  };
}

function brokenBy({ ids, seen }: RequestHistory, endingsById: ReadonlyMap<string, number>): Promised[] {
  const known = seen.filter(({ status }) => ORDER[status] !== undefined);
  const terminal = known.filter(({ status }) => isTerminal(status)).map(({ status }) => status);
  const found: readonly [Promised, boolean][] = [
    ["lost", ids.length === 0 || seen.some(({ status }) => status === "404")],
    ["stuck", ids.length > 0 && terminal.length === 0],
    ["split", new Set(ids).size > 1],
    ["went_back", known.some(({ status }, index) => index > 0 && ORDER[status]! < ORDER[known[index - 1]!.status]!)],
    ["changed", new Set(terminal).size > 1],
    ["wrong_answer", known.some(({ status, holdsNonce }) => status === "completed" && holdsNonce !== true)],
    ["ended_twice", ids.some((id) => (endingsById.get(id) ?? 0) > 1)],
  ];
  return found.flatMap(([promise, isBroken]) => (isBroken ? [promise] : []));
}

function add(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}
