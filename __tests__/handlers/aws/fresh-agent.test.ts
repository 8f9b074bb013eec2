import { readFileSync } from "node:fs";
import { Agent as HttpAgent, createServer, get as httpGet, type RequestOptions, type Server } from "node:http";
import { Agent as HttpsAgent, createServer as createTlsServer, get as httpsGet } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { dirname, join } from "node:path";
import { keepFresh, MAX_IDLE_MS } from "../../../handlers/aws/connection";
import { openCounters } from "../../../handlers/telemetry";
import { NOW_MS, settled } from "../fixtures";

// A certificate of nobody's, which comes with the DynamoDB of the tests.
const ssl = join(dirname(require.resolve("dynalite/package.json")), "ssl");
const certificate = () => ({
  key: readFileSync(join(ssl, "server-key.pem")),
  cert: readFileSync(join(ssl, "server-crt.pem")),
});

describe.each(["http", "https"] as const)("an agent of %s", (protocol) => {
  const servers: { server: Server; sockets: Set<Socket> }[] = [];
  const agents: HttpAgent[] = [];
  afterEach(() => {
    for (const agent of agents.splice(0)) agent.destroy();
    for (const { server, sockets } of servers.splice(0)) {
      for (const socket of sockets) socket.destroy();
      server.close();
    }
  });

  async function serve() {
    const sockets = new Set<Socket>();
    const held: (() => void)[] = [];
    const answer = ({ url }: { url?: string }, reply: { end(text: string): void }) =>
      void (url === "/held" ? held.push(() => reply.end("ok")) : reply.end("ok"));
    const server = protocol === "http" ? createServer(answer) : createTlsServer(certificate(), answer);
    server.keepAliveTimeout = 0;
    server.on("connection", (socket: Socket) => sockets.add(socket));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    servers.push({ server, sockets });
    const release = () => held.splice(0).forEach((end) => end());
    return { port: (server.address() as AddressInfo).port, sockets, held, release };
  }

  function open() {
    const clock = { nowMs: NOW_MS };
    const counters = openCounters();
    const options = { keepAlive: true, maxSockets: 50, rejectUnauthorized: false };
    const agent = protocol === "http" ? new HttpAgent(options) : new HttpsAgent(options);
    const dropIdle = keepFresh(agent, { counters, nowMs: () => clock.nowMs });
    const fresh = { agent, dropIdle };
    agents.push(agent);
    const ask = (port: number, path = "/") =>
      new Promise<string>((resolve, reject) => {
        const options: RequestOptions = { host: "127.0.0.1", port, path, agent: fresh.agent };
        const request = (protocol === "http" ? httpGet : httpsGet)(options, (reply) =>
          reply.resume().once("end", () => setImmediate(resolve, "ok")),
        );
        request.once("error", reject);
      });
    const idle = () =>
      Object.values(fresh.agent.freeSockets).flatMap((sockets = []) => sockets.filter(({ destroyed }) => !destroyed))
        .length;
    return { clock, counters, ask, idle, ...fresh };
  }

  test("a socket that was idle for 30 s is used again, one that was for longer is not", async () => {
    const { port } = await serve();
    const { clock, counters, ask } = open();
    await ask(port);
    clock.nowMs += MAX_IDLE_MS;
    await ask(port);
    expect(counters.take()).toEqual({ PoolOpened: 1, PoolReused: 1 });
    clock.nowMs += MAX_IDLE_MS + 1;
    await ask(port);
    expect(counters.take()).toEqual({ PoolIdleDropped: 1, PoolOpened: 1 });
  });

  test("a socket is trusted for less than a load balancer keeps an idle connection, which is 60 s, and a NAT gateway, 350 s", () => {
    expect(MAX_IDLE_MS).toBe(30_000);
  });

  test("a clock that was set back makes a socket stale", async () => {
    const { port } = await serve();
    const { clock, counters, ask } = open();
    await ask(port);
    clock.nowMs -= 1;
    await ask(port);
    expect(counters.take()).toEqual({ PoolIdleDropped: 1, PoolOpened: 2 });
  });

  test("of several idle sockets the stale ones go, and the fresh one is used", async () => {
    const { port } = await serve();
    const { clock, counters, ask, dropIdle, idle } = open();
    await Promise.all([ask(port), ask(port), ask(port)]);
    clock.nowMs += MAX_IDLE_MS;
    await ask(port);
    clock.nowMs += 1;
    expect(dropIdle()).toBe(2);
    expect(idle()).toBe(1);
    await ask(port);
    expect(counters.take()).toEqual({ PoolOpened: 3, PoolReused: 2, PoolIdleDropped: 2 });
  });

  test("a stale socket behind a fresh one, after a clock was set back, takes that along: a request is never given a destroyed one", async () => {
    const { port, held, release } = await serve();
    const { clock, counters, ask, idle } = open();
    const later = ask(port, "/held");
    await ask(port);
    while (held.length === 0) await settled();
    clock.nowMs = NOW_MS - MAX_IDLE_MS;
    release();
    await later;
    expect(idle()).toBe(2);
    clock.nowMs = NOW_MS + 1;
    await expect(ask(port)).resolves.toBe("ok");
    expect(idle()).toBe(1);
    expect(counters.take()).toEqual({ PoolIdleDropped: 2, PoolOpened: 3 });
  });

  test("nothing idle, nothing dropped", () => {
    const { counters, dropIdle } = open();
    expect(dropIdle()).toBe(0);
    expect(counters.take()).toEqual({});
  });

  test("where a reused socket fails, the idle ones of its host go too, and those of another host stay", async () => {
    const [one, other] = [await serve(), await serve()];
    const { counters, ask, idle } = open();
    await Promise.all([ask(one.port), ask(one.port), ask(one.port), ask(other.port)]);
    expect(idle()).toBe(4);
    counters.take();
    const failure = ask(one.port);
    for (const socket of one.sockets) socket.pause();
    for (const socket of one.sockets) socket.resetAndDestroy();
    await expect(failure).rejects.toThrow(/ECONNRESET|socket hang up/);
    expect(idle()).toBe(1);
    await expect(ask(one.port)).resolves.toBe("ok");
    await expect(ask(other.port)).resolves.toBe("ok");
    expect(counters.take()).toMatchObject({ PoolReused: 2, PoolOpened: 1 });
  });
});
