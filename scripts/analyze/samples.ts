import { countAbove, mean, quantile } from "../kit/quantiles";
import { readReportLine, type Origin, type RunReport, type RunStatus } from "./report-line";

/** Further names of one kind are counted as one, so that a log of thousands of functions does not fill the memory. */
const MAX_NAMES = 250;
const OTHERS = "(others)";
const STATUSES: readonly RunStatus[] = ["unknown", "success", "timeout", "error"];

/** Figures of runs in columns: a million runs take about 35 MB. NaN stands for what a line does not have. */
export class RunSamples {
  private length = 0;
  private columns = createColumns(1_024);
  private readonly names = { version: new Names(), function: new Names(), errorType: new Names() };

  /** How many runs there are. */
  get count(): number {
    return this.length;
  }

  /** Adds a run at the end. */
  add(report: RunReport): void {
    if (this.length === this.columns.durationMs.length) this.columns = doubleColumns(this.columns);
    const { columns, names, length: index } = this;
    columns.durationMs[index] = report.durationMs;
    columns.billedMs[index] = report.billedDurationMs ?? NaN;
    columns.sizeMiB[index] = report.memorySizeMiB;
    columns.usedMiB[index] = report.maxMemoryUsedMiB;
    columns.initMs[index] = report.initDurationMs ?? report.restoreDurationMs ?? NaN;
    columns.status[index] = STATUSES.indexOf(report.status);
    columns.version[index] = names.version.findOrAdd(report.version);
    columns.function[index] = names.function.findOrAdd(report.functionName);
    columns.errorType[index] = names.errorType.findOrAdd(report.errorType);
    this.length = index + 1;
  }

  /** Milliseconds of each run's handler, in the order of the lines. */
  get durationMs(): Float64Array {
    return this.columns.durationMs.subarray(0, this.length);
  }
  /** Milliseconds billed; NaN where unknown. */
  get billedMs(): Float32Array {
    return this.columns.billedMs.subarray(0, this.length);
  }
  /** Size of the function in MiB. */
  get sizeMiB(): Float32Array {
    return this.columns.sizeMiB.subarray(0, this.length);
  }
  /** Most MiB that the environment had used by the end of the run: it never falls within an environment. */
  get usedMiB(): Float32Array {
    return this.columns.usedMiB.subarray(0, this.length);
  }
  /** Milliseconds of init or restore; NaN for a warm run. */
  get initMs(): Float32Array {
    return this.columns.initMs.subarray(0, this.length);
  }

  /** Whether a run started its environment. */
  isColdAt(index: number): boolean {
    return !Number.isNaN(this.columns.initMs[index]!);
  }
  /** How a run ended. */
  statusAt(index: number): RunStatus {
    return STATUSES[this.columns.status[index]!]!;
  }
  /** A run's name of a kind; undefined where its line does not have it. */
  nameAt(kind: "version" | "function" | "errorType", index: number): string | undefined {
    return this.names[kind].at(this.columns[kind][index]!);
  }
}

const createColumns = (size: number) => ({
  durationMs: new Float64Array(size),
  billedMs: new Float32Array(size),
  sizeMiB: new Float32Array(size),
  usedMiB: new Float32Array(size),
  initMs: new Float32Array(size),
  status: new Uint8Array(size),
  version: new Uint8Array(size),
  function: new Uint8Array(size),
  errorType: new Uint8Array(size),
});
type Columns = ReturnType<typeof createColumns>;

function doubleColumns(columns: Columns): Columns {
  const doubled = createColumns(columns.durationMs.length * 2);
  for (const name of Object.keys(columns) as (keyof Columns)[]) doubled[name].set(columns[name]);
  return doubled;
}

/** Numbers small enough for a byte that stand for names; 0 stands for no name. */
class Names {
  private readonly numbers = new Map<string, number>();
  private readonly names: (string | undefined)[] = [undefined];

  findOrAdd(name: string | undefined): number {
    if (name === undefined) return 0;
    const known = this.numbers.get(name);
    if (known !== undefined) return known;
    if (this.names.length > MAX_NAMES && name !== OTHERS) return this.findOrAdd(OTHERS);
    this.numbers.set(name, this.names.length);
    return this.names.push(name) - 1;
  }

  at(number: number): string | undefined {
    return this.names[number];
  }
}

/** Properties that runs are split by. */
export const SPLITS = ["start", "memory_size", "version", "function"] as const;
type SplitKind = (typeof SPLITS)[number];

/** The runs that have one property in common. */
export interface Split {
  readonly by: SplitKind;
  /** `cold`, `warm`; a size in MiB; a version; a function. */
  readonly key: string;
  readonly count: number;
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly maxMs: number;
  readonly overThresholdPercent: number;
  /** Percentage above the boundary between the modes; null where there is no boundary. */
  readonly slowModePercent: number | null;
}

