import type { VersionConfiguration } from "../applied/functions";
import { spawn, type ChildProcess } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface EnvironmentOptions {
  readonly version: VersionConfiguration;
  readonly region: string;
  /** The emulator's address, where the SDK clients of the function go. */
  readonly endpoint: string;
  /** What a test needs beside, such as the certificate of its own server. Default: nothing. */
  readonly processVariables?: Readonly<Record<string, string>>;
  readonly taskRoot: string;
  /** `host:port` of the Runtime API. */
  readonly runtimeApi: string;
  readonly logStream: string;
}

/**
 * The whole environment of a function's process: what terraform applied and what Lambda sets, and nothing of ours.
 * The last two names are local: the emulator stands in for AWS, and no metadata service is asked for credentials.
 */
export function functionEnvironment(options: EnvironmentOptions): Record<string, string> {
  const { version, region } = options;
  return {
    ...options.processVariables,
    ...version.environment,
    AWS_LAMBDA_FUNCTION_NAME: version.functionName,
    AWS_LAMBDA_FUNCTION_VERSION: version.version,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(version.memoryMiB),
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${version.functionName}`,
    AWS_LAMBDA_LOG_STREAM_NAME: options.logStream,
    AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
    AWS_LAMBDA_RUNTIME_API: options.runtimeApi,
    AWS_EXECUTION_ENV: `AWS_Lambda_${version.runtime}`,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    // Of each function's own role, as its name says: so its calls can be told from another's.
    AWS_ACCESS_KEY_ID: `local-${version.functionName}`,
    AWS_SECRET_ACCESS_KEY: "local",
    AWS_SESSION_TOKEN: "local",
    LAMBDA_TASK_ROOT: options.taskRoot,
    _HANDLER: version.handler,
    PATH: "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin",
    TZ: ":UTC",
    AWS_ENDPOINT_URL: options.endpoint,
    AWS_EC2_METADATA_DISABLED: "true",
  };
}

const BOOTSTRAP = join(__dirname, "bootstrap.mjs");

/** Of the memory, what V8's old space may take; the rest is for buffers, stacks and Node itself. */
const HEAP_SHARE = 0.9;

/** What Node.js is told where nobody says otherwise. */
const nodeFlagsOf = (memoryMiB?: number): readonly string[] =>
  memoryMiB === undefined ? [] : [`--max-old-space-size=${Math.floor(memoryMiB * HEAP_SHARE)}`];

export interface ProcessOptions {
  readonly nodePath: string;
  /** The function's memory, which limits its heap. Default: no limit but Node's own. */
  readonly memoryMiB?: number;
  readonly taskRoot: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Of Node.js, before the script. Default: the heap's limit, which follows from the memory. */
  readonly nodeFlags?: readonly string[];
  /** Descriptor for stdout and stderr. */
  readonly log: number;
}

/** The operating system's side of one environment: a process that is frozen, thawed and killed. */
export class FunctionProcess {
  /** Settles when the process is gone, with how it ended. */
  readonly exited: Promise<string>;
  private gone = false;

  private constructor(private readonly child: ChildProcess) {
    this.exited = new Promise((resolve) => {
      const end = (how: string) => {
        this.gone = true;
        live.delete(this);
        resolve(how);
      };
      child.once("error", (error) => end(`cannot be started: ${error.message}`));
      child.once("exit", (code, signal) => end(signal === null ? `exit status ${code}` : `signal: ${signal}`));
    });
  }

  /**
   * Starts it after those that were asked for before, and after what has arrived until now was read. Nothing else runs
   * here until the system has made a process, on a busy machine most of a second: sixteen in a row would hold up
   * answers for ten, and functions and connections would be taken for dead.
   */
  static startInTurn(options: ProcessOptions): Promise<FunctionProcess> {
    const started = lastTurn
      .then(() => new Promise<void>((resolve) => setImmediate(resolve)))
      .then(() => FunctionProcess.start(options));
    lastTurn = started.then(
      () => undefined,
      () => undefined,
    );
    return started;
  }

  static start(options: ProcessOptions): FunctionProcess {
    const { nodeFlags = nodeFlagsOf(options.memoryMiB) } = options;
    const child = spawn(options.nodePath, [...nodeFlags, BOOTSTRAP], {
      cwd: options.taskRoot,
      env: options.environment,
      stdio: ["ignore", options.log, options.log],
    });
    const started = new FunctionProcess(child);
    if (!watching) process.once("exit", killAll);
    watching = true;
    live.add(started);
    return started;
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  get alive(): boolean {
    return !this.gone;
  }

  /** As Lambda does between invocations: nothing runs, timers and sockets included. */
  freeze(): void {
    this.signal("SIGSTOP");
  }

  thaw(): void {
    this.signal("SIGCONT");
  }

  kill(): void {
    this.signal("SIGKILL");
  }

  /** Highest resident memory so far, or undefined where the system does not tell. */
  peakMemoryMiB(): number | undefined {
    try {
      const match = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${this.pid}/status`, "utf8"));
      return match === null ? undefined : Math.ceil(Number(match[1]) / 1024);
    } catch {
      return undefined; // No /proc here, or the process is gone.
    }
  }

  /** Milliseconds that its threads have been on a processor so far, or undefined where the system does not tell. */
  cpuMs(): number | undefined {
    try {
      const tasks = `/proc/${this.pid}/task`;
      // First field: nanoseconds on the processor (Linux, Documentation/scheduler/sched-stats.rst).
      return (
        readdirSync(tasks).reduce(
          (sum, task) => sum + Number(readFileSync(`${tasks}/${task}/schedstat`, "utf8").split(" ")[0]),
          0,
        ) / 1e6
      );
    } catch {
      return undefined; // No /proc here, or the process is gone.
    }
  }

  private signal(name: NodeJS.Signals): void {
    // Windows can only kill.
    if (this.gone || (process.platform === "win32" && name !== "SIGKILL")) return;
    this.child.kill(name);
  }
}

let lastTurn = Promise.resolve();
const live = new Set<FunctionProcess>();
let watching = false;

/** A frozen process would outlive us for ever: whichever way we end, it ends first. */
function killAll(): void {
  for (const started of live) started.kill();
}
