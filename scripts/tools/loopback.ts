import { createServer } from "node:net";

/** Whether a URL leads to this machine and nowhere else. */
export function isLoopback(url: string): boolean {
  const host = hostOf(url);
  return host !== undefined && (/^127\.\d+\.\d+\.\d+$/.test(host) || host === "[::1]" || host === "localhost");
}

function hostOf(url: string): string | undefined {
  try {
    const { protocol, hostname, username } = new URL(url);
    return ["http:", "https:"].includes(protocol) && username === "" ? hostname : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Why nobody can listen on a port of this machine's loopback now, such as EADDRINUSE.
 * @returns undefined where one can
 */
export function whyNotFree(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(undefined)));
  });
}
