import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import { end } from "./process";

/** A provider that outlives terraform's runs. */
export interface KeptProvider {
  /** To be laid over terraform's environment: it then talks to this process and starts none. */
  readonly variables: Readonly<Record<string, string>>;
  /** Ends it and waits until it is gone. */
  stop(): Promise<void>;
}

export interface KeptProviderOptions {
  /** Folder of the configuration, initialized. */
  readonly directory: string;
  /** Terraform's whole environment: the provider takes the emulator's address from it. */
  readonly env: NodeJS.ProcessEnv;
  /** Milliseconds until it must have started. Default: 60,000. */
  readonly timeoutMs?: number;
}

const PROVIDER = join(".terraform", "providers", "registry.terraform.io", "hashicorp", "aws");

/**
 * Starts the AWS provider of an initialized folder and keeps it. Each run of terraform starts and ends one otherwise,
 * which is two thirds of the processor time of a small plan. It is the provider's own way to be debugged (Terraform
 * documentation, "Debugging Providers"), so it is for emulators and throw-away folders, not for pipelines; and for one
 * configuration of the provider: of two regions in a root the last one wins, without a word.
 */
export async function keepProvider({ directory, env, timeoutMs = 60_000 }: KeptProviderOptions): Promise<KeptProvider> {
  const binary = findBinary(join(directory, PROVIDER));
  // A group of its own: a terminal's Ctrl-C must not end it before terraform has let go of it.
  const child = spawn(binary, ["-debug"], { cwd: directory, env, stdio: ["ignore", "pipe", "ignore"], detached: true });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  try {
    return { variables: { TF_REATTACH_PROVIDERS: await announcement(child, binary, timeoutMs) }, stop: () => end(child, exited, "SIGINT") };
  } catch (error) {
    await end(child, exited, "SIGINT");
    throw error;
  }
}

/** `<folder>/<version>/<platform>/terraform-provider-aws_…`; the platform's folder may be a link into a mirror. */
function findBinary(folder: string): string {
  const below = (paths: readonly string[]) => paths.flatMap((path) => readdirSync(path).map((name) => join(path, name)));
  const found = existsSync(folder) ? below(below(below([folder]))).find((path) => basename(path).startsWith("terraform-provider-aws")) : undefined;
  if (found === undefined) throw new Error(`There is no AWS provider below ${folder}; run terraform init there first`);
  return found;
}

/** What it prints once it can be used: `TF_REATTACH_PROVIDERS='<json>'`. */
function announcement(child: ChildProcess, binary: string, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${binary} -debug did not start within ${timeoutMs} ms`)), timeoutMs);
    const settle = <T>(finish: (value: T) => void) => (value: T) => {
      clearTimeout(timer);
      finish(value);
    };
    child.once("error", settle((cause: Error) => reject(new Error(`${binary} cannot be started`, { cause }))));
    child.once("exit", settle((code: number | null) => reject(new Error(`${binary} -debug ended with code ${code} before it could be used`))));
    createInterface({ input: child.stdout! }).on("line", (line) => {
      const json = /TF_REATTACH_PROVIDERS='(.*)'/.exec(line)?.[1];
      if (json !== undefined) settle(resolve)(json);
    });
  });
}
