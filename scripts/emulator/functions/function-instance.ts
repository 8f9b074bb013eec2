import { appendFileSync, closeSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import type { VersionConfiguration } from "../applied/functions";
import {
  makeEnvironment,
  FunctionProcess,
  RuntimeApi,
  type EnvironmentOptions,
  type RuntimeTask,
} from "./function-process";

/** Figures for the last line of an invocation in the log. */
interface InvocationReport extends Pick<InvocationOutcome, "durationMs" | "initMs"> {
  readonly requestId: string;
  readonly maxMemoryUsedMiB: number | undefined;
}

/** The log file of one function: the function's own output, and the lines that Lambda adds. */
export class FunctionLog {
  /** Open for appending. The processes get it as their stdout and stderr. */
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

  /** Writes nothing once the log is closed, because an invocation may still end while the host stops. */
  line(text: string): void {
    if (this.closed) return;
    appendFileSync(this.descriptor, `${text}\n`);
  }

  close(): void {
    this.closed = true;
    closeSync(this.descriptor);
  }
}

/** What an invocation answers. */
interface InvocationAnswer {
  readonly failed: boolean;
  /** The answer, or Lambda's error object, in JSON. */
  readonly payload: string;
}

/** How an invocation ended. */
export interface InvocationOutcome extends InvocationAnswer {
  readonly durationMs: number;
  /** Set for the first invocation of an environment; undefined where it was warm. */
  readonly initMs: number | undefined;
}

export interface InstanceOptions extends Omit<EnvironmentOptions, "runtimeApi"> {
  readonly nodePath: string;
  /** Flags of Node.js. Default: a limit of the heap that follows from the memory. */
  readonly nodeFlags?: readonly string[];
  readonly log: FunctionLog;
}

/** The share of the memory that V8's old space may take. The rest is for buffers, stacks and Node.js itself. */
const HEAP_SHARE = 0.9;

/** Why a wait for the process ended: it asks for work, it took too long and was killed, or it exited. */
type WaitEnd =
  | { readonly kind: "ready" }
  | { readonly kind: "timeout" }
  | { readonly kind: "exited"; readonly how: string };

/** Lambda gives initialisation 10 s, then starts it again within the function's time-out; here it runs on. */
const INIT_LIMIT_MS = 10_000;

/** One environment of a function: a process, its Runtime API, and at most one invocation at a time. */
export class FunctionInstance {
  private readonly startedAtMs = performance.now();
  private initMs: number | undefined;
  private initReported = false;
  private initError: string | undefined;
  private answer: InvocationAnswer | undefined;
  /** Called when the process asks for work. */
  private onNext: () => void = () => undefined;

  private constructor(
    private readonly api: RuntimeApi,
    private readonly process: FunctionProcess,
    private readonly options: InstanceOptions,
  ) {
    api.connect({
      next: () => {
        this.initMs ??= performance.now() - this.startedAtMs;
        this.onNext();
      },
      response: (payload) => void (this.answer ??= { failed: false, payload }),
      error: (payload) => void (this.answer ??= { failed: true, payload }),
      initError: (payload) => void (this.initError = payload),
    });
  }

  static async start(options: InstanceOptions): Promise<FunctionInstance> {
    const api = await RuntimeApi.listen();
    const heapMiB = Math.floor(options.version.memoryMiB * HEAP_SHARE);
    const { nodePath, taskRoot, nodeFlags = [`--max-old-space-size=${heapMiB}`], log } = options;
    const environment = makeEnvironment({ ...options, runtimeApi: api.address });
    const process = await FunctionProcess.startInTurn({
      nodePath,
      nodeFlags,
      taskRoot,
      environment,
      log: log.descriptor,
    }).catch((error: unknown) => {
      // An open server would keep the whole program from ending.
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
    const timeoutMs = this.options.version.timeoutSeconds * 1_000;
    this.process.thaw();
    const start: WaitEnd =
      this.initMs === undefined ? await this.waitForNext(INIT_LIMIT_MS + timeoutMs) : { kind: "ready" };
    const initMs = this.initReported ? undefined : this.initMs;
    this.initReported = true;
    if (start.kind !== "ready") {
      const failure =
        this.initError === undefined ? this.fail(task.requestId, start) : { failed: true, payload: this.initError };
      return { ...failure, durationMs: 0, initMs };
    }
    this.answer = undefined;
    const beganMs = performance.now();
    this.api.deliver({ ...task, deadlineMs: Date.now() + timeoutMs });
    const end = await this.waitForNext(timeoutMs);
    const durationMs = end.kind === "timeout" ? timeoutMs : performance.now() - beganMs;
    const answer = (end.kind === "timeout" ? undefined : this.answer) ?? this.fail(task.requestId, end);
    if (end.kind === "ready") this.process.freeze();
    return { ...answer, durationMs, initMs };
  }

  /** Ends the process and waits until it is gone. */
  async kill(): Promise<void> {
    this.process.kill();
    await this.process.exited;
  }

  /** Waits until the process asks for work. Past the limit the process is killed. */
  private async waitForNext(limitMs: number): Promise<WaitEnd> {
    let timer: NodeJS.Timeout | undefined;
    const end = await Promise.race<WaitEnd>([
      new Promise((resolve) => (this.onNext = () => resolve({ kind: "ready" }))),
      new Promise((resolve) => (timer = setTimeout(() => resolve({ kind: "timeout" }), limitMs))),
      this.process.exited.then((how) => ({ kind: "exited", how })),
    ]);
    clearTimeout(timer);
    if (end.kind === "timeout") await this.kill();
    return end;
  }

  /** Writes into the log why there is no answer, and makes Lambda's error object of it. */
  private fail(requestId: string, end: WaitEnd): InvocationAnswer {
    const [errorType, reason] =
      end.kind === "timeout"
        ? ["Sandbox.Timedout", `Task timed out after ${this.options.version.timeoutSeconds.toFixed(2)} seconds`]
        : ["Runtime.ExitError", `Runtime exited with error: ${end.kind === "exited" ? end.how : "no response"}`];
    const errorMessage = `RequestId: ${requestId} Error: ${reason}`;
    this.options.log.line(errorMessage);
    return { failed: true, payload: JSON.stringify({ errorType, errorMessage }) };
  }
}
