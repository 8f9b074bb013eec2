import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { GatewayAnswer, GatewayFailure } from "./gateway-responses";

/** A request as it came in. Names and values keep the caller's spelling; look-ups of headers do not mind it. */
export class GatewayRequest {
  readonly method: string;
  /** Path with the stage, percent-encoded as received. */
  readonly rawPath: string;
  /** Query string without the question mark, as received. */
  readonly rawQuery: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
  readonly sourceIp: string;

  constructor(given: { method: string; url: string; rawHeaders: readonly string[]; body: Buffer; sourceIp: string }) {
    const mark = given.url.indexOf("?");
    this.method = given.method;
    this.rawPath = mark < 0 ? given.url : given.url.slice(0, mark);
    this.rawQuery = mark < 0 ? "" : given.url.slice(mark + 1);
    this.headers = pairs(given.rawHeaders);
    this.body = given.body;
    this.sourceIp = given.sourceIp;
  }

  /** The last value of a header, as API Gateway picks one of several. */
  header(name: string): string | undefined {
    return this.headerValues(name).at(-1);
  }

  headerValues(name: string): readonly string[] {
    const wanted = name.toLowerCase();
    return this.headers.filter(([given]) => given.toLowerCase() === wanted).map(([, value]) => value);
  }

  /** Decoded query parameters, every value of each. */
  get query(): ReadonlyMap<string, readonly string[]> {
    const parameters = new Map<string, string[]>();
    for (const [name, value] of new URLSearchParams(this.rawQuery))
      parameters.set(name, [...(parameters.get(name) ?? []), value]);
    return parameters;
  }
}

function pairs(raw: readonly string[]): [string, string][] {
  const result: [string, string][] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) result.push([raw[index]!, raw[index + 1]!]);
  return result;
}

/** What the server asks for each request. */
export interface RequestHandler {
  handle(request: GatewayRequest, problem?: GatewayFailure): Promise<GatewayAnswer>;
}

/** API Gateway quotas: payload 10 MB, URL 10,240 characters (regional). */
const MAX_BODY_BYTES = 10 * 1024 * 1024;
const MAX_URL_CHARACTERS = 10_240;

/**
 * Milliseconds that a connection stays open without a request. Whoever closes first should be the client: where the
 * gateway does, after Node's own 5 s, a request may already be on its way, and its caller is told ECONNRESET. Clients
 * close after 4 s (Node's fetch) to a minute, on a busy machine later: their timers then lag behind.
 */
const IDLE_MS = 10 * 60_000;

/** Headers that belong to the connection, not to the answer. */
const OWN_HEADERS = ["connection", "content-length", "keep-alive", "transfer-encoding"];

/** The HTTP server, on loopback only. Its handler is replaced on a reload; its port stays. */
export class Gateway {
  private constructor(
    private readonly server: Server,
    private handler: RequestHandler,
    private readonly warn: (message: string) => void,
  ) {}

  static async listen(port: number, handler: RequestHandler, warn: (message: string) => void): Promise<Gateway> {
    const server = createServer({ maxHeaderSize: 32 * 1024, keepAliveTimeout: IDLE_MS });
    const gateway = new Gateway(server, handler, warn);
    server.on("request", (request, response) => void gateway.serve(request, response));
    await new Promise<void>((resolve, reject) => {
      server.once("error", (cause) =>
        reject(
          new Error(
            `Port ${port} of 127.0.0.1 cannot be served: ${cause.message}. Choose another, or 0 for any free one.`,
            { cause },
          ),
        ),
      );
      server.listen(port, "127.0.0.1", resolve);
    });
    return gateway;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Requests that arrive from now on go to this handler; those under way end where they began. */
  use(handler: RequestHandler): void {
    this.handler = handler;
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  private async serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const body = await readBody(incoming);
      const request = new GatewayRequest({
        method: incoming.method ?? "GET",
        url: incoming.url ?? "/",
        rawHeaders: incoming.rawHeaders,
        body: body ?? Buffer.alloc(0),
        sourceIp: incoming.socket.remoteAddress ?? "127.0.0.1",
      });
      write(response, await this.handler.handle(request, problemOf(incoming, body)));
    } catch (error) {
      if (incoming.destroyed && !incoming.complete) return; // The caller went away while sending.
      this.warn(
        `${incoming.method} ${incoming.url} answered 500: ${error instanceof Error ? error.message : String(error)}`,
      );
      if (!response.headersSent)
        write(response, {
          status: 500,
          headers: [["Content-Type", "application/json"]],
          body: Buffer.from('{"message":"Internal server error"}'),
        });
    }
  }
}

function problemOf(incoming: IncomingMessage, body: Buffer | undefined): GatewayFailure | undefined {
  if ((incoming.url ?? "").length > MAX_URL_CHARACTERS) return { type: "REQUEST_URI_TOO_LONG" };
  return body === undefined ? { type: "REQUEST_TOO_LARGE" } : undefined;
}

/** Undefined where the body is too large; it is read to its end all the same, so that the answer arrives. */
async function readBody(incoming: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  return bytes > MAX_BODY_BYTES ? undefined : Buffer.concat(chunks);
}

function write(response: ServerResponse, answer: GatewayAnswer): void {
  const headers = answer.headers.filter(([name]) => !OWN_HEADERS.includes(name.toLowerCase()));
  const bodyless = answer.status === 204 || answer.status === 304;
  if (!bodyless) headers.push(["Content-Length", String(answer.body.length)]);
  // Said here, so that Node adds no Keep-Alive: who is told for how long uses a connection until then.
  if (response.shouldKeepAlive) headers.push(["Connection", "keep-alive"]);
  response.writeHead(
    answer.status,
    headers.flatMap(([name, value]) => [name, value]),
  );
  response.end(bodyless ? undefined : answer.body);
}
