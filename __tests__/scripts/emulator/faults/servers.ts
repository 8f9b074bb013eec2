import { createServer, get, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { FaultProxy, type FaultProxyOptions } from "../../../../scripts/emulator/faults/fault-proxy";
import type { ProxiedRequest } from "../../../../scripts/emulator/http";

const ends: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

export interface Served {
  readonly url: string;
  /** What was asked, such as `GET /a body`, in the order of arrival. */
  readonly asked: string[];
  readonly sockets: ReadonlySet<Socket>;
}

/** A server for one test. By default it answers with what it was asked. */
export async function serve(
  answer: (asked: string, reply: ServerResponse, message: IncomingMessage) => void = (asked, reply) => reply.end(asked),
): Promise<Served> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((message, reply) => {
    let body = "";
    message.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
    message.once("end", () => {
      const line = `${message.method} ${message.url} ${body}`.trim();
      asked.push(line);
      answer(line, reply, message);
    });
  });
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  ends.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, sockets };
}

/** A proxy for one test. */
export async function proxyTo(upstream: string, options: Partial<FaultProxyOptions> = {}): Promise<FaultProxy> {
  const proxy = await FaultProxy.start({ upstream, random: () => 0, ...options });
  ends.push(() => proxy.stop());
  return proxy;
}

export interface Reply {
  readonly status: number | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** Asks over a connection of its own. Rejects where it breaks off. */
export function ask(
  url: string,
  {
    method = "GET",
    body = "",
    headers = {},
  }: { method?: string; body?: string; headers?: Record<string, string> } = {},
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(url, { method, headers, agent: false }, (reply) => {
      let text = "";
      reply.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      reply.once("error", (cause) => reject(new Error(`cut after "${text}"`, { cause })));
      reply.once("end", () => resolve({ status: reply.statusCode, headers: reply.headers, body: text }));
    });
    sent.once("error", reject);
    sent.end(body);
  });
}

/** A request that may never be answered. */
export interface OpenRequest {
  /** Settles with the status where there is an answer; rejects where the connection breaks. */
  readonly answered: Promise<number | undefined>;
  /** The caller gives up. */
  leave(): void;
}

/** Asks over a connection of its own, without waiting for the answer. */
export function begin(url: string): OpenRequest {
  const sent = get(url, { agent: false });
  const answered = new Promise<number | undefined>((resolve, reject) => {
    sent.once("response", (reply) => resolve(reply.statusCode));
    sent.once("error", reject);
  });
  answered.catch(() => undefined); // Whoever gives up need not look.
  return { answered, leave: () => void sent.destroy() };
}

/** A request as the proxy reads it. */
export function proxied(overrides: Partial<ProxiedRequest> = {}): ProxiedRequest {
  return {
    method: "POST",
    path: "/",
    headers: {},
    body: Buffer.alloc(0),
    service: "",
    operation: "",
    ...overrides,
  };
}
