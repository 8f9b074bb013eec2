import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What a function's process is given for one invocation. */
export interface RuntimeTask {
  readonly requestId: string;
  readonly deadlineMs: number;
  readonly functionArn: string;
  readonly traceId: string;
  readonly payload: string;
}

/** What the process says. */
export interface RuntimeEvents {
  /** It asks for work: it is initialised, and done with what it had. */
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
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(0, "127.0.0.1", resolve);
    });
    const api = new RuntimeApi(server, `127.0.0.1:${(server.address() as AddressInfo).port}`);
    server.on("request", (request, response) => api.handle(request, response));
    return api;
  }

  /** Says who listens; called before the process is started or asks. */
  connect(events: RuntimeEvents): void {
    this.events = events;
  }

  /** Gives work to the process, which waits for it. */
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

  private handle(request: IncomingMessage, response: ServerResponse): void {
    const resource = request.url?.startsWith(PREFIX) ? request.url.slice(PREFIX.length) : "";
    if (request.method === "GET" && resource === "invocation/next") {
      this.waiting = response;
      this.events?.next();
      return;
    }
    const report = this.reportOf(resource);
    if (request.method !== "POST" || report === undefined) {
      response.writeHead(404).end();
      return;
    }
    void readAll(request).then(
      (payload) => {
        report(payload);
        response.writeHead(202, { "content-type": "application/json" }).end('{"status":"OK"}');
      },
      () => undefined,
    ); // The process died while it sent its answer: its exit is what counts.
  }

  private reportOf(resource: string): ((payload: string) => void) | undefined {
    if (resource === "init/error") return this.events?.initError;
    if (/^invocation\/[^/]+\/response$/.test(resource)) return this.events?.response;
    if (/^invocation\/[^/]+\/error$/.test(resource)) return this.events?.error;
    return undefined;
  }
}

async function readAll(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}
