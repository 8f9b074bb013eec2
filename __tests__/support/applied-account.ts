import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { sandboxEnvironment, startEmulator, type Emulator } from "../../scripts/emulator/moto";
import { makeThrowAway } from "../../scripts/kit/loopback";
import { writeAtomically } from "../../scripts/kit/files";
import { Terraform } from "../../scripts/kit/terraform";
import { RUN_FOLDER } from "./run-folder";
import { STACK_DIRECTORY } from "./stack-json";

/** An emulator that holds the stack with its defaults, and the folder that terraform applied there. */
export interface AppliedAccount {
  readonly endpoint: string;
  /** With the state, and with the provider that `terraform init` took. */
  readonly directory: string;
}

/** How the file that applies tells the others that it has, or why it could not. */
interface Outcome extends Partial<AppliedAccount> {
  readonly pid?: number;
  readonly failure?: string;
}

const EXTENSION = join(__dirname, "emulator");
const POLL_MS = 200;

/**
 * The stack is applied once in a run of the tests: by the file that asks first, while the others wait for it.
 * @throws Error with terraform's words, in each file, where the apply fails
 */
export async function appliedAccount(): Promise<AppliedAccount> {
  const folder = join(RUN_FOLDER, "account");
  const told = join(RUN_FOLDER, "account.json");
  if (isFirst(folder))
    writeAtomically(told, JSON.stringify(await apply(folder).catch((error: unknown) => ({ failure: String(error) }))));
  while (!existsSync(told)) await sleep(POLL_MS);
  const { endpoint, directory, failure } = JSON.parse(readFileSync(told, "utf8")) as Outcome;
  if (endpoint === undefined || directory === undefined)
    throw new Error(`The stack could not be applied for the tests: ${failure}`);
  return { endpoint, directory };
}

/**
 * An account of the caller's own, in the state that the applied one has. Terraform's state names its address: see
 * `movedState`.
 */
export async function copyAccount({ endpoint }: AppliedAccount): Promise<Emulator> {
  const { pid, port } = (await (await fetch(`${endpoint}/quickturn/copy`, { method: "POST" })).json()) as {
    pid: number;
    port: number;
  };
  const stop = async () => {
    process.kill(pid, "SIGTERM");
    while (isRunning(pid)) await sleep(POLL_MS / 10);
  };
  return { endpoint: `http://127.0.0.1:${port}`, stop };
}

/** The applied state as it is of a copy: the queues' addresses name the emulator's port. */
export const movedState = ({ directory, endpoint }: AppliedAccount, copy: Emulator): string =>
  readFileSync(join(directory, "terraform.tfstate"), "utf8").replaceAll(endpoint, copy.endpoint);

function isFirst(folder: string): boolean {
  try {
    mkdirSync(folder);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** The emulator is ended by `runner/end-run.js`, after the last file. */
async function apply(folder: string): Promise<Outcome> {
  const directory = join(folder, "stack");
  cpSync(STACK_DIRECTORY, directory, { recursive: true, filter: (path) => !path.includes(".terraform") });
  leaveOutFirewall(directory);
  makeThrowAway(directory, {});
  const { endpoint, pid } = await startEmulator({ directory: folder, env: withCopies(process.env) });
  const terraform = new Terraform({ directory, env: sandboxEnvironment(process.env, endpoint, folder) });
  await terraform.init();
  await terraform.apply({ refresh: false });
  return { endpoint, directory, pid };
}

/**
 * The web firewall, which is off, costs a quarter of each run of terraform: its type has the largest of all schemas.
 * What is applied from nothing (`EmulatedStack.start`, the journey) has it.
 */
function leaveOutFirewall(directory: string): void {
  const path = join(directory, "cdk.tf.json");
  const stack = JSON.parse(readFileSync(path, "utf8")) as { resource: Record<string, unknown> };
  const resource = Object.fromEntries(
    Object.entries(stack.resource).filter(([type]) => !type.startsWith("aws_wafv2_")),
  );
  writeFileSync(path, JSON.stringify({ ...stack, resource }));
}

const withCopies = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({
  ...env,
  PYTHONPATH: [EXTENSION, ...(env["PYTHONPATH"] ? [env["PYTHONPATH"]] : [])].join(delimiter),
  MOTO_EXTENSION: "copied_account",
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
