import { NodeHttpHandler } from "@smithy/node-http-handler";

const POOL = { keepAlive: true, maxSockets: 50 };

/** How every client of the process connects: one pool, so that a warm function never waits for a handshake. */
export interface Connection {
  readonly requestHandler: NodeHttpHandler;
  readonly retryMode: "adaptive";
  readonly maxAttempts: number;
}

/** A pool of 50 kept sockets a host, 5 s to connect, 60 s to answer, 3 attempts with adaptive waits. */
export function openConnection(): Connection {
  const requestHandler = new NodeHttpHandler({
    connectionTimeout: 5_000,
    requestTimeout: 60_000,
    // Without it the handler only warns, and waits on.
    throwOnRequestTimeout: true,
    httpsAgent: POOL,
    httpAgent: POOL,
  });
  return { requestHandler, retryMode: "adaptive", maxAttempts: 3 };
}
