import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { listenOnLoopback, readBytes } from "../http";

/** What a function's process is given for one invocation. */
export interface RuntimeTask {
  readonly requestId: string;
  readonly deadlineMs: number;
  readonly functionArn: string;
  readonly traceId: string;
  readonly payload: string;
}

/** What the process reports. */
export interface RuntimeEvents {
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
