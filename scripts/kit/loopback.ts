import { createServer } from "node:net";

/** Whether a URL leads to this machine and nowhere else. */
export function isLoopback(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname, username } = new URL(url);
  return (
    ["http:", "https:"].includes(protocol) &&
    username === "" &&
    (/^127\.\d+\.\d+\.\d+$/.test(hostname) || hostname === "[::1]" || hostname === "localhost")
  );
}

/**
 * Tries to listen on a port of this machine's loopback.
 * @returns why nobody can listen there now, such as EADDRINUSE; undefined where the port is free
 */
export function whyNotFree(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(undefined)));
  });
}
