import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import { narrowProvider, typesInUse } from "./narrow-provider";
import { endProgram, rememberProgram } from "../kit/process";

/** A provider that outlives terraform's runs. */
export interface KeptProvider {
  /** To be laid over terraform's environment: it then talks to this process and starts none. */
  readonly variables: Readonly<Record<string, string>>;
  /** Ends it and waits until it is gone. */
  stop(): Promise<void>;
}

interface KeptProviderOptions {
  /** Folder of the configuration, initialized. */
  readonly directory: string;
  /** Terraform's whole environment: the provider takes the emulator's address from it. */
  readonly env: NodeJS.ProcessEnv;
  /**
   * Folders whose files name every type that terraform will meet: configurations, modules, states. Default: the folder
   * of the configuration.
   */
  readonly configurations?: readonly string[];
  /** Milliseconds until it must have started. Default: 60,000. */
  readonly timeoutMs?: number;
}

const PROVIDER = join(".terraform", "providers", "registry.terraform.io", "hashicorp", "aws");

/**
 * Starts the AWS provider of an initialized folder and keeps it, and has it tell of no more types than are in use. Each
 * run of terraform otherwise starts one, has it list all its types, reads them and ends it, which is nearly all of the
 * processor time of a small plan: 9 s, and 0.1 s then. It is the provider's own way to be debugged (Terraform
 * documentation, "Debugging Providers"), so it is for emulators and throw-away folders, not for pipelines; and for one
 * configuration of the provider: of two regions in a root the last one wins, without a word. This process answers for
 * it: who waits for terraform without letting anything else run waits for ever.
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
    const announced = JSON.parse(await announcement(child, binary, timeoutMs)) as Reattach;
    const { reattach, narrow } = await narrowed(announced, configurations);
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

async function narrowed(announced: Reattach, configurations: readonly string[]) {
  const [[address, provider] = []] = Object.entries(announced);
  if (address === undefined || provider?.Addr.Network !== "unix")
    throw new Error(`The provider announces ${JSON.stringify(announced)}; expected one provider at a Unix socket`);
  const String = `${provider.Addr.String}-narrow`;
  // What a run has met stays in use: its state may be elsewhere.
  const met = new Set<string>();
  const narrow = await narrowProvider(provider.Addr.String, String, () => {
    for (const type of typesInUse(configurations)) met.add(type);
    return (type) => met.has(type);
  });
  return { reattach: { [address]: { ...provider, Addr: { ...provider.Addr, String } } }, narrow };
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

/** What it prints once it can be used: `TF_REATTACH_PROVIDERS='<json>'`. */
function announcement(child: ChildProcess, binary: string, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`${binary} -debug did not start within ${timeoutMs} ms`)),
      timeoutMs,
    );
    const settle =
      <T>(finish: (value: T) => void) =>
      (value: T) => {
        clearTimeout(timer);
        finish(value);
      };
    child.once(
      "error",
      settle((cause: Error) => reject(new Error(`${binary} cannot be started`, { cause }))),
    );
    child.once(
      "exit",
      settle((code: number | null) =>
        reject(new Error(`${binary} -debug ended with code ${code} before it could be used`)),
      ),
    );
    createInterface({ input: child.stdout! }).on("line", (line) => {
      const json = /TF_REATTACH_PROVIDERS='(.*)'/.exec(line)?.[1];
      if (json !== undefined) settle(resolve)(json);
    });
  });
}
