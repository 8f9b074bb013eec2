import { Agent, request as httpRequest, type IncomingHttpHeaders } from "node:http";
import type { ProxiedRequest } from "./proxied-request";

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
