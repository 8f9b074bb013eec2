import { randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { OutputName } from "../../stacks/contract/outputs";
import { countChanges } from "../kit/plan-changes";
import { startLocalRuntime, type Caller, type LocalRuntime, type LocalRuntimeOptions } from "../emulator";
import { progressText } from "../kit/terraform-messages";
import { forgetRun, recordRun, removeDeadRuns } from "./dead-runs";
import { startEmulator } from "../emulator/moto";
import { keepProvider } from "../emulator/kept-provider";
import { Terraform, type PlanInput } from "../kit/terraform";
import { makeThrowAway, bareEnvironment, givenEmulator, sandboxEnvironment } from "../emulator/sandbox";
import type { CommandContext } from "../kit/context";
import { stackDirectory, synth } from "../kit/synth";

export const REGION = "us-east-1";
const FOLDER_PREFIX = "quickturn-local-";
/** Letters of a setting in a step's title. */
const MAX_SHOWN = 40;
const ACCOUNT_ID = "123456789012";

/**
 * Two callers, so that one can be shown another's 404. Their keys open nothing but a server on this machine's loopback.
 */
export const CALLERS: readonly Caller[] = ["alice", "bob"].map((name) => ({
  name,
  accessKeyId: `LOCAL${name.toUpperCase()}`,
  secretAccessKey: `${name}-on-loopback`,
  userId: `AIDALOCAL${name.toUpperCase()}`,
  accountId: ACCOUNT_ID,
}));

export interface LocalStackOptions {
  /** Value of structured settings, written beside the stack. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** `name=value` settings of every apply. Default: none. */
  readonly vars?: readonly string[];
  /** Keep the folder with state and logs. Default: delete it. */
  readonly keep?: boolean;
  /** How the runtime serves what was applied, beyond the obvious; given the emulator's address. Default: as it is. */
  readonly runtime?: (emulator: string, undo: Undo) => Promise<Partial<LocalRuntimeOptions>>;
}

/** Takes a step that is done in reverse order when the stack ends. */
export type Undo = (step: () => Promise<void>) => void;

/**
 * The synthesized stack, applied by the real terraform to an emulator of its own, and served on loopback; nothing of it
 * stays.
 */
export class LocalStack {
  /** With state and logs. */
  readonly folder: string;
  /** Folder of the stack in it: what terraform applies. */
  directory!: string;
  private endpoint!: string;
  private terraform!: Terraform;
  private served!: LocalRuntime;
  /** What the last apply applied. */
  private applied: unknown;
  private readonly given: string | undefined;
  private readonly baseVars: readonly string[];
  private readonly undo: (() => Promise<void>)[] = [];

  private constructor(
    private readonly context: CommandContext,
    private readonly options: LocalStackOptions,
  ) {
    this.given = givenEmulator(context.environment);
    for (const line of removeDeadRuns(tmpdir(), FOLDER_PREFIX)) context.progress.note(line);
    const keep = options.keep ?? false;
    this.folder = mkdtempSync(join(tmpdir(), FOLDER_PREFIX));
    chmodSync(this.folder, 0o700);
    recordRun(this.folder, keep);
    this.undo.push(async () => (keep ? forgetRun(this.folder) : rmSync(this.folder, { recursive: true, force: true })));
    // In an emulator that others use too, names must not meet.
    const name = this.given === undefined ? [] : [`name=local-${randomBytes(4).toString("hex")}`];
    this.baseVars = [...name, ...(options.vars ?? [])];
  }

  /** Gives `use` the running stack, and takes everything down whatever comes of it. */
  static async with<T>(
    context: CommandContext,
    options: LocalStackOptions,
    use: (stack: LocalStack) => Promise<T>,
  ): Promise<T> {
    const stack = new LocalStack(context, options);
    try {
      await stack.start();
      return await use(stack);
    } finally {
      await stack.stop();
    }
  }

  /** An output of the last apply. */
  output(name: OutputName): unknown {
    return (this.applied as { values: { outputs: Record<string, { value: unknown }> } }).values.outputs[name]?.value;
  }

  /** `http://127.0.0.1:<port>` of the emulator. */
  get emulator(): string {
    return this.endpoint;
  }

  get runtime(): LocalRuntime {
    return this.served;
  }

  /** Applies with other settings, and serves what was applied. */
  async flip(vars: readonly string[]): Promise<void> {
    await this.served.beforeApply();
    // No refresh: nobody but us changes the emulator, and it reports some attributes in its own spelling.
    await this.apply(`terraform apply ${vars.map((value) => `-var ${shortened(value)}`).join(" ")}`, vars, {
      refresh: false,
    });
    await this.served.reload(this.applied);
  }

  /** Terraform in the folder of the stack, for commands that plan and apply by themselves. */
  get terraformHere(): Terraform {
    return this.terraform;
  }

  /** Settings that each plan must be given. */
  get vars(): readonly string[] {
    return this.baseVars;
  }

  /**
   * Serves what somebody has applied while callers go on. The apply has to leave the queues' mappings alone: the
   * emulator's own, which would take messages away, are switched off, and as they were applied they are on.
   */
  async serveApplied(): Promise<void> {
    this.applied = await this.terraform.show();
    const { resources } = (
      this.applied as { values: { root_module: { resources: { type: string; values: Record<string, unknown> }[] } } }
    ).values.root_module;
    for (const { values } of resources.filter(({ type }) => type === "aws_lambda_event_source_mapping"))
      values["enabled"] = true;
    await this.served.reload(this.applied);
  }

  private async start(): Promise<void> {
    const { progress, environment, signal } = this.context;
    const directory = (this.directory = await this.synthesize());
    const endpoint = (this.endpoint = this.given ?? (await this.startEmulator()));
    const env = sandboxEnvironment(environment, endpoint, this.folder);
    await progress.step("terraform init", () => new Terraform({ directory, env, signal }).init());
    const provider = await keepProvider({ directory, env });
    this.undo.push(() => provider.stop());
    const sandbox = { directory, env: { ...env, ...provider.variables } };
    this.terraform = new Terraform({ ...sandbox, signal });
    // Without the signal: what an interrupt left half made has to be taken down all the same.
    if (this.given !== undefined) this.undo.push(() => this.destroy(new Terraform(sandbox)));
    await this.apply("terraform apply (profile optimized)", []);
    this.served = await progress.step(
      "Serve what was applied",
      () => this.serve(directory, endpoint),
      ({ url }) => url,
    );
    this.undo.push(() => this.served.stop());
  }

  /** Backwards, and each step whatever the others do: nothing may stay behind. */
  private async stop(): Promise<void> {
    const failures: unknown[] = [];
    for (const step of this.undo.reverse()) await step().catch((error: unknown) => failures.push(error));
    for (const failure of failures)
      this.context.progress.note(`While cleaning up: ${failure instanceof Error ? failure.message : String(failure)}`);
  }

  private async synthesize(): Promise<string> {
    // Into the throw-away folder, so that two runs side by side do not meet, and the environment cannot change it.
    const output = join(this.folder, "cdktf.out");
    await synth(
      { ...this.context, environment: bareEnvironment(this.context.environment, this.folder) },
      { outputDirectory: output },
    );
    const directory = stackDirectory(output, "agent-api");
    makeThrowAway(directory, this.options.settings);
    return directory;
  }

  private async startEmulator(): Promise<string> {
    const { progress, environment } = this.context;
    const env = bareEnvironment(environment, this.folder);
    const emulator = await progress.step(
      "Start the AWS emulator",
      () => startEmulator({ directory: this.folder, env }),
      (started) => started.endpoint,
    );
    this.undo.push(() => emulator.stop());
    return emulator.endpoint;
  }

  private apply(title: string, vars: readonly string[], input: PlanInput = {}): Promise<string> {
    return this.context.progress.step(
      title,
      async (detail) => {
        detail("terraform plans and applies");
        const changes = await this.terraform.apply({ ...input, vars: [...this.baseVars, ...vars] }, (reached) =>
          detail(progressText(reached)),
        );
        this.applied = await this.terraform.show();
        return countChanges(changes);
      },
      (counted) => counted,
    );
  }

  private async serve(moduleDirectory: string, endpoint: string): Promise<LocalRuntime> {
    const more = await this.options.runtime?.(endpoint, (step) => void this.undo.push(step));
    return startLocalRuntime({
      state: this.applied,
      moduleDirectory,
      endpoint,
      region: REGION,
      callers: CALLERS,
      workDirectory: this.folder,
      warn: (text) => this.context.progress.note(text),
      ...more,
    });
  }

  private async destroy(terraform: Terraform): Promise<void> {
    await this.context.progress.step("terraform destroy", () =>
      terraform.apply({ vars: this.baseVars, destroy: true, refresh: false }),
    );
  }
}

/** A setting as a step's title shows it: lists of agents are long. */
const shortened = (value: string): string => (value.length <= MAX_SHOWN ? value : `${value.slice(0, MAX_SHOWN)}...`);
