import { Agent, request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { readBytes } from "../loopback";

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
  readonly connection: ProxiedConnection;
}

export interface ProxiedConnection {
  /** From 1, in the order in which the connections were opened. */
  readonly number: number;
  /** Whether it was open before the present faults were set. */
  readonly isOlder: boolean;
}

/** The service in `Credential=<key>/<date>/<region>/<service>/aws4_request`. */
const SERVICE = /Credential=[^/]+\/\d+\/[^/]+\/([^/]+)\/aws4_request/;

/** Reads a request to its end. Rejects where it breaks off. */
export async function readRequest(message: IncomingMessage, connection: ProxiedConnection): Promise<ProxiedRequest> {
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
    connection,
  };
}

/** A complete answer of the upstream. */
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

/** Headers that concern one connection only. Node writes its own. */
const HOP_BY_HOP = new Set(["connection", "keep-alive", "transfer-encoding", "upgrade", "proxy-connection", "expect"]);

/** @param url such as `http://127.0.0.1:4566` */
export function openUpstream(url: string): Upstream {
  const { hostname, port } = new URL(url);
  const agent = new Agent({ keepAlive: true });
  return {
    // The caller's Host header stays, so that URLs that the upstream builds from it lead through the proxy again.
    send: ({ method, path, headers, body }) =>
      new Promise((resolve, reject) => {
        const sent = httpRequest(
          { hostname, port, method, path, headers: { ...keepEndToEnd(headers), "content-length": body.length }, agent },
          (answer) => {
            readBytes(answer).then(
              (bytes) =>
                resolve({ status: answer.statusCode ?? 502, headers: keepEndToEnd(answer.headers), body: bytes }),
              reject,
            );
          },
        );
        sent.once("error", reject);
        sent.end(body);
      }),
    close: () => agent.destroy(),
  };
}

function keepEndToEnd(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name)));
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
