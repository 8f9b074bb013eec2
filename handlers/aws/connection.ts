import { NodeHttpHandler } from "@smithy/node-http-handler";
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import type { Counters } from "../telemetry";
import { freshAgent } from "./fresh-agent";

/** How many sockets a host is given at most: as many calls as run at once. */
export const MAX_SOCKETS = 50;

/** Milliseconds that the parts of a call may take. */
export interface TimeOuts {
  /** To connect, TLS apart. */
  readonly connectMs: number;
  /** To the head of the answer, which a service sends at once. */
  readonly requestMs: number;
  /**
   * Without a byte either way: ends an answer whose body stalls, which `requestMs` does not see. Not below it, as a
   * service that thinks sends nothing; the SDK begins to count 3 s after the call (from 6 s on).
   */
  readonly silenceMs: number;
}

const TIME_OUTS: TimeOuts = { connectMs: 5_000, requestMs: 60_000, silenceMs: 60_000 };

/** What a client of the SDK is made with. */
export interface ClientConfiguration {
  /** An instance: given options, some clients would make a handler of their own, without the pool. */
  readonly requestHandler: NodeHttpHandler;
  /** Waits between attempts with full jitter, and sends less as long as a service throttles. */
  readonly retryMode: "adaptive";
  readonly maxAttempts: number;
}

/** How every client of the process connects: one pool, so that a warm function never waits for a handshake. */
export interface Connection extends ClientConfiguration {
  /**
   * For agents: the same pool without time-outs but for connecting. An agent may think for 890 s before its first byte
   * and stream slowly, so each call must be given an `abortSignal`, which ends it. TCP keep-alive, each second, keeps
   * the NAT gateway from dropping the silent connection and ends one whose other side is gone.
   */
  readonly patient: ClientConfiguration;
  /**
   * Destroys the sockets that were idle for too long, and says how many: to be called as an invocation starts, as the
   * environment may have been frozen before. Each request checks again.
   */
  dropIdle(): number;
}

/** What a connection needs. */
export interface ConnectionParts {
  readonly counters: Counters;
  /** The wall clock. */
  readonly nowMs: () => number;
  /** Default: 5 s to connect, 60 s to answer, 60 s without a byte. */
  readonly timeOuts?: TimeOuts;
}

/**
 * A pool of {@link MAX_SOCKETS} kept sockets a host and protocol, none of them stale, and 3 attempts with adaptive
 * waits.
 */
export function openConnection({ counters, nowMs, timeOuts = TIME_OUTS }: ConnectionParts): Connection {
  const pool = { keepAlive: true, maxSockets: MAX_SOCKETS };
  const http = freshAgent(new HttpAgent(pool), { counters, nowMs });
  const https = freshAgent(new HttpsAgent(pool), { counters, nowMs });
  const agents = { httpAgent: http.agent, httpsAgent: https.agent, connectionTimeout: timeOuts.connectMs };
  const strict = new NodeHttpHandler({
    ...agents,
    requestTimeout: timeOuts.requestMs,
    // Without it the handler only warns, and waits on.
    throwOnRequestTimeout: true,
    socketTimeout: timeOuts.silenceMs,
  });
  return {
    ...configuration(strict),
    patient: configuration(new NodeHttpHandler(agents)),
    dropIdle: () => http.dropIdle() + https.dropIdle(),
  };
}

function configuration(requestHandler: NodeHttpHandler): ClientConfiguration {
  return { requestHandler, retryMode: "adaptive", maxAttempts: 3 };
}
