import type { Agent, ClientRequest } from "node:http";
import type { Duplex } from "node:stream";
import type { Counters } from "../telemetry";

/**
 * Milliseconds of idleness after which a socket is not trusted. A frozen environment answers no probe and hears no
 * goodbye, so what it finds when it thaws may be long dead, and a request sent into it waits for the kernel to give up:
 * 938 s measured. A twelfth of the 350 s after which a NAT gateway drops an idle connection (VPC user guide,
 * "Troubleshoot NAT gateways") and half of a load balancer's default of 60 s (ELB user guide, "Connection idle
 * timeout"): a needless handshake costs milliseconds.
 */
export const MAX_IDLE_MS = 30_000;

/** What an agent needs to tell a fresh socket from a stale one. */
export interface FreshAgentParts {
  readonly counters: Counters;
  /** The wall clock: timers and monotonic clocks stand still in a frozen environment. */
  readonly nowMs: () => number;
}

/** An agent that never gives a request a socket that was idle for more than {@link MAX_IDLE_MS}. */
export interface FreshAgent<Kind extends Agent> {
  readonly agent: Kind;
  /** Destroys the sockets that were idle for too long, and says how many they were. */
  dropIdle(): number;
}

/**
 * What a request calls of its agent: not documented, but what every stand-in for an agent must have (node:http,
 * "agent").
 */
interface Picking {
  addRequest(request: ClientRequest, options: object): void;
}

/**
 * Makes an agent of `node:http` or `node:https` with kept sockets a fresh one. Stale sockets are destroyed before each
 * request picks one. Where a reused socket fails, all idle ones of its host are destroyed as well: what broke one of
 * them broke them all, and each would cost the request one of its attempts.
 */
export function freshAgent<Kind extends Agent>(agent: Kind, { counters, nowMs }: FreshAgentParts): FreshAgent<Kind> {
  const freedMs = new WeakMap<Duplex, number>();
  const hosts = new WeakMap<Duplex, string>();
  const isStale = (socket: Duplex) => {
    const idleMs = nowMs() - (freedMs.get(socket) ?? -Infinity);
    // A clock that was set back tells nothing about how long it was.
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
  // The agent skips destroyed sockets at the front of its list only; those in front were freed earlier than the stale
  // one.
  const dropIdle = () => drop((idle) => idle.slice(0, idle.findLastIndex(isStale) + 1));

  watch(agent, {
    opened: (socket, host) => {
      counters.add("PoolOpened");
      hosts.set(socket, host);
    },
    freed: (socket) => freedMs.set(socket, nowMs()),
    reused: (socket, request) => {
      counters.add("PoolReused");
      request.once("error", () => drop((idle) => idle.filter((other) => hosts.get(other) === hosts.get(socket))));
    },
    picking: dropIdle,
  });
  return { agent, dropIdle };
}

interface Watcher {
  opened(socket: Duplex, host: string): void;
  freed(socket: Duplex): void;
  reused(socket: Duplex, request: ClientRequest): void;
  picking(): void;
}

/** Tells the watcher what becomes of the agent's sockets; each of its methods still does what it did. */
function watch(agent: Agent, watcher: Watcher): void {
  const { createConnection, keepSocketAlive, reuseSocket } = agent;
  const picking = agent as unknown as Picking;
  const { addRequest } = picking;
  agent.createConnection = (options, ...rest) => {
    const socket = createConnection.call(agent, options, ...rest);
    if (socket) watcher.opened(socket, `${options.host}:${options.port}`);
    return socket;
  };
  agent.keepSocketAlive = (socket) => {
    watcher.freed(socket);
    return keepSocketAlive.call(agent, socket);
  };
  agent.reuseSocket = (socket, request) => {
    watcher.reused(socket, request);
    reuseSocket.call(agent, socket, request);
  };
  picking.addRequest = (request, options) => {
    watcher.picking();
    addRequest.call(agent, request, options);
  };
}
