import { randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { OutputName } from "../../stacks/contract/outputs";
import { startLocalRuntime, type Caller, type LocalRuntime, type LocalRuntimeOptions } from "../emulator";
import { asList, asObject, messageOf } from "../emulator/json";
import { keepProvider } from "../emulator/kept-provider";
import { startEmulator, bareEnvironment, givenEmulator, sandboxEnvironment } from "../emulator/moto";
import type { CommandContext } from "../kit/context";
import { countChanges } from "../kit/plan-changes";
import { stackDirectory, synth } from "../kit/synth";
import { Terraform, type PlanInput } from "../kit/terraform";
import { progressText } from "../kit/terraform-messages";
import { makeThrowAway } from "../kit/loopback";
import { provideTools } from "../kit/toolchain/toolchain";
import { forgetRun, recordRun, removeDeadRuns } from "./dead-runs";

export const REGION = "us-east-1";
/** Names the VPC endpoint that a call comes through: an endpoint's id, or `none`. */
const ENDPOINT_HEADER = "X-Quickturn-Vpc-Endpoint";
const FOLDER_PREFIX = "quickturn-local-";
/** Characters of a setting in a step's title. */
const MAX_TITLE_CHARACTERS = 40;
const ACCOUNT_ID = "123456789012";

/**
 * Two callers, who cannot see each other's requests. Their keys open nothing but a server on this
 * machine's loopback.
 */
export const CALLERS: readonly Caller[] = ["alice", "bob"].map((name) => ({
  name,
  accessKeyId: `LOCAL${name.toUpperCase()}`,
  secretAccessKey: `${name}-on-loopback`,
  userId: `AIDALOCAL${name.toUpperCase()}`,
  accountId: ACCOUNT_ID,
}));

export interface LocalStackOptions {
  /** Values of structured settings, written beside the stack. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** `name=value` settings of every apply. Default: none. */
  readonly vars?: readonly string[];
  /** Keep the folder with state and logs. Default: delete it. */
  readonly keep?: boolean;
  /** Makes further options of the runtime from the emulator's address. Default: none. */
  readonly runtime?: (emulator: string, undo: Undo) => Promise<Partial<LocalRuntimeOptions>>;
}

/** Registers a step that is done when the stack ends. The last one registered is done first. */
type Undo = (step: () => Promise<void>) => void;

/** The synthesized stack, applied by terraform to an emulator and served on loopback. Nothing of it stays. */
export class LocalStack {
  /** Folder with state and logs. */
  readonly folder: string;
  /** Folder of the stack in it, which terraform applies. */
  readonly directory: string;
  /** `http://127.0.0.1:<port>` of the emulator. */
  readonly emulator: string;
  /** Settings that every plan must be given. */
  readonly vars: readonly string[];
  /** Terraform in the folder of the stack, for commands that plan and apply by themselves. */
  readonly terraform: Terraform;
  /** Serves what was applied. */
  readonly runtime: LocalRuntime;

  /** @param state the parsed state after the last apply */
  private constructor(
    private readonly context: CommandContext,
    parts: Pick<LocalStack, "folder" | "directory" | "emulator" | "vars" | "terraform" | "runtime">,
    private state: unknown,
  ) {
    this.folder = parts.folder;
    this.directory = parts.directory;
    this.emulator = parts.emulator;
    this.vars = parts.vars;
    this.terraform = parts.terraform;
    this.runtime = parts.runtime;
  }

  /** Calls `use` with the running stack, and takes everything down however that ends. */
  static async with<T>(
    context: CommandContext,
    options: LocalStackOptions,
    use: (stack: LocalStack) => Promise<T>,
  ): Promise<T> {
    const steps: (() => Promise<void>)[] = [];
    try {
      return await use(await LocalStack.start(context, options, (step) => void steps.push(step)));
    } finally {
      for (const step of steps.reverse())
        await step().catch((error: unknown) => context.progress.note(`While cleaning up: ${messageOf(error)}`));
    }
  }

  private static async start(caller: CommandContext, options: LocalStackOptions, undo: Undo): Promise<LocalStack> {
    const given = givenEmulator(caller.environment);
    const tools = ["terraform", "provider", ...(given === undefined ? (["emulator"] as const) : [])] as const;
    const environment = await provideTools(tools, caller, { search: true });
    const context = { ...caller, environment };
    const { progress, signal } = context;
    for (const line of removeDeadRuns(tmpdir(), FOLDER_PREFIX)) progress.note(line);
    const folder = createFolder(options.keep ?? false, undo);
    const directory = await synthesize(context, folder, options.settings);
    const emulator = given ?? (await startOwnEmulator(context, folder, undo));
    const env = sandboxEnvironment(environment, emulator, folder);
    await progress.step("terraform init", () => new Terraform({ directory, env, signal }).init());
    const provider = await keepProvider({ directory, env });
    undo(() => provider.stop());
    const sandbox = { directory, env: { ...env, ...provider.variables } };
    // An emulator that was given may hold other stacks, whose names must differ.
    const name = given === undefined ? [] : [`name=local-${randomBytes(4).toString("hex")}`];
    const vars = [...name, ...(options.vars ?? [])];
    // Without the signal, because an interrupted apply has to be destroyed too.
    if (given !== undefined) undo(() => destroy(context, new Terraform(sandbox), vars));
    const terraform = new Terraform({ ...sandbox, signal });
    const state = await applyStack(context, terraform, { title: "terraform apply (profile optimized)", vars });
    const runtime = await progress.step(
      "Serve what was applied",
      async () =>
        startLocalRuntime({
          environment,
          state,
          moduleDirectory: directory,
          endpoint: emulator,
          region: REGION,
          callers: CALLERS,
          endpointHeader: ENDPOINT_HEADER,
          workDirectory: folder,
          warn: (text) => progress.note(text),
          ...(await options.runtime?.(emulator, undo)),
        }),
      ({ url }) => url,
    );
    undo(() => runtime.stop());
    return new LocalStack(context, { folder, directory, emulator, vars, terraform, runtime }, state);
  }

  /** The value of an output of the last apply. */
  output(name: OutputName): unknown {
    const outputs = asObject(asObject(asObject(this.state)?.values)?.outputs);
    return asObject(outputs?.[name])?.value;
  }

  /** Applies with other settings, and serves what was applied. */
  async flip(vars: readonly string[]): Promise<void> {
    await this.runtime.beforeApply();
    const title = `terraform apply ${vars.map((value) => `-var ${shorten(value)}`).join(" ")}`;
    // No refresh, because nobody else changes the stack, and the emulator reports some attributes in its own spelling.
    const changed = { title, vars: [...this.vars, ...vars], refresh: false };
    this.state = await applyStack(this.context, this.terraform, changed);
    await this.runtime.reload(this.state);
  }

  /**
   * Serves what somebody else has applied while callers go on. The apply must not have changed the
   * queues' mappings.
   */
  async serveApplied(): Promise<void> {
    this.state = enableMappings(await this.terraform.show());
    await this.runtime.reload(this.state);
  }
}

function createFolder(keep: boolean, undo: Undo): string {
  const folder = mkdtempSync(join(tmpdir(), FOLDER_PREFIX));
  chmodSync(folder, 0o700);
  recordRun(folder, keep);
  undo(async () => (keep ? forgetRun(folder) : rmSync(folder, { recursive: true, force: true })));
  return folder;
}

/** Synthesizes into the run's own folder, so that runs do not meet and the caller's environment has no effect. */
async function synthesize(
  context: CommandContext,
  folder: string,
  settings: LocalStackOptions["settings"],
): Promise<string> {
  const outputDirectory = join(folder, "cdktf.out");
  await synth({ ...context, environment: bareEnvironment(context.environment, folder) }, { outputDirectory });
  const directory = stackDirectory(outputDirectory, "agent-api");
  makeThrowAway(directory, settings);
  return directory;
}

async function startOwnEmulator(
  { progress, environment }: CommandContext,
  folder: string,
  undo: Undo,
): Promise<string> {
  const emulator = await progress.step(
    "Start the AWS emulator",
    () => startEmulator({ directory: folder, env: bareEnvironment(environment, folder) }),
    ({ endpoint }) => endpoint,
  );
  undo(() => emulator.stop());
  return emulator.endpoint;
}

/** @returns the parsed state after the apply */
async function applyStack(
  { progress }: CommandContext,
  terraform: Terraform,
  { title, ...input }: PlanInput & { readonly title: string },
): Promise<unknown> {
  const { state } = await progress.step(
    title,
    async (detail) => {
      detail("terraform plans and applies");
      const changes = await terraform.apply(input, (reached) => detail(progressText(reached)));
      return { state: await terraform.show(), counted: countChanges(changes) };
    },
    ({ counted }) => counted,
  );
  return state;
}

async function destroy({ progress }: CommandContext, terraform: Terraform, vars: readonly string[]): Promise<void> {
  await progress.step("terraform destroy", () => terraform.apply({ vars, destroy: true, refresh: false }));
}

/**
 * The state with the queues' mappings as they were applied. The runtime has switched the emulator's own off, because
 * they would take messages away, and terraform reads that.
 */
function enableMappings(state: unknown): unknown {
  const values = asObject(asObject(state)?.values);
  const root = asObject(values?.root_module);
  const resources = asList(root?.resources).map((entry) => {
    const resource = asObject(entry);
    if (resource?.type !== "aws_lambda_event_source_mapping") return entry;
    return { ...resource, values: { ...asObject(resource.values), enabled: true } };
  });
  return { ...asObject(state), values: { ...values, root_module: { ...root, resources } } };
}

/** A setting as it appears in a step's title: lists of agents are long. */
function shorten(value: string): string {
  return value.length <= MAX_TITLE_CHARACTERS ? value : `${value.slice(0, MAX_TITLE_CHARACTERS)}...`;
}
