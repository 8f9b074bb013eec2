import { appendFileSync, closeSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import type { VersionConfiguration } from "../applied/applied-functions";

/** What the last line of an invocation says. */
export interface InvocationReport {
  readonly requestId: string;
  readonly durationMs: number;
  /** Undefined where the environment was warm. */
  readonly initMs: number | undefined;
  readonly maxMemoryUsedMiB: number | undefined;
}

/** One function's log file: its own output, and the lines that Lambda adds. */
export class FunctionLog {
  /** Open for appending; given to the processes as their stdout and stderr. */
  readonly descriptor: number;
  private closed = false;

  constructor(directory: string, functionName: string) {
    mkdirSync(directory, { recursive: true });
    this.descriptor = openSync(join(directory, `${functionName}.log`), "a");
  }

  start(requestId: string, version: string): void {
    this.line(`START RequestId: ${requestId} Version: ${version}`);
  }

  report(report: InvocationReport, version: VersionConfiguration): void {
    const { requestId, durationMs, initMs } = report;
    // Since August 2025 Lambda bills the initialisation of zip functions too.
    const billedMs = Math.ceil(durationMs + (initMs ?? 0));
    const fields = [
      `REPORT RequestId: ${requestId}`,
      `Duration: ${durationMs.toFixed(2)} ms`,
      `Billed Duration: ${billedMs} ms`,
      `Memory Size: ${version.memoryMiB} MB`,
      ...(report.maxMemoryUsedMiB === undefined ? [] : [`Max Memory Used: ${report.maxMemoryUsedMiB} MB`]),
      ...(initMs === undefined ? [] : [`Init Duration: ${initMs.toFixed(2)} ms`]),
    ];
    this.line(`END RequestId: ${requestId}`);
    this.line(`${fields.join("\t")}\t`);
  }

  /** Does nothing once closed: an invocation may still end while the host stops. */
  line(text: string): void {
    if (this.closed) return;
    appendFileSync(this.descriptor, `${text}\n`);
  }

  close(): void {
    this.closed = true;
    closeSync(this.descriptor);
  }
}
