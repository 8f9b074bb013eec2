import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { messageOf } from "../json";
import { closeServer, listenOnLoopback } from "../http";
import type { GatewayAnswer, GatewayFailure } from "./gateway-responses";

/** A request as it was received. Names keep the caller's spelling; look-ups of headers ignore their case. */
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
    this.headers = pairHeaders(given.rawHeaders);
    this.body = given.body;
    this.sourceIp = given.sourceIp;
  }

  /** The last value of a header, which API Gateway takes of several. */
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

/** Node.js gives names and values in turn. */
function pairHeaders(raw: readonly string[]): [string, string][] {
  return raw.flatMap((name, index): [string, string][] => (index % 2 === 0 ? [[name, raw[index + 1] ?? ""]] : []));
}

/** Answers the requests of the server. */
interface RequestHandler {
  /** @param problem why the server could not take the request */
  handle(request: GatewayRequest, problem?: GatewayFailure): Promise<GatewayAnswer>;
}

/** API Gateway quotas: payload 10 MB, URL 10,240 characters (regional). */
const MAX_BODY_BYTES = 10 * 1024 * 1024;
const MAX_URL_CHARACTERS = 10_240;

/**
 * Milliseconds that a connection stays open without a request: longer than any client keeps it (4 s for Node's fetch to
 * a minute, more on a busy machine). A gateway that closed first would break a request that is already on its way.
 */
const IDLE_MS = 10 * 60_000;

/** Headers that belong to the connection, not to the answer. */
const OWN_HEADERS = ["connection", "content-length", "keep-alive", "transfer-encoding"];

/** The HTTP server, on loopback only. A reload replaces its handler and keeps its port. */
export class Gateway {
  private constructor(
    private readonly server: Server,
    readonly port: number,
    private handler: RequestHandler,
  ) {}

  /** @param port 0 for any free one @param warn is called with unexpected errors, which callers see as a 500 */
  static async listen(port: number, handler: RequestHandler, warn: (message: string) => void): Promise<Gateway> {
    const server = createServer({ maxHeaderSize: 32 * 1024, keepAliveTimeout: IDLE_MS });
    const actualPort = await listenOnLoopback(server, port).catch((cause: unknown) => {
      throw new Error(
        `Port ${port} of 127.0.0.1 cannot be served: ${messageOf(cause)}. Choose another, or 0 for any free one.`,
        { cause },
      );
    });
    const gateway = new Gateway(server, actualPort, handler);
    server.on("request", (request, response) => void gateway.serve(request, response, warn));
    return gateway;
  }

  /** Gives later requests to another handler. Those under way stay with theirs. */
  use(handler: RequestHandler): void {
    this.handler = handler;
  }

  async close(): Promise<void> {
    await closeServer(this.server);
  }

  private async serve(
    incoming: IncomingMessage,
    response: ServerResponse,
    warn: (message: string) => void,
  ): Promise<void> {
    try {
      const body = await readBody(incoming);
      const request = new GatewayRequest({
        method: incoming.method ?? "GET",
        url: incoming.url ?? "/",
        rawHeaders: incoming.rawHeaders,
        body: body ?? Buffer.alloc(0),
        sourceIp: incoming.socket.remoteAddress ?? "127.0.0.1",
      });
      writeAnswer(response, await this.handler.handle(request, findProblem(incoming, body)));
    } catch (error) {
      if (incoming.destroyed && !incoming.complete) return; // The caller went away while sending.
      warn(`${incoming.method} ${incoming.url} answered 500: ${messageOf(error)}`);
      if (!response.headersSent)
        writeAnswer(response, {
          status: 500,
          headers: [["Content-Type", "application/json"]],
          body: Buffer.from('{"message":"Internal server error"}'),
        });
    }
  }
}

function findProblem(incoming: IncomingMessage, body: Buffer | undefined): GatewayFailure | undefined {
  if ((incoming.url ?? "").length > MAX_URL_CHARACTERS) return { type: "REQUEST_URI_TOO_LONG" };
  return body === undefined ? { type: "REQUEST_TOO_LARGE" } : undefined;
}

/** Undefined where the body is too large. It is read to its end all the same, so that the caller gets its answer. */
async function readBody(incoming: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  return bytes > MAX_BODY_BYTES ? undefined : Buffer.concat(chunks);
}

function writeAnswer(response: ServerResponse, answer: GatewayAnswer): void {
  const headers = answer.headers.filter(([name]) => !OWN_HEADERS.includes(name.toLowerCase()));
  const bodyless = answer.status === 204 || answer.status === 304;
  if (!bodyless) headers.push(["Content-Length", String(answer.body.length)]);
  // With this header Node.js adds no Keep-Alive time-out, until which a client would use the connection.
  if (response.shouldKeepAlive) headers.push(["Connection", "keep-alive"]);
  response.writeHead(
    answer.status,
    headers.flatMap(([name, value]) => [name, value]),
  );
  response.end(bodyless ? undefined : answer.body);
}