/** Bounds that the runs of a split are compared with. */
interface SplitBounds {
  readonly thresholdMs: number;
  /** Boundary between the modes, or null. */
  readonly splitMs: number | null;
}

/** Nobody reads a table with more keys of one kind. */
const MAX_KEYS = 12;

/** Splits runs by every property of which the lines have two values or more. */
export function splitRuns(samples: RunSamples, bounds: SplitBounds): Split[] {
  return SPLITS.flatMap((by) => {
    const groups = groupDurations(samples, by);
    if (groups.size < 2) return [];
    return [...groups]
      .sort(([leftKey, left], [rightKey, right]) => right.length - left.length || compareKeys(leftKey, rightKey))
      .slice(0, MAX_KEYS)
      .sort(([left], [right]) => compareKeys(left, right))
      .map(([key, durations]) => ({ by, key, ...summarizeSplit(durations, bounds) }));
  });
}

function groupDurations(samples: RunSamples, by: SplitKind): Map<string, number[]> {
  const { durationMs } = samples;
  const groups = new Map<string, number[]>();
  for (let index = 0; index < samples.count; index++) {
    const key = readKey(samples, by, index);
    if (key === undefined) continue;
    const group = groups.get(key);
    if (group) group.push(durationMs[index]!);
    else groups.set(key, [durationMs[index]!]);
  }
  return groups;
}

function readKey(samples: RunSamples, by: SplitKind, index: number): string | undefined {
  if (by === "start") return samples.isColdAt(index) ? "cold" : "warm";
  if (by === "memory_size") return String(samples.sizeMiB[index]!);
  return samples.nameAt(by, index);
}

function summarizeSplit(
  durations: readonly number[],
  { thresholdMs, splitMs }: SplitBounds,
): Omit<Split, "by" | "key"> {
  const sorted = Float64Array.from(durations).sort();
  const computePercent = (boundMs: number) => (countAbove(sorted, boundMs) / sorted.length) * 100;
  return {
    count: sorted.length,
    meanMs: mean(sorted),
    p50Ms: quantile(sorted, 0.5),
    p95Ms: quantile(sorted, 0.95),
    maxMs: quantile(sorted, 1),
    overThresholdPercent: computePercent(thresholdMs),
    slowModePercent: splitMs === null ? null : computePercent(splitMs),
  };
}

/** Orders numbers by their value, and other keys by their characters, so that the order is the same in every locale. */
function compareKeys(left: string, right: string): number {
  const [first, second] = [Number(left), Number(right)];
  if (!Number.isNaN(first) && !Number.isNaN(second)) return first - second;
  return left < right ? -1 : left > right ? 1 : 0;
}

/** How many lines were read, by what they are. */
export interface Reading {
  readonly lines: number;
  readonly reports: number;
  /** Lines that are no report of a run. */
  readonly skipped: number;
  /** Reports that cannot be read. */
  readonly unreadable: number;
  /**
   * The input of the first of those, and its line number from 1. Its content is not shown, because a log may hold
   * anything.
   */
  readonly firstUnreadable: { readonly input: string; readonly line: number } | null;
}

/** Runs that have started and not ended; of more the oldest are forgotten. */
const MAX_STARTED = 10_000;

/** Takes the lines of one or more logs, and keeps the figures of the runs that they report. */
export class RunCollector {
  /** The runs so far. */
  readonly samples = new RunSamples();
  /** Versions of the runs that have started, by request id. */
  private readonly versions = new Map<string, string>();
  private readonly counts = { lines: 0, skipped: 0, unreadable: 0 };
  private firstUnreadable: Reading["firstUnreadable"] = null;

  /**
   * Takes one line.
   * @param place the log's name, and the line's number in it from 1
   */
  take(line: string, place: { readonly input: string; readonly line: number }, origin?: Origin): void {
    this.counts.lines++;
    const read = readReportLine(line, origin);
    if (read.kind === "report") return this.addRun(read.report);
    if (read.kind === "unreadable") {
      this.counts.unreadable++;
      this.firstUnreadable ??= place;
      return;
    }
    this.counts.skipped++;
    if (read.kind === "start") this.addStart(read.requestId, read.version);
  }

  /** What was read so far. */
  get reading(): Reading {
    return { ...this.counts, reports: this.samples.count, firstUnreadable: this.firstUnreadable };
  }

  private addRun(report: RunReport): void {
    const { requestId } = report;
    if (requestId === undefined) return this.samples.add(report);
    const version = report.version ?? this.versions.get(requestId);
    this.versions.delete(requestId);
    this.samples.add(version === undefined ? report : { ...report, version });
  }

  private addStart(requestId: string, version: string): void {
    this.versions.set(requestId, version);
    if (this.versions.size > MAX_STARTED) this.versions.delete(this.versions.keys().next().value!);
  }
}
