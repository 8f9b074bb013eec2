import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import { narrowProvider, typesInUse } from "./narrow-provider";
import { endProgram, rememberProgram } from "../kit/process";

/** A provider that outlives terraform's runs. */
export interface KeptProvider {
  /** To be added to terraform's environment, so that it talks to this process and starts none. */
  readonly variables: Readonly<Record<string, string>>;
  /** Ends it and waits until it is gone. */
  stop(): Promise<void>;
}

interface KeptProviderOptions {
  /** Folder of the configuration, initialized. */
  readonly directory: string;
  /** Terraform's whole environment, from which the provider takes the emulator's address. */
  readonly env: NodeJS.ProcessEnv;
  /**
   * Folders whose files name every type that terraform will meet: configurations, modules, states. Default: the
   * configuration's folder.
   */
  readonly configurations?: readonly string[];
  /** Milliseconds that it may take to start. Default: 60,000. */
  readonly timeoutMs?: number;
}

const PROVIDER = join(".terraform", "providers", "registry.terraform.io", "hashicorp", "aws");

/**
 * Starts the AWS provider of an initialized folder, keeps it, and lets it tell terraform of the types in use only.
 * Otherwise each run of terraform starts a provider, has it list all its types, and ends it, which takes nearly all of
 * the processor time of a small plan: 9 s instead of 0.1 s.
 *
 * It uses the provider's own way to be debugged (Terraform documentation, "Debugging Providers"), so it is for
 * emulators and throw-away folders, not for pipelines. A root may configure one region only: of two, the last one wins
 * without a message. This process answers terraform, so it must not block while terraform runs.
 */
export async function keepProvider({
  directory,
  env,
  configurations = [directory],
  timeoutMs = 60_000,
}: KeptProviderOptions): Promise<KeptProvider> {
  const binary = findBinary(join(directory, PROVIDER));
  // A group of its own: a terminal's Ctrl-C must not end it before terraform has let go of it.
  const child = spawn(binary, ["-debug"], { cwd: directory, env, stdio: ["ignore", "pipe", "ignore"], detached: true });
  rememberProgram(child, binary, { isHelper: true });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const endProvider = () => endProgram(child, exited, "SIGINT");
  try {
    const announced = JSON.parse(await readAnnouncement(child, binary, timeoutMs)) as Reattach;
    const { reattach, narrow } = await listenInFront(announced, configurations);
    return {
      variables: { TF_REATTACH_PROVIDERS: JSON.stringify(reattach) },
      stop: async () => (await narrow.stop(), await endProvider()),
    };
  } catch (error) {
    await endProvider();
    throw error;
  }
}

/** What terraform takes as TF_REATTACH_PROVIDERS, by the provider's address. */
type Reattach = Readonly<Record<string, { readonly Addr: { readonly Network: string; readonly String: string } }>>;

async function listenInFront(announced: Reattach, configurations: readonly string[]) {
  const [[address, provider] = []] = Object.entries(announced);
  if (address === undefined || provider?.Addr.Network !== "unix")
    throw new Error(`The provider announces ${JSON.stringify(announced)}; expected one provider at a Unix socket`);
  const socket = `${provider.Addr.String}-narrow`;
  // A type stays in use once a run has named it, because the run's state may be elsewhere.
  const met = new Set<string>();
  const narrow = await narrowProvider(provider.Addr.String, socket, () => {
    for (const type of typesInUse(configurations)) met.add(type);
    return (type) => met.has(type);
  });
  return { reattach: { [address]: { ...provider, Addr: { ...provider.Addr, String: socket } } }, narrow };
}

/** `<folder>/<version>/<platform>/terraform-provider-aws_…`; the platform's folder may be a link into a mirror. */
function findBinary(folder: string): string {
  const below = (paths: readonly string[]) =>
    paths.flatMap((path) => readdirSync(path).map((name) => join(path, name)));
  const found = existsSync(folder)
    ? below(below(below([folder]))).find((path) => basename(path).startsWith("terraform-provider-aws"))
    : undefined;
  if (found === undefined) throw new Error(`There is no AWS provider below ${folder}; run terraform init there first`);
  return found;
}

/** Waits for the line that it prints once it can be used: `TF_REATTACH_PROVIDERS='<json>'`. */
async function readAnnouncement(child: ChildProcess, binary: string, timeoutMs: number): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<string>((resolve, reject) => {
      const fail = (problem: string, cause?: Error) => reject(new Error(`${binary} ${problem}`, { cause }));
      timer = setTimeout(() => fail(`-debug did not start within ${timeoutMs} ms`), timeoutMs);
      child.once("error", (cause) => fail("cannot be started", cause));
      child.once("exit", (code) => fail(`-debug ended with code ${code} before it could be used`));
      createInterface({ input: child.stdout! }).on("line", (line) => {
        const json = /TF_REATTACH_PROVIDERS='(.*)'/.exec(line)?.[1];
        if (json !== undefined) resolve(json);
      });
    });
  } finally {
    clearTimeout(timer);
  }
}
