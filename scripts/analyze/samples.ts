import { type RunReport, type RunStatus, readReportLine, type Origin } from "./report-line";

/** Names beyond this many of one kind are counted as one: a log of thousands of functions must not fill the memory. */
const MAX_NAMES = 250;
const OTHERS = "(others)";
const STATUSES: readonly RunStatus[] = ["unknown", "success", "timeout", "error"];

/** Figures of runs in columns: a million of them take about 35 MB. NaN stands for what a line does not have. */
export class RunSamples {
  private length = 0;
  private columns = new Columns(1_024);
  private readonly names = { version: new Names(), function: new Names(), errorType: new Names() };

  /** How many runs there are. */
  get count(): number {
    return this.length;
  }

  /** Adds a run at the end. */
  add(report: RunReport): void {
    if (this.length === this.columns.durationMs.length) this.columns = this.columns.doubled();
    const { columns, names, length: at } = this;
    columns.durationMs[at] = report.durationMs;
    columns.billedMs[at] = report.billedDurationMs ?? NaN;
    columns.sizeMiB[at] = report.memorySizeMiB;
    columns.usedMiB[at] = report.maxMemoryUsedMiB;
    columns.initMs[at] = report.initDurationMs ?? report.restoreDurationMs ?? NaN;
    columns.status[at] = STATUSES.indexOf(report.status);
    columns.version[at] = names.version.of(report.version);
    columns.function[at] = names.function.of(report.functionName);
    columns.errorType[at] = names.errorType.of(report.errorType);
    this.length = at + 1;
  }

  /** Milliseconds of each run's handler, in the order of the lines. */
  get durationMs(): Float64Array {
    return this.columns.durationMs.subarray(0, this.length);
  }
  /** Milliseconds billed; NaN where unknown. */
  get billedMs(): Float32Array {
    return this.columns.billedMs.subarray(0, this.length);
  }
  /** MiB the function had. */
  get sizeMiB(): Float32Array {
    return this.columns.sizeMiB.subarray(0, this.length);
  }
  /** MiB the environment had used at most by the end of the run: it never falls within an environment. */
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
  /** The run's size in MiB, as text. */
  sizeTextAt(index: number): string {
    return String(this.columns.sizeMiB[index]!);
  }
  /** How a run ended. */
  statusAt(index: number): RunStatus {
    return STATUSES[this.columns.status[index]!]!;
  }
  /** What a run has of a kind; undefined where its line does not say. */
  nameAt(kind: "version" | "function" | "errorType", index: number): string | undefined {
    return this.names[kind].at(this.columns[kind][index]!);
  }
}

class Columns {
  readonly durationMs: Float64Array;
  readonly billedMs: Float32Array;
  readonly sizeMiB: Float32Array;
  readonly usedMiB: Float32Array;
  readonly initMs: Float32Array;
  readonly status: Uint8Array;
  readonly version: Uint8Array;
  readonly function: Uint8Array;
  readonly errorType: Uint8Array;

  constructor(size: number) {
    this.durationMs = new Float64Array(size);
    [this.billedMs, this.sizeMiB, this.usedMiB, this.initMs] = [
      new Float32Array(size),
      new Float32Array(size),
      new Float32Array(size),
      new Float32Array(size),
    ];
    [this.status, this.version, this.function, this.errorType] = [
      new Uint8Array(size),
      new Uint8Array(size),
      new Uint8Array(size),
      new Uint8Array(size),
    ];
  }

  doubled(): Columns {
    const grown = new Columns(this.durationMs.length * 2);
    grown.durationMs.set(this.durationMs);
    for (const name of ["billedMs", "sizeMiB", "usedMiB", "initMs"] as const) grown[name].set(this[name]);
    for (const name of ["status", "version", "function", "errorType"] as const) grown[name].set(this[name]);
    return grown;
  }
}

/** Names by small numbers; 0 is no name. */
class Names {
  private readonly byName = new Map<string, number>();
  private readonly list: (string | undefined)[] = [undefined];

  of(name: string | undefined): number {
    if (name === undefined) return 0;
    const known = this.byName.get(name);
    if (known !== undefined) return known;
    if (this.list.length > MAX_NAMES && name !== OTHERS) return this.of(OTHERS);
    this.byName.set(name, this.list.length);
    return this.list.push(name) - 1;
  }

  at(number: number): string | undefined {
    return this.list[number];
  }
}

/** What was read. */
export interface Reading {
  readonly lines: number;
  readonly reports: number;
  /** Lines that are no report of a run. */
  readonly skipped: number;
  /** Lines that say they are a report and cannot be read. */
  readonly unreadable: number;
  /**
   * Where the first of those is: its input, and its number there, from 1. Its content is not shown: a log may hold
   * anything.
   */
  readonly firstUnreadable: { readonly input: string; readonly line: number } | null;
}

/** A run that started and has not ended yet; beyond this many the oldest are forgotten. */
const MAX_STARTED = 10_000;

/** Takes the lines of one or more logs, and keeps the figures of the runs that they report. */
export class RunCollector {
  /** The runs so far. */
  readonly samples = new RunSamples();
  private readonly versions = new Map<string, string>();
  private lines = 0;
  private skipped = 0;
  private unreadable = 0;
  private firstUnreadable: Reading["firstUnreadable"] = null;

  /**
   * Takes one line.
   * @param input name of the log it is from
   * @param number of the line in that log, from 1
   */
  take(line: string, input: string, number: number, origin?: Origin): void {
    this.lines++;
    const read = readReportLine(line, origin);
    if (read.kind === "unreadable") {
      this.unreadable++;
      this.firstUnreadable ??= { input, line: number };
      return;
    }
    if (read.kind !== "report") {
      this.skipped++;
      if (read.kind === "start") this.started(read.requestId, read.version);
      return;
    }
    const { requestId, version } = read.report;
    const known = version ?? (requestId === undefined ? undefined : this.versions.get(requestId));
    if (requestId !== undefined) this.versions.delete(requestId);
    this.samples.add(known === undefined ? read.report : { ...read.report, version: known });
  }

  /** What was read so far. */
  get reading(): Reading {
    return {
      lines: this.lines,
      reports: this.samples.count,
      skipped: this.skipped,
      unreadable: this.unreadable,
      firstUnreadable: this.firstUnreadable,
    };
  }

  private started(requestId: string, version: string): void {
    this.versions.set(requestId, version);
    if (this.versions.size > MAX_STARTED) this.versions.delete(this.versions.keys().next().value!);
  }
}
