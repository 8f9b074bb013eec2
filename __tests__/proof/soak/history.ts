import { existsSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { DynamoDBClient, paginateScan } from "@aws-sdk/client-dynamodb";
import type { FunctionEnvironment } from "../../../scripts/emulator";
import { median } from "../../../scripts/kit/quantiles";
import { countByName } from "../text";

/** An end of a request, as a worker logged it. */
interface LoggedEnd {
  readonly requestId: string;
  /** Version of the worker. */
  readonly version: string;
}

/** Every end of a request that a worker's log records. */
export function endsInLog(file: string): LoggedEnd[] {
  const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n") : [];
  return lines
    .filter((line) => line.includes('"event":"finished"'))
    .map((line) => {
      const { request_id: requestId, Version: version } = JSON.parse(line) as { request_id: string; Version: string };
      return { requestId, version };
    });
}

/** Requests in the table by status, as soon as none is open any more or the time is up. */
export async function settledStatuses(
  { endpoint, region }: { readonly endpoint: string; readonly region: string },
  table: string,
  patienceMs: number,
): Promise<Record<string, number>> {
  const credentials = { accessKeyId: "local", secretAccessKey: "local" };
  const client = new DynamoDBClient({ endpoint, region, credentials });
  const giveUpAt = performance.now() + patienceMs;
  try {
    for (;;) {
      const statuses: string[] = [];
      for await (const { Items = [] } of paginateScan({ client }, { TableName: table, ConsistentRead: true }))
        statuses.push(...Items.map((item) => item["status"]?.S ?? "none"));
      if (!statuses.some((status) => ["queued", "processing"].includes(status)) || performance.now() > giveUpAt)
        return countByName(statuses);
      await sleep(2_000);
    }
  } finally {
    client.destroy();
  }
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

/** What callers are promised, with what it means to break it. */
export const PROMISES = {
  /** Accepted, and then not there; or never accepted though it was sent again and again. */
  lost: "lost",
  stuck: "stuck without a terminal state",
  split: "given another id when sent again with its key",
  went_back: "shown an earlier state after a later one",
  changed: "changed after the end",
  wrong_answer: "completed with an answer that is not whole or not its own",
  /** By two workers. */
  ended_twice: "executed twice to an end",
} as const;
export type Promised = keyof typeof PROMISES;

const END = 2;
const ORDER: Readonly<Record<string, number>> = { queued: 0, processing: 1, completed: END, failed: END, expired: END };
/** Whether a request never leaves that state. */
export const isTerminal = (status: string): boolean => ORDER[status] === END;

/**
 * Judges what the callers saw.
 * @param endingsById how often the workers' logs record an end of a request
 */
export function judgeHistory(
  histories: readonly RequestHistory[],
  endingsById: Readonly<Record<string, number>>,
): HistoryVerdict {
  const brokenPromises = histories.flatMap((history) =>
    brokenBy(history, endingsById).map((promise) => ({ promise, name: history.ids[0] ?? history.nonce })),
  );
  const names = (wanted: string) => brokenPromises.flatMap(({ promise, name }) => (promise === wanted ? [name] : []));
  const ends = histories.map(({ seen }) => seen.findLast(({ status }) => isTerminal(status)));
  return {
    requests: histories.length,
    endings: countByName(ends.map((end) => end?.status ?? "none")),
    reasons: countByName(ends.flatMap((end) => end?.errorCode ?? [])),
    broken: Object.fromEntries(Object.keys(PROMISES).map((promise) => [promise, names(promise)])) as Record<
      Promised,
      string[]
    >,
    holds: brokenPromises.length === 0,
  };
}

function brokenBy({ ids, seen }: RequestHistory, endingsById: Readonly<Record<string, number>>): Promised[] {
  const known = seen.filter(({ status }) => ORDER[status] !== undefined);
  const terminal = known.filter(({ status }) => isTerminal(status)).map(({ status }) => status);
  const found: readonly [Promised, boolean][] = [
    ["lost", ids.length === 0 || seen.some(({ status }) => status === "404")],
    ["stuck", ids.length > 0 && terminal.length === 0],
    ["split", new Set(ids).size > 1],
    ["went_back", known.some(({ status }, index) => index > 0 && ORDER[status]! < ORDER[known[index - 1]!.status]!)],
    ["changed", new Set(terminal).size > 1],
    ["wrong_answer", known.some(({ status, holdsNonce }) => status === "completed" && holdsNonce !== true)],
    ["ended_twice", ids.some((id) => (endingsById[id] ?? 0) > 1)],
  ];
  return found.flatMap(([promise, isBroken]) => (isBroken ? [promise] : []));
}
