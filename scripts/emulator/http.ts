import { Agent, request as httpRequest, type IncomingHttpHeaders, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/**
 * Makes a server listen on this machine's loopback.
 * @param port 0 for any free one
 * @returns the port
 * @throws the system's error, such as EADDRINUSE
 */
export async function listenOnLoopback(server: Server, port = 0): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", reject);
      resolve();
    });
  });
  return (server.address() as AddressInfo).port;
}

/** Stops listening, ends all connections, and waits until both are done. */
export async function closeServer(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/**
 * Ends a connection with RST. A connection whose own end was sent already is closed instead, because libuv refuses the
 * reset after a shutdown, and Node then leaves the descriptor open and busy.
 */
export function resetConnection(socket: Socket): void {
  if (socket.destroyed) return;
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}

/** Reads a message to its end. Rejects where it breaks off. */
export async function readBytes(message: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** A request on its way through a proxy. */
export interface ProxiedRequest {
  readonly method: string;
  /** With the query, as it was sent. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** The service that the signature names, such as `dynamodb`; "" for a request without a signature. */
  readonly service: string;
  /** The operation that `x-amz-target` names, such as `UpdateItem`; "" without that header. */
  readonly operation: string;
}

/** The service in `Credential=<key>/<date>/<region>/<service>/aws4_request`. */
const SERVICE = /Credential=[^/]+\/\d+\/[^/]+\/([^/]+)\/aws4_request/;

/** Reads a request to its end. Rejects where it breaks off. */
export async function readRequest(message: IncomingMessage): Promise<ProxiedRequest> {
  const body = await readBytes(message);
  const { method = "GET", url: path = "/", headers } = message;
  const target = headers["x-amz-target"];
  return {
    method,
    path,
    headers,
    body,
    service: SERVICE.exec(headers.authorization ?? "")?.[1] ?? "",
    operation: typeof target === "string" ? target.slice(target.indexOf(".") + 1) : "",
  };
}

/** A complete answer of the upstream. */
export interface UpstreamAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** The server behind a proxy. */
export interface Upstream {
  /** Rejects where it cannot be reached or breaks off. */
  send(request: ProxiedRequest): Promise<UpstreamAnswer>;
  close(): void;
}

/** Headers that concern one connection only. Node writes its own. */
const HOP_BY_HOP = new Set(["connection", "keep-alive", "transfer-encoding", "upgrade", "proxy-connection", "expect"]);

/** @param url such as `http://127.0.0.1:4566` */
export function openUpstream(url: string): Upstream {
  const { hostname, port } = new URL(url);
  const agent = new Agent({ keepAlive: true });
  return {
    // The caller's Host header stays, so that URLs that the upstream builds from it lead through the proxy again.
    send: ({ method, path, headers: given, body }) =>
      new Promise((resolve, reject) => {
        const headers = { ...keepEndToEnd(given), "content-length": body.length };
        const sent = httpRequest({ hostname, port, method, path, headers, agent }, (answer) => {
          const { statusCode: status = 502, headers: received } = answer;
          readBytes(answer).then((bytes) => resolve({ status, headers: keepEndToEnd(received), body: bytes }), reject);
        });
        sent.once("error", reject);
        sent.end(body);
      }),
    close: () => agent.destroy(),
  };
}

function keepEndToEnd(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name)));
}
