import { type IncomingHttpHeaders, type IncomingMessage, Agent, request as httpRequest } from "node:http";
import type { Socket } from "node:net";

/** A request on its way through the proxy, for choosing what becomes of it. */
export interface ProxiedRequest {
  readonly method: string;
  /** With the query, as sent. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** As its signature names it, such as `dynamodb`; "" where it is not signed. */
  readonly service: string;
  /** What `x-amz-target` names, such as `UpdateItem`; "" where there is none. */
  readonly operation: string;
  readonly connection: ProxiedConnection;
}

export interface ProxiedConnection {
  /** From 1, in the order of being opened. */
  readonly number: number;
  /** Whether it was open already when the faults were set. */
  readonly isOlder: boolean;
}

/** The service in `Credential=<key>/<date>/<region>/<service>/aws4_request`. */
const SERVICE = /Credential=[^/]+\/\d+\/[^/]+\/([^/]+)\/aws4_request/;

/** Reads a request to its end. Rejects where it breaks off. */
export async function readRequest(message: IncomingMessage, connection: ProxiedConnection): Promise<ProxiedRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  const { method = "GET", url: path = "/", headers } = message;
  const target = headers["x-amz-target"];
  return {
    method,
    path,
    headers,
    body: Buffer.concat(chunks),
    service: SERVICE.exec(headers.authorization ?? "")?.[1] ?? "",
    operation: typeof target === "string" ? target.slice(target.indexOf(".") + 1) : "",
    connection,
  };
}

/** What the upstream answered, whole. */
export interface UpstreamAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** The server behind the proxy. */
export interface Upstream {
  /** Rejects where it cannot be reached or breaks off. */
  send(request: ProxiedRequest): Promise<UpstreamAnswer>;
  close(): void;
}

/** Headers that concern one connection only; Node writes its own. */
const HOP_BY_HOP = new Set(["connection", "keep-alive", "transfer-encoding", "upgrade", "proxy-connection", "expect"]);

/** @param url such as `http://127.0.0.1:4566` */
export function openUpstream(url: string): Upstream {
  const { hostname, port } = new URL(url);
  const agent = new Agent({ keepAlive: true });
  return {
    // The caller's Host header stays: what the upstream makes of it, such as a queue's URL, leads through the proxy
    // again.
    send: ({ method, path, headers, body }) =>
      new Promise((resolve, reject) => {
        const sent = httpRequest(
          { hostname, port, method, path, headers: { ...endToEnd(headers), "content-length": body.length }, agent },
          (answer) => {
            const chunks: Buffer[] = [];
            answer.on("data", (chunk: Buffer) => chunks.push(chunk));
            answer.once("error", reject);
            answer.once("end", () =>
              resolve({
                status: answer.statusCode ?? 502,
                headers: endToEnd(answer.headers),
                body: Buffer.concat(chunks),
              }),
            );
          },
        );
        sent.once("error", reject);
        sent.end(body);
      }),
    close: () => agent.destroy(),
  };
}

function endToEnd(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name)));
}

/**
 * Ends a connection with RST. One whose own end was sent already is closed as it is: libuv refuses the reset after a
 * shutdown, and Node then leaves the descriptor open and busy.
 */
export function reset(socket: Socket): void {
  if (socket.destroyed) return;
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}
