import { spawn } from "node:child_process";
import { mkdirSync, openSync, readFileSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { endProgram, rememberProgram } from "../kit/process";

/** A running `moto_server`, which speaks the AWS APIs on loopback. */
export interface Emulator {
  /** `http://127.0.0.1:<port>`: give it as AWS_ENDPOINT_URL. */
  readonly endpoint: string;
  /** Of the process. */
  readonly pid?: number;
  /** Ends it and waits until it is gone. Calling it twice does no harm. */
  stop(): Promise<void>;
}

export interface EmulatorOptions {
  /** Folder for its log; made where it is missing. */
  readonly directory: string;
  /**
   * Milliseconds until a server that does not answer is given up. Default: 60,000; it imports slowly on a busy machine.
   */
  readonly timeoutMs?: number;
  /** The whole environment to start it in. */
  readonly env: NodeJS.ProcessEnv;
}

/** Python finds in it what corrects moto. */
const FIXES = join(__dirname, "emulator-fixes");

/** Starts `moto_server` on a free loopback port and waits until it answers. */
export async function startEmulator({ directory, timeoutMs = 60_000, env }: EmulatorOptions): Promise<Emulator> {
  mkdirSync(directory, { recursive: true });
  const logFile = join(directory, "emulator.log");
  const log = openSync(logFile, "a");
  const before = statSync(logFile).size;
  // The system chooses the port: of one that was looked for beforehand another program may be the first to listen.
  const child = spawn("moto_server", ["-H", "127.0.0.1", "-p", "0"], {
    stdio: ["ignore", log, log],
    // moto would run functions in Docker where it finds one; the local runtime runs them itself.
    env: {
      ...env,
      DOCKER_HOST: "tcp://127.0.0.1:9",
      PYTHONDONTWRITEBYTECODE: "1",
      PYTHONPATH: [FIXES, ...(env["PYTHONPATH"] ? [env["PYTHONPATH"]] : [])].join(delimiter),
    },
    // A group of its own: a terminal's Ctrl-C must not end it before terraform has let go of it.
    detached: true,
  });
  rememberProgram(child, "moto_server", { isHelper: true });
  const exited = new Promise<Error>((resolve) => {
    child.once("error", (cause) =>
      resolve(new Error("moto_server cannot be started. Install it: pip install 'moto[server]==5.2.1'", { cause })),
    );
    child.once("exit", (code, signal) =>
      resolve(new Error(`moto_server ended early (${signal ?? code}); its log is ${logFile}`)),
    );
  });
  // Who started it ends it; it alone keeps nobody waiting.
  child.unref();
  const stop = () => endProgram(child, exited, "SIGTERM");
  try {
    const said = () => readFileSync(logFile).subarray(before).toString();
    const endpoint = await Promise.race([announced(said, timeoutMs), exited.then((error) => Promise.reject(error))]);
    return { endpoint, stop, ...(child.pid !== undefined && { pid: child.pid }) };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Its address, once it listens. */
async function announced(said: () => string, timeoutMs: number): Promise<string> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const [, endpoint] = /Running on (http:\/\/127\.0\.0\.1:\d+)/.exec(said()) ?? [];
    if (endpoint !== undefined) return endpoint;
    if (Date.now() > deadline)
      throw new Error(`moto_server did not listen within ${timeoutMs} ms: ${said().slice(-500)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
