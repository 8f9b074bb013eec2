import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { listenOnLoopback } from "../loopback";
import { answerRequest, decideFate, isDrawn, type Fault, type FaultKind } from "./fault";
import { openUpstream, readRequest, resetConnection, type ProxiedRequest, type Upstream } from "./proxied-request";

export interface FaultProxyOptions {
  /** URL of an HTTP server on this machine, such as an AWS emulator. */
  readonly upstream: string;
  /** Draws numbers from 0 to below 1. The same numbers make the same faults for the same requests. */
  readonly random: () => number;
  /** Default: none. */
  readonly faults?: readonly Fault[];
  /**
   * Gives the key of a request. Requests with the same key reach the upstream one after the other, because an
   * emulator's conditional writes may not be atomic. Default: no keys, so all requests are passed on as they arrive.
   */
  readonly serialize?: (request: ProxiedRequest) => string | undefined;
}

/** What a proxy has done since its start. */
export interface FaultStatistics {
  readonly connections: number;
  readonly requests: number;
  /** Requests that were sent to the upstream; a duplicate counts twice. */
  readonly forwarded: number;
  /** Requests that broke off, because the upstream gave no answer or the caller left in the middle. */
  readonly broken: number;
  readonly faults: Readonly<Partial<Record<FaultKind, number>>>;
}

/** An HTTP proxy on loopback that does to requests what networks and services do on a bad day. */
export interface FaultProxy {
  /** `http://127.0.0.1:<port>`: give it as the endpoint. */
  readonly url: string;
  /** Replaces the faults, which {@link decideFate} tries in their order. Requests under way keep theirs. */
  setFaults(faults: readonly Fault[]): void;
  /** Ends every open connection with RST. @returns how many there were */
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
  private port = 0;
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
  /** Number of the last connection that was opened before the faults were set. */
  private lastOlder = 0;

  constructor(private readonly options: FaultProxyOptions) {
    this.faults = options.faults ?? [];
    this.upstream = this.openUpstream();
    this.server = createServer((message, reply) => void this.serve(message, reply));
    // Connections last as long as the caller keeps them: only a fault may end one.
    Object.assign(this.server, { keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0 });
    this.server.on("connection", (socket: Socket) => this.accept(socket));
  }

  async listen(): Promise<void> {
    this.port = await listenOnLoopback(this.server);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  setFaults(faults: readonly Fault[]): void {
    this.faults = faults;
    this.lastOlder = this.counts.connections;
  }

  resetConnections(): number {
    const sockets = [...this.open.keys()];
    for (const socket of sockets) resetConnection(socket);
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
    const runInTurn = createTurns();
    return {
      send: (request) => {
        this.counts.forwarded += 1;
        return runInTurn(serialize(request), () => upstream.send(request));
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
    resetConnection(socket);
  }

  private async serve(message: IncomingMessage, reply: ServerResponse): Promise<void> {
    this.counts.requests += 1;
    const { socket } = message;
    const number = this.open.get(socket) ?? 0;
    const signal = this.stopped.signal;
    try {
      const request = await readRequest(message, { number, isOlder: number <= this.lastOlder });
      const { delayMs, decision: fault, hit } = decideFate(request, this.faults, this.options.random);
      for (const each of hit) this.count(each);
      if (delayMs > 0) await sleep(delayMs, undefined, { signal });
      await answerRequest(request, reply, { fault, upstream: this.upstream, signal });
    } catch {
      // Whichever side broke off, the other one sees what a network would show it.
      this.counts.broken += 1;
      resetConnection(socket);
    }
  }

  private count({ kind }: Fault): void {
    this.counts.faults[kind] = (this.counts.faults[kind] ?? 0) + 1;
  }
}

/** Runs work with the same key one after the other, in the order given; work without a key runs at once. */
type RunInTurn = <T>(key: string | undefined, work: () => Promise<T>) => Promise<T>;

/** Work that rejects delays nothing after it. */
function createTurns(): RunInTurn {
  const last = new Map<string, Promise<unknown>>();
  return async (key, work) => {
    if (key === undefined) return work();
    const turn = (last.get(key) ?? Promise.resolve()).then(work, work);
    last.set(key, turn);
    try {
      return await turn;
    } finally {
      if (last.get(key) === turn) last.delete(key);
    }
  };
}
