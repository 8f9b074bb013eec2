import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** What a server says, whatever becomes of it on the wire. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * What happens to a request. `ok`: the whole answer at once. `pieces`: chunk by chunk, event by event where it is a
 * stream. `cut`: half of it under the length of the whole, then FIN. `cutChunk`: half of a chunk, then FIN. `stall`:
 * half of it, then nothing. `reset`: RST before the headers. `hang`: nothing at all. `throttled`, `refused`: as the
 * service says so. `slow`: a byte at a time.
 */
export type Fault =
  | "ok"
  | "pieces"
  | "cut"
  | "cutChunk"
  | "stall"
  | "reset"
  | "hang"
  | "refused"
  | { readonly throttled: { readonly retryAfter?: string } }
  | { readonly slow: { readonly msPerByte: number } };

/** How a service speaks. */
export interface Wire {
  /** Whether a POST to this path is for it. */
  accepts(path: string): boolean;
  throttled(headers: Readonly<Record<string, string>>): Reply;
  refused(): Reply;
}

/** A request as it came in. */
export interface Seen {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

/** A service on loopback, with faults. */
export interface WireServer {
  readonly url: string;
  readonly seen: readonly Seen[];
  /** Requests whose connection closed before their answer was sent. */
  readonly aborted: number;
  /** Connections that were opened. */
  readonly connections: number;
  /** What `ok` requests are answered. Kept until it is set again. */
  reply: Reply;
  /** What befalls the next requests, one each; those after them meet `always`. */
  play(...faults: readonly Fault[]): void;
  /** What befalls every request that `play` has nothing for. At first: `ok`. */
  always(fault: Fault): void;
  /** Resolves once a request was seen. */
  asked(): Promise<void>;
  /** Resolves once no request is open any more. */
  quiet(): Promise<void>;
  /** Forgets what was seen and played. */
  reset(): void;
  stop(): Promise<void>;
}

/** Starts a service on a free port of 127.0.0.1. */
export async function startWireServer(wire: Wire): Promise<WireServer> {
  let played: Fault[] = [];
  let otherwise: Fault = "ok";
  const open = new Set<IncomingMessage>();
  const counts = { seen: [] as Seen[], aborted: 0, connections: 0 };
  const server = createServer((request, response) => {
    open.add(request);
    response.once("close", () => {
      open.delete(request);
      if (!response.writableFinished) counts.aborted++;
    });
    void read(request).then((seen) => {
      counts.seen.push(seen);
      if (request.method !== "POST" || !wire.accepts(seen.path))
        return send(response, { status: 404, headers: {}, body: "{}" });
      return befall(played.shift() ?? otherwise, handle, request, response, wire);
    });
  });
  server.on("connection", () => counts.connections++);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const handle: WireServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get seen() {
      return counts.seen;
    },
    get aborted() {
      return counts.aborted;
    },
    get connections() {
      return counts.connections;
    },
    reply: { status: 200, headers: { "content-type": "application/json" }, body: "{}" },
    play: (...faults) => void (played = [...faults]),
    always: (fault) => void (otherwise = fault),
    async asked() {
      while (counts.seen.length === 0) await sleep(5);
    },
    async quiet() {
      while (open.size > 0) await sleep(5);
    },
    reset() {
      [played, otherwise] = [[], "ok"];
      Object.assign(counts, { seen: [], aborted: 0, connections: 0 });
    },
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
  return handle;
}

async function read(request: IncomingMessage): Promise<Seen> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return { path: request.url ?? "", headers: request.headers, body: text === "" ? undefined : JSON.parse(text) };
}

async function befall(
  fault: Fault,
  server: WireServer,
  request: IncomingMessage,
  response: ServerResponse,
  wire: Wire,
): Promise<void> {
  const { reply } = server;
  if (fault === "hang") return;
  if (fault === "reset") return void request.socket.resetAndDestroy();
  if (fault === "ok") return send(response, reply);
  if (fault === "refused") return send(response, wire.refused());
  if (typeof fault === "object" && "throttled" in fault) {
    return send(
      response,
      wire.throttled(fault.throttled.retryAfter === undefined ? {} : { "retry-after": fault.throttled.retryAfter }),
    );
  }
  const bytes = Buffer.from(reply.body);
  const half = bytes.subarray(0, Math.ceil(bytes.length / 2));
  if (fault === "pieces") {
    response.writeHead(reply.status, reply.headers);
    for (const piece of piecesOf(reply.body)) {
      response.write(piece);
      await sleep(5);
    }
    return void response.end();
  }
  if (fault === "cutChunk") {
    const head = Object.entries({ ...reply.headers, "transfer-encoding": "chunked" })
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join("");
    return void request.socket.end(
      `HTTP/1.1 ${reply.status} OK\r\n${head}\r\n${bytes.length.toString(16)}\r\n${half.toString()}`,
    );
  }
  response.writeHead(reply.status, { ...reply.headers, "content-length": bytes.length });
  if (fault === "cut") return void response.write(half, () => request.socket.end());
  if (fault === "stall") return void response.write(half);
  for (const byte of bytes) {
    if (response.destroyed) return;
    response.write(Buffer.of(byte));
    await sleep(fault.slow.msPerByte);
  }
  response.end();
}

/** The events of a stream, else three pieces of about the same length. */
function piecesOf(body: string): string[] {
  const events = body.split(/(?<=\n\n)/);
  return events.length > 1
    ? events
    : [
        body.slice(0, body.length / 3),
        body.slice(body.length / 3, (2 * body.length) / 3),
        body.slice((2 * body.length) / 3),
      ];
}

function send(response: ServerResponse, { status, headers, body }: Reply): void {
  response.writeHead(status, { ...headers, "content-length": Buffer.byteLength(body) }).end(body);
}

/** A successful answer in JSON. */
export const json = (value: unknown, headers: Readonly<Record<string, string>> = {}): Reply => ({
  status: 200,
  headers: { "content-type": "application/json", ...headers },
  body: JSON.stringify(value),
});

/** A successful answer as a stream of events, each in JSON. */
export const events = (...values: readonly unknown[]): Reply => ({
  status: 200,
  headers: { "content-type": "text/event-stream" },
  body: values.map((value) => `data: ${JSON.stringify(value)}\n\n`).join(""),
});

/** An error as AWS's services in REST-JSON word it. */
export const awsError = (status: number, type: string, headers: Readonly<Record<string, string>> = {}): Reply => ({
  ...json(
    { message: `canary of arn:aws:iam::123456789012:role/worker, ${type}` },
    { "x-amzn-errortype": type, "x-amzn-requestid": "1", ...headers },
  ),
  status,
});
