import { appendFileSync, closeSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import type { VersionConfiguration } from "../applied/functions";
import { functionEnvironment, FunctionProcess } from "./function-process";
import { RuntimeApi, type RuntimeTask } from "./runtime-api";

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

/** How an invocation ended. */
export interface InvocationOutcome {
  readonly failed: boolean;
  /** The answer, or Lambda's error object, in JSON. */
  readonly payload: string;
  readonly durationMs: number;
  /** Set for the first invocation of an environment. */
  readonly initMs: number | undefined;
}

export interface InstanceOptions {
  readonly version: VersionConfiguration;
  readonly nodePath: string;
  readonly taskRoot: string;
  /** Of Node.js. Default: as a function from a zip has them. */
  readonly nodeFlags?: readonly string[];
  readonly region: string;
  readonly endpoint: string;
  readonly processVariables?: Readonly<Record<string, string>>;
  readonly log: FunctionLog;
  readonly logStream: string;
}

/** Lambda gives initialisation 10 s, then starts it again within the function's time-out; here both run on. */
const INIT_LIMIT_MS = 10_000;

/** One environment of a function: a process, its Runtime API, and at most one invocation at a time. */
export class FunctionInstance {
  private readonly startedAt = performance.now();
  private initMs: number | undefined;
  private initReported = false;
  private initError: string | undefined;
  private answer: { readonly failed: boolean; readonly payload: string } | undefined;
  /** Called when the process asks for work. */
  private onNext: () => void = () => undefined;

  private constructor(
    private readonly api: RuntimeApi,
    private readonly process: FunctionProcess,
    private readonly options: InstanceOptions,
  ) {
    api.connect({
      next: () => this.handleNext(),
      response: (payload) => this.settle(false, payload),
      error: (payload) => this.settle(true, payload),
      initError: (payload) => this.failInit(payload),
    });
  }

  static async start(options: InstanceOptions): Promise<FunctionInstance> {
    const api = await RuntimeApi.listen();
    const environment = functionEnvironment({ ...options, runtimeApi: api.address });
    const { nodePath, taskRoot, nodeFlags, log, version } = options;
    const process = await FunctionProcess.startInTurn({
      nodePath,
      taskRoot,
      environment,
      log: log.descriptor,
      memoryMiB: version.memoryMiB,
      ...(nodeFlags && { nodeFlags }),
    }).catch((error: unknown) => {
      // Nobody would close it, and it would keep the whole program from ending.
      api.close();
      throw error;
    });
    void process.exited.then(() => api.close());
    return new FunctionInstance(api, process, options);
  }

  get pid(): number | undefined {
    return this.process.pid;
  }

  get functionName(): string {
    return this.options.version.functionName;
  }

  get alive(): boolean {
    return this.process.alive;
  }

  get peakMemoryMiB(): number | undefined {
    return this.process.peakMemoryMiB();
  }

  /** Runs one invocation. It ends when the process asks for work again, as a warm environment on Lambda does. */
  async invoke(task: Omit<RuntimeTask, "deadlineMs">): Promise<InvocationOutcome> {
    const { timeoutSeconds } = this.options.version;
    const timeoutMs = timeoutSeconds * 1_000;
    this.process.thaw();
    const ready = this.initMs !== undefined || (await this.waitForNext(INIT_LIMIT_MS + timeoutMs));
    const initMs = this.initReported ? undefined : this.initMs;
    this.initReported = true;
    if (ready !== true) return this.outcome(this.initFailure(task.requestId, ready), 0, initMs);
    this.answer = undefined;
    const began = performance.now();
    this.api.deliver({ ...task, deadlineMs: Date.now() + timeoutMs });
    const ended = await this.waitForNext(timeoutMs);
    const durationMs = performance.now() - began;
    const result =
      ended !== "timeout" && this.answer !== undefined ? this.answer : this.breakdown(task.requestId, ended);
    if (ended === true) this.process.freeze();
    return this.outcome(result, ended === "timeout" ? timeoutMs : durationMs, initMs);
  }

  /** Ends the process and waits until it is gone. */
  async kill(): Promise<void> {
    this.process.kill();
    await this.process.exited;
  }

  private handleNext(): void {
    this.initMs ??= performance.now() - this.startedAt;
    this.onNext();
  }

  private settle(failed: boolean, payload: string): void {
    this.answer ??= { failed, payload };
  }

  private failInit(payload: string): void {
    this.initError = payload;
  }

  /** True when the process asks for work; else how it ended. Past the limit it is killed. */
  private async waitForNext(limitMs: number): Promise<string | true> {
    let timer: NodeJS.Timeout | undefined;
    const asked = new Promise<true>((resolve) => (this.onNext = () => resolve(true)));
    const late = new Promise<string>((resolve) => (timer = setTimeout(() => resolve("timeout"), limitMs)));
    const ended = await Promise.race([asked, late, this.process.exited]);
    clearTimeout(timer);
    if (ended === "timeout") await this.kill();
    return ended;
  }

  private initFailure(requestId: string, ended: string): { failed: boolean; payload: string } {
    return this.initError === undefined ? this.breakdown(requestId, ended) : { failed: true, payload: this.initError };
  }

  private breakdown(requestId: string, ended: string | true): { failed: boolean; payload: string } {
    const { timeoutSeconds } = this.options.version;
    const [errorType, what] =
      ended === "timeout"
        ? ["Sandbox.Timedout", `Task timed out after ${timeoutSeconds.toFixed(2)} seconds`]
        : ["Runtime.ExitError", `Runtime exited with error: ${ended === true ? "no response" : ended}`];
    const errorMessage = `RequestId: ${requestId} Error: ${what}`;
    this.options.log.line(errorMessage);
    return { failed: true, payload: JSON.stringify({ errorType, errorMessage }) };
  }

  private outcome(
    result: { failed: boolean; payload: string },
    durationMs: number,
    initMs: number | undefined,
  ): InvocationOutcome {
    return { ...result, durationMs, initMs };
  }
}
