import { spawn } from "node:child_process";
import { mkdirSync, openSync, readFileSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { UsageError } from "../kit/context";
import { isLoopback } from "../kit/loopback";
import { endProgram, rememberProgram } from "../kit/process";
import { findProviderSource, terraformEnvironment } from "../kit/terraform-environment";

/** A running `moto_server`, which answers AWS's APIs on loopback. */
export interface Emulator {
  /** `http://127.0.0.1:<port>`: give it as AWS_ENDPOINT_URL. */
  readonly endpoint: string;
  /** Id of the process. */
  readonly pid?: number;
  /** Ends it and waits until it is gone. A second call does nothing. */
  stop(): Promise<void>;
}

interface EmulatorOptions {
  /** Folder for its log. It is created if necessary. */
  readonly directory: string;
  /** Its complete environment. */
  readonly env: NodeJS.ProcessEnv;
}

/** It imports slowly on a busy machine. */
const START_LIMIT_MS = 60_000;

/** Folder of a module that Python loads before moto, and that corrects it. */
const FIXES = join(__dirname, "emulator-fixes");

/** Starts `moto_server` on a free loopback port and waits until it answers. */
export async function startEmulator({ directory, env }: EmulatorOptions): Promise<Emulator> {
  mkdirSync(directory, { recursive: true });
  const logFile = join(directory, "emulator.log");
  const log = openSync(logFile, "a");
  const before = statSync(logFile).size;
  // The system chooses the port, because another program may take one that was found to be free before.
  const child = spawn("moto_server", ["-H", "127.0.0.1", "-p", "0"], {
    stdio: ["ignore", log, log],
    // Without Docker moto runs no functions. The local runtime runs them itself.
    env: {
      ...env,
      DOCKER_HOST: "tcp://127.0.0.1:9",
      PYTHONDONTWRITEBYTECODE: "1",
      PYTHONPATH: [FIXES, ...(env["PYTHONPATH"] ? [env["PYTHONPATH"]] : [])].join(delimiter),
    },
    // It gets a process group of its own, because a terminal's Ctrl-C must not end it while terraform uses it.
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
  // It does not keep this process from ending.
  child.unref();
  const stop = () => endProgram(child, exited, "SIGTERM");
  try {
    const readOutput = () => readFileSync(logFile).subarray(before).toString();
    const endpoint = await Promise.race([waitForEndpoint(readOutput), exited.then((error) => Promise.reject(error))]);
    return { endpoint, stop, pid: child.pid };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Waits until the server prints its address. */
async function waitForEndpoint(readOutput: () => string): Promise<string> {
  const deadline = Date.now() + START_LIMIT_MS;
  for (;;) {
    const [, endpoint] = /Running on (http:\/\/127\.0\.0\.1:\d+)/.exec(readOutput()) ?? [];
    if (endpoint !== undefined) return endpoint;
    if (Date.now() > deadline)
      throw new Error(`moto_server did not listen within ${START_LIMIT_MS} ms: ${readOutput().slice(-500)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Variables without which programs do not run. Everything else of the caller's environment stays outside. */
const PASSED_ON = ["PATH", "LANG", "LC_ALL", "TERM", "PYENV_ROOT", "PYENV_VERSION", "VIRTUAL_ENV"];

/**
 * The environment of terraform and its provider, which cannot reach an account: no credentials, profiles, endpoints of
 * services, proxies, Terraform variables or arguments of the caller are in it.
 * @param endpoint the emulator's address
 * @param folder home, and place of terraform's own files; it is deleted afterwards
 * @throws UsageError where the endpoint is not on loopback
 */
export function sandboxEnvironment(caller: NodeJS.ProcessEnv, endpoint: string, folder: string): NodeJS.ProcessEnv {
  refuseUnlessLoopback(endpoint);
  const source = findProviderSource(caller, { search: true });
  return terraformEnvironment(
    {
      ...bareEnvironment(caller, folder),
      TMPDIR: folder,
      AWS_ACCESS_KEY_ID: "local",
      AWS_SECRET_ACCESS_KEY: "local",
      AWS_REGION: "us-east-1",
      AWS_ENDPOINT_URL: endpoint,
      // On EC2 the SDK would otherwise use the machine's own role.
      AWS_EC2_METADATA_DISABLED: "true",
      // No such file exists: a profile could name other endpoints.
      AWS_CONFIG_FILE: `${folder}/no-aws-config`,
      AWS_SHARED_CREDENTIALS_FILE: `${folder}/no-aws-credentials`,
      // Terraform's runs here are short: collecting garbage less often saves a tenth of their processor time.
      GOGC: "400",
    },
    source,
    folder,
  );
}

/** The environment of a program that needs a home of its own, and that must not be led to an account. */
export function bareEnvironment(caller: NodeJS.ProcessEnv, home: string): NodeJS.ProcessEnv {
  return {
    ...Object.fromEntries(PASSED_ON.flatMap((name) => (caller[name] === undefined ? [] : [[name, caller[name]]]))),
    HOME: home,
  };
}

/** The emulator's address in the caller's environment, or undefined. @throws UsageError where it is not on loopback */
export function givenEmulator(caller: NodeJS.ProcessEnv): string | undefined {
  const endpoint = caller["AWS_ENDPOINT_URL"];
  if (endpoint === undefined || endpoint === "") return undefined;
  refuseUnlessLoopback(endpoint);
  return endpoint;
}

function refuseUnlessLoopback(endpoint: string): void {
  if (isLoopback(endpoint)) return;
  throw new UsageError(
    `AWS_ENDPOINT_URL is "${endpoint}"; the local runtime talks only to an emulator on this machine. ` +
      "Allowed: http://127.0.0.1:<port>, http://[::1]:<port> or http://localhost:<port>. " +
      "Unset it, and an emulator is started for you.",
  );
}
