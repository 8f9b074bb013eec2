import { Agent as HttpAgent, type ClientRequest } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import type { Duplex } from "node:stream";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import type { Counters } from "../telemetry";

/** Sockets that a host has at most: as many as calls run concurrently. */
export const MAX_SOCKETS = 50;

/**
 * Milliseconds of idleness after which a socket is stale. A frozen environment notices no closed connection, and a
 * request that is sent into a dead socket waits until the kernel gives up: 938 s measured. The limit is a twelfth of
 * the 350 s after which a NAT gateway drops an idle connection (VPC user guide, "Troubleshoot NAT gateways") and half
 * of a load balancer's default of 60 s (ELB user guide, "Connection idle timeout"). A needless handshake costs
 * milliseconds.
 */
export const MAX_IDLE_MS = 30_000;

/** Milliseconds that the parts of a call may take. */
export interface TimeOuts {
  /** To connect, without TLS. */
  readonly connectMs: number;
  /** To the head of the answer, which a service sends at once. */
  readonly requestMs: number;
  /**
   * Without a byte in either direction. It ends an answer whose body stalls, which `requestMs` does not notice, and
   * must not be below `requestMs`. The SDK starts counting 3 s after the call if the value is 6 s or more.
   */
  readonly silenceMs: number;
}

const TIME_OUTS: TimeOuts = { connectMs: 5_000, requestMs: 60_000, silenceMs: 60_000 };

/** What a client of the SDK is made with. */
export interface ClientConfiguration {
  /** An instance. With options instead, some clients would make a handler of their own, without the pool. */
  readonly requestHandler: NodeHttpHandler;
  /** Waits between attempts with full jitter, and sends less while a service throttles. */
  readonly retryMode: "adaptive";
  readonly maxAttempts: number;
}

/** How every client of the process connects: one pool, so that a warm function never waits for a handshake. */
export interface Connection extends ClientConfiguration {
  /**
   * The same pool for agents, with no time-out but for connecting. An agent may think for 890 s before its first byte,
   * so that each call needs an `abortSignal`. TCP keep-alive, each second, keeps the NAT gateway from dropping the
   * silent connection and ends a connection whose other side is gone.
   */
  readonly patient: ClientConfiguration;
  /**
   * Destroys the stale sockets and returns their number. Call it when an invocation starts, because the environment may
   * have been frozen before. Each request checks again.
   */
  dropIdle(): number;
}

/** What a connection needs. */
export interface ConnectionParts {
  readonly counters: Counters;
  /** The wall clock. Timers and monotonic clocks stand still while the environment is frozen. */
  readonly nowMs: () => number;
  /** Default: 5 s to connect, 60 s to answer, 60 s without a byte. */
  readonly timeOuts?: TimeOuts;
}

/** Opens a pool of {@link MAX_SOCKETS} sockets a host and protocol, none of them stale, and clients' retries. */
export function openConnection(parts: ConnectionParts): Connection {
  const { timeOuts = TIME_OUTS } = parts;
  const pool = { keepAlive: true, maxSockets: MAX_SOCKETS };
  const httpAgent = new HttpAgent(pool);
  const httpsAgent = new HttpsAgent(pool);
  const drops = [httpAgent, httpsAgent].map((agent) => keepFresh(agent, parts));
  const agents = { httpAgent, httpsAgent, connectionTimeout: timeOuts.connectMs };
  const strict = new NodeHttpHandler({
    ...agents,
    requestTimeout: timeOuts.requestMs,
    // Without this option the handler only warns, and waits on.
    throwOnRequestTimeout: true,
    socketTimeout: timeOuts.silenceMs,
  });
  return {
    ...configureClient(strict),
    patient: configureClient(new NodeHttpHandler(agents)),
    dropIdle: () => drops.reduce((count, drop) => count + drop(), 0),
  };
}

const configureClient = (requestHandler: NodeHttpHandler): ClientConfiguration => ({
  requestHandler,
  retryMode: "adaptive",
  maxAttempts: 3,
});

/** The method by which a request takes a socket. Node does not document it, but each replacement of an agent has it. */
interface SocketSource {
  addRequest(request: ClientRequest, options: object): void;
}

/**
 * Makes an agent drop its stale sockets before each request takes one. If a reused socket fails, all idle sockets of
 * its host are dropped as well: the same event broke them all, and each would cost the request an attempt.
 * @returns drops the stale sockets, and returns their number
 */
export function keepFresh(agent: HttpAgent, { counters, nowMs }: ConnectionParts): () => number {
  const freedMs = new WeakMap<Duplex, number>();
  const hosts = new WeakMap<Duplex, string>();
  const isStale = (socket: Duplex) => {
    const idleMs = nowMs() - (freedMs.get(socket) ?? -Infinity);
    // After the clock was set back, the idle time is unknown.
    return idleMs < 0 || idleMs > MAX_IDLE_MS;
  };
  const drop = (choose: (idle: readonly Duplex[]) => readonly Duplex[]) => {
    const chosen = Object.values(agent.freeSockets)
      .flatMap((idle = []) => choose(idle))
      .filter(({ destroyed }) => !destroyed);
    for (const socket of chosen) socket.destroy();
    if (chosen.length > 0) counters.add("PoolIdleDropped", chosen.length);
    return chosen.length;
  };
  // The agent skips destroyed sockets only at the front of its list. Sockets before a stale one were freed earlier.
  const dropStale = () => drop((idle) => idle.slice(0, idle.findLastIndex(isStale) + 1));

  const { createConnection, keepSocketAlive, reuseSocket } = agent;
  agent.createConnection = (options, ...rest) => {
    const socket = createConnection.call(agent, options, ...rest);
    if (socket) {
      counters.add("PoolOpened");
      hosts.set(socket, `${options.host}:${options.port}`);
    }
    return socket;
  };
  agent.keepSocketAlive = (socket) => {
    freedMs.set(socket, nowMs());
    return keepSocketAlive.call(agent, socket);
  };
  agent.reuseSocket = (socket, request) => {
    counters.add("PoolReused");
    request.once("error", () => drop((idle) => idle.filter((other) => hosts.get(other) === hosts.get(socket))));
    reuseSocket.call(agent, socket, request);
  };
  const source = agent as HttpAgent & SocketSource;
  const { addRequest } = source;
  source.addRequest = (request, options) => {
    dropStale();
    addRequest.call(agent, request, options);
  };
  return dropStale;
}
