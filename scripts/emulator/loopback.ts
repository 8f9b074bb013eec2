import type { Server } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * Makes a server listen on this machine's loopback.
 * @param port 0 for any free one
 * @returns the port
 * @throws the system's error, such as EADDRINUSE
 */
export async function listenOnLoopback(server: Server, port = 0): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", reject);
      resolve();
    });
  });
  return (server.address() as AddressInfo).port;
}

/** Stops listening, ends all connections, and waits until both are done. */
export async function closeServer(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/** Reads a message to its end. Rejects where it breaks off. */
export async function readBytes(message: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk);
  return Buffer.concat(chunks);
}
