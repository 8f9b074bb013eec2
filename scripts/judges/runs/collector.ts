import { readReportLine, type Origin } from "./report-line";
import { RunSamples } from "./samples";

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
