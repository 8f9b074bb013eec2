import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import {
  listenOnLoopback,
  openUpstream,
  readRequest,
  resetConnection,
  type ProxiedRequest,
  type Upstream,
} from "../http";
import { answerRequest, decideFate, isDrawn, type Fault, type FaultKind } from "./fault";

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
interface FaultStatistics {
  readonly connections: number;
  readonly requests: number;
  /** Requests that were sent to the upstream; a duplicate counts twice. */
  readonly forwarded: number;
  /** Requests that broke off, because the upstream gave no answer or the caller left in the middle. */
  readonly broken: number;
  readonly faults: Readonly<Partial<Record<FaultKind, number>>>;
}

/** An HTTP proxy on loopback that does to requests what networks and services do on a bad day. */
export class FaultProxy {
  private port = 0;
  private readonly server: Server;
  private readonly upstream: Upstream;
  private readonly open = new Set<Socket>();
  private readonly stopped = new AbortController();
  private readonly counts = {
    connections: 0,
    requests: 0,
    forwarded: 0,
    broken: 0,
    faults: {} as Partial<Record<FaultKind, number>>,
  };
  private faults: readonly Fault[];

  private constructor(private readonly options: FaultProxyOptions) {
    this.faults = options.faults ?? [];
    this.upstream = this.openUpstream();
    this.server = createServer((message, reply) => void this.serve(message, reply));
    // Connections last as long as the caller keeps them: only a fault may end one.
    Object.assign(this.server, { keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0 });
    this.server.on("connection", (socket: Socket) => this.accept(socket));
  }

  /** Starts a proxy on a free loopback port. */
  static async start(options: FaultProxyOptions): Promise<FaultProxy> {
    const proxy = new FaultProxy(options);
    proxy.port = await listenOnLoopback(proxy.server);
    return proxy;
  }

  /** `http://127.0.0.1:<port>`: give it as the endpoint. */
  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Replaces the faults, which {@link decideFate} tries in their order. Requests under way keep theirs. */
  setFaults(faults: readonly Fault[]): void {
    this.faults = faults;
  }

  /** Ends every open connection with RST. @returns how many there were */
  resetConnections(): number {
    const { size } = this.open;
    for (const socket of this.open) resetConnection(socket);
    return size;
  }

  statistics(): FaultStatistics {
    return structuredClone(this.counts);
  }

  /** Ends all connections and waits until nothing listens any more. */
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
    this.counts.connections += 1;
    this.open.add(socket);
    socket.once("close", () => this.open.delete(socket));
    const refusal = this.faults.find((fault) => fault.kind === "refuse" && isDrawn(fault, this.options.random));
    if (refusal === undefined) return;
    this.count(refusal);
    resetConnection(socket);
  }

  private async serve(message: IncomingMessage, reply: ServerResponse): Promise<void> {
    this.counts.requests += 1;
    const { signal } = this.stopped;
    try {
      const request = await readRequest(message);
      const { delayMs, decision: fault, hit } = decideFate(request, this.faults, this.options.random);
      for (const each of hit) this.count(each);
      if (delayMs > 0) await sleep(delayMs, undefined, { signal });
      await answerRequest(request, reply, { fault, upstream: this.upstream, signal });
    } catch {
      // Whichever side broke off, the other one sees what a network would show it.
      this.counts.broken += 1;
      resetConnection(message.socket);
    }
  }

  private count({ kind }: Fault): void {
    this.counts.faults[kind] = (this.counts.faults[kind] ?? 0) + 1;
  }
}

/**
 * Makes a function that runs work with the same key one after the other, in the order given, and work without a key at
 * once. Work that rejects delays nothing after it.
 */
function createTurns() {
  const last = new Map<string, Promise<unknown>>();
  return async <T>(key: string | undefined, work: () => Promise<T>): Promise<T> => {
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
