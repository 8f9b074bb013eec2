import { spawn } from "node:child_process";
import { createServer, type AddressInfo } from "node:net";
import { mkdirSync, openSync } from "node:fs";
import { delimiter, join } from "node:path";
import { end } from "./process";

/** A running `moto_server`, which speaks the AWS APIs on loopback. */
export interface Emulator {
  /** `http://127.0.0.1:<port>`: give it as AWS_ENDPOINT_URL. */
  readonly endpoint: string;
  /** Ends it and waits until it is gone. Calling it twice does no harm. */
  stop(): Promise<void>;
}

export interface EmulatorOptions {
  /** Folder for its log; made where it is missing. */
  readonly directory: string;
  /** Milliseconds until a server that does not answer is given up. Default: 60,000; it imports slowly on a busy machine. */
  readonly timeoutMs?: number;
  /** The whole environment to start it in. */
  readonly env: NodeJS.ProcessEnv;
}

/** Python finds in it what corrects moto. */
const FIXES = join(__dirname, "emulator-fixes");

/** Starts `moto_server` on a free loopback port and waits until it answers. */
export async function startEmulator({ directory, timeoutMs = 60_000, env }: EmulatorOptions): Promise<Emulator> {
  mkdirSync(directory, { recursive: true });
  const port = await freePort();
  const log = openSync(join(directory, "emulator.log"), "a");
  const child = spawn("moto_server", ["-H", "127.0.0.1", "-p", String(port)], {
    stdio: ["ignore", log, log],
    // moto would run functions in Docker where it finds one; the local runtime runs them itself.
    env: { ...env, DOCKER_HOST: "tcp://127.0.0.1:9", PYTHONDONTWRITEBYTECODE: "1", PYTHONPATH: [FIXES, ...(env["PYTHONPATH"] ? [env["PYTHONPATH"]] : [])].join(delimiter) },
    // A group of its own: a terminal's Ctrl-C must not end it before terraform has let go of it.
    detached: true,
  });
  const exited = new Promise<Error>((resolve) => {
    child.once("error", (cause) => resolve(new Error("moto_server cannot be started. Install it: pip install 'moto[server]==5.2.1'", { cause })));
    child.once("exit", (code, signal) => resolve(new Error(`moto_server ended early (${signal ?? code}); its log is ${join(directory, "emulator.log")}`)));
  });
  const endpoint = `http://127.0.0.1:${port}`;
  const stop = () => end(child, exited, "SIGTERM");
  try {
    await Promise.race([answers(`${endpoint}/moto-api/`, timeoutMs), exited.then((error) => Promise.reject(error))]);
  } catch (error) {
    await stop();
    throw error;
  }
  return { endpoint, stop };
}

/** A loopback port that is free now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

async function answers(url: string, timeoutMs: number): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
      await response.arrayBuffer();
      return;
    } catch (cause) {
      if (Date.now() > deadline) throw new Error(`${url} did not answer within ${timeoutMs} ms`, { cause });
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
