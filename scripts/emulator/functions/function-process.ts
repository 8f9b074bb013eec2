import { spawn, type ChildProcess } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { join } from "node:path";
import type { VersionConfiguration } from "../applied/functions";
import { listenOnLoopback, readBytes } from "../http";

export interface EnvironmentOptions {
  readonly version: VersionConfiguration;
  readonly region: string;
  /** The emulator's address, which the SDK clients of the function call. */
  readonly endpoint: string;
  /** Further variables, such as the certificate of a test's own server. Default: none. */
  readonly processVariables?: Readonly<Record<string, string>>;
  readonly taskRoot: string;
  /** `host:port` of the Runtime API. */
  readonly runtimeApi: string;
  readonly logStream: string;
}

/**
 * The whole environment of a function's process: the applied variables and those that Lambda sets. The last two are
 * local: they lead the SDK to the emulator, and keep it from asking a metadata service for credentials.
 */
export function makeEnvironment(options: EnvironmentOptions): Record<string, string> {
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
    // Each function has credentials of its own, so that the calls of two functions can be distinguished.
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

interface ProcessOptions {
  readonly nodePath: string;
  /** Default: none. */
  readonly nodeFlags?: readonly string[];
  readonly taskRoot: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Descriptor for stdout and stderr. */
  readonly log: number;
}

/** The process of one environment, which can be frozen, thawed and killed. */
export class FunctionProcess {
  /** Settles when the process is gone, with a description of how it ended. */
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
   * Starts the process after those that were requested before, and lets pending input be read between two starts. A
   * start blocks this process for up to a second on a busy machine, so sixteen in a row would delay answers until
   * functions and connections time out.
   */
  static startInTurn(options: ProcessOptions): Promise<FunctionProcess> {
    const started = lastStart
      .catch(() => undefined)
      .then(() => new Promise<void>((resolve) => setImmediate(resolve)))
      .then(() => FunctionProcess.start(options));
    lastStart = started;
    return started;
  }

  static start({ nodePath, nodeFlags = [], taskRoot, environment, log }: ProcessOptions): FunctionProcess {
    const stdio = ["ignore" as const, log, log];
    const child = spawn(nodePath, [...nodeFlags, BOOTSTRAP], { cwd: taskRoot, env: environment, stdio });
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

  /** Stops everything in the process, timers and sockets included, as Lambda does between invocations. */
  freeze(): void {
    this.signal("SIGSTOP");
  }

  thaw(): void {
    this.signal("SIGCONT");
  }

  kill(): void {
    this.signal("SIGKILL");
  }

  /** Highest resident memory so far; undefined where there is no /proc, or the process is gone. */
  peakMemoryMiB(): number | undefined {
    try {
      const match = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${this.pid}/status`, "utf8"));
      return match === null ? undefined : Math.ceil(Number(match[1]) / 1024);
    } catch {
      return undefined;
    }
  }

  /** Processor time of all threads so far; undefined where there is no /proc, or the process is gone. */
  cpuMs(): number | undefined {
    try {
      const tasks = `/proc/${this.pid}/task`;
      // First field: nanoseconds on the processor (Linux, Documentation/scheduler/sched-stats.rst).
      const readNs = (task: string) => Number(readFileSync(`${tasks}/${task}/schedstat`, "utf8").split(" ")[0]);
      return readdirSync(tasks).reduce((total, task) => total + readNs(task), 0) / 1e6;
    } catch {
      return undefined;
    }
  }

  private signal(name: NodeJS.Signals): void {
    // Windows can only kill.
    if (this.gone || (process.platform === "win32" && name !== "SIGKILL")) return;
    this.child.kill(name);
  }
}

let lastStart: Promise<unknown> = Promise.resolve();
const live = new Set<FunctionProcess>();
let watching = false;

/** A frozen process would never end by itself, so all are killed when this process exits. */
function killAll(): void {
  for (const started of live) started.kill();
}

/** What a function's process is given for one invocation. */
export interface RuntimeTask {
  readonly requestId: string;
  readonly deadlineMs: number;
  readonly functionArn: string;
  readonly traceId: string;
  readonly payload: string;
}

/** What the process reports. */
interface RuntimeEvents {
  /** The process asks for work: it is initialised, and done with the invocation before. */
  next(): void;
  response(payload: string): void;
  error(payload: string): void;
  initError(payload: string): void;
}

const PREFIX = "/2018-06-01/runtime/";

/** Lambda's Runtime API for one environment: a server that the function's process asks for work. */
export class RuntimeApi {
  private waiting: ServerResponse | undefined;
  private events: RuntimeEvents | undefined;

  private constructor(
    private readonly server: Server,
    /** `127.0.0.1:<port>`, for AWS_LAMBDA_RUNTIME_API. */
    readonly address: string,
  ) {}

  static async listen(): Promise<RuntimeApi> {
    const server = createServer({ keepAliveTimeout: 0 });
    const api = new RuntimeApi(server, `127.0.0.1:${await listenOnLoopback(server)}`);
    server.on("request", (request, response) => void api.handle(request, response));
    return api;
  }

  /** Reports to these events from now on. Call it before the process is started. */
  connect(events: RuntimeEvents): void {
    this.events = events;
  }

  /** Gives work to the process. @throws Error where the process does not wait for work */
  deliver(task: RuntimeTask): void {
    const response = this.waiting;
    if (response === undefined)
      throw new Error(`The function's process does not wait for work (request ${task.requestId}).`);
    this.waiting = undefined;
    response.writeHead(200, {
      "content-type": "application/json",
      "lambda-runtime-aws-request-id": task.requestId,
      "lambda-runtime-deadline-ms": String(task.deadlineMs),
      "lambda-runtime-invoked-function-arn": task.functionArn,
      "lambda-runtime-trace-id": task.traceId,
    });
    response.end(task.payload);
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const resource = request.url?.startsWith(PREFIX) ? request.url.slice(PREFIX.length) : "";
    if (request.method === "GET" && resource === "invocation/next") {
      this.waiting = response;
      this.events?.next();
      return;
    }
    const report = this.findReport(resource);
    if (request.method !== "POST" || report === undefined) {
      response.writeHead(404).end();
      return;
    }
    // A process that dies while it sends its answer is reported by its exit.
    const payload = await readBytes(request).catch(() => undefined);
    if (payload === undefined) return;
    report(payload.toString("utf8"));
    response.writeHead(202, { "content-type": "application/json" }).end('{"status":"OK"}');
  }

  private findReport(resource: string): ((payload: string) => void) | undefined {
    if (resource === "init/error") return this.events?.initError;
    if (/^invocation\/[^/]+\/response$/.test(resource)) return this.events?.response;
    if (/^invocation\/[^/]+\/error$/.test(resource)) return this.events?.error;
    return undefined;
  }
}
