import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { fateOf, isDrawn, type Fault, type FaultKind, inTurn } from "./fault";
import { readRequest, type ProxiedRequest, reset, openUpstream, type Upstream } from "./proxied-request";
import { replyTo } from "./reply";

/** What a proxy is started with. */
export interface FaultProxyOptions {
  /** URL of an HTTP server on this machine, such as an AWS emulator. */
  readonly upstream: string;
  /** Gives numbers from 0 to below 1; the same ones make the same faults for the same requests. */
  readonly random: () => number;
  /** Default: none. */
  readonly faults?: readonly Fault[];
  /**
   * Requests with the same key reach the upstream one after the other: an emulator's conditional writes may not be
   * atomic. Default: all as they come.
   */
  readonly serialize?: (request: ProxiedRequest) => string | undefined;
}

/** What a proxy has done since its start. */
export interface FaultStatistics {
  readonly connections: number;
  readonly requests: number;
  /** Requests that the upstream was sent; one that was sent twice counts twice. */
  readonly forwarded: number;
  /** Requests that broke off: the upstream gave no answer, or the caller left in the middle. */
  readonly broken: number;
  readonly faults: Readonly<Partial<Record<FaultKind, number>>>;
}

/** An HTTP proxy on loopback that does to requests what networks and services do on a bad day. */
export interface FaultProxy {
  /** `http://127.0.0.1:<port>`: give it as the endpoint. */
  readonly url: string;
  /** From now on these faults and no others, as {@link fateOf} tries them; requests under way keep theirs. */
  setFaults(faults: readonly Fault[]): void;
  /** Ends every open connection with RST, now, and says how many they were. */
  resetConnections(): number;
  statistics(): FaultStatistics;
  /** Ends all connections and waits until nothing listens any more. */
  stop(): Promise<void>;
}

/** Starts a proxy on a free loopback port. */
export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const proxy = new ListeningProxy(options);
  await proxy.listen();
  return proxy;
}

class ListeningProxy implements FaultProxy {
  url = "";
  private readonly server: Server;
  private readonly upstream: Upstream;
  private readonly open = new Map<Socket, number>();
  private readonly stopped = new AbortController();
  private readonly counts = {
    connections: 0,
    requests: 0,
    forwarded: 0,
    broken: 0,
    faults: {} as Partial<Record<FaultKind, number>>,
  };
  private faults: readonly Fault[];
  /** The last connection that was opened before the faults were set. */
  private lastOlder = 0;

  constructor(private readonly options: FaultProxyOptions) {
    this.faults = options.faults ?? [];
    this.upstream = this.openUpstream();
    this.server = createServer((message, reply) => void this.serve(message, reply));
    // A connection is kept for as long as the caller keeps it: to end it is a fault's business.
    Object.assign(this.server, { keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0 });
    this.server.on("connection", (socket: Socket) => this.accept(socket));
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    this.url = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  setFaults(faults: readonly Fault[]): void {
    this.faults = faults;
    this.lastOlder = this.counts.connections;
  }

  resetConnections(): number {
    const sockets = [...this.open.keys()];
    for (const socket of sockets) reset(socket);
    return sockets.length;
  }

  statistics(): FaultStatistics {
    return structuredClone(this.counts);
  }

  async stop(): Promise<void> {
    this.stopped.abort();
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.resetConnections();
    await closed;
    this.upstream.close();
  }

  private openUpstream(): Upstream {
    const { upstream: url, serialize = () => undefined } = this.options;
    const upstream = openUpstream(url);
    const run = inTurn();
    return {
      send: (request) => {
        this.counts.forwarded += 1;
        return run(serialize(request), () => upstream.send(request));
      },
      close: () => upstream.close(),
    };
  }

  private accept(socket: Socket): void {
    this.open.set(socket, (this.counts.connections += 1));
    socket.once("close", () => this.open.delete(socket));
    const refusal = this.faults.find((fault) => fault.kind === "refuse" && isDrawn(fault, this.options.random));
    if (refusal === undefined) return;
    this.count(refusal);
    reset(socket);
  }

  private async serve(message: IncomingMessage, reply: ServerResponse): Promise<void> {
    this.counts.requests += 1;
    const { socket } = message;
    const number = this.open.get(socket) ?? 0;
    const signal = this.stopped.signal;
    try {
      const request = await readRequest(message, { number, isOlder: number <= this.lastOlder });
      const { delayMs, decision, hit } = fateOf(request, this.faults, this.options.random);
      hit.forEach((fault) => this.count(fault));
      if (delayMs > 0) await sleep(delayMs, undefined, { signal });
      await replyTo(request, reply, decision, { upstream: this.upstream, signal });
    } catch {
      // Whoever broke off, the other side is told as networks do.
      this.counts.broken += 1;
      reset(socket);
    }
  }

  private count({ kind }: Fault): void {
    this.counts.faults[kind] = (this.counts.faults[kind] ?? 0) + 1;
  }
}
