import {
  addMessage,
  NOTHING_APPLIED,
  type ApplyProgress,
  dumpedState,
  failures,
  messageIn,
  plannedChanges,
  messageText,
  TerraformFailed,
  warnings,
  type Failure,
  type PlannedChange,
} from "./terraform-messages";
import { keepState } from "./local-state";
import { run, ProgramFailed, type RunOptions, type RunResult } from "./process";
import { explainLock, parseLock, lockWasFreed, StateLocked, type StateLock } from "./state-lock";

export type { PlannedChange } from "./terraform-messages";

/** What a plan is made with, beside the configuration. */
export interface PlanInput {
  /** `name=value`, as `-var` takes it. */
  readonly vars?: readonly string[];
  /** Paths of tfvars files. */
  readonly varFiles?: readonly string[];
  /** Ask AWS for the resources' present state first. Default: true. */
  readonly refresh?: boolean;
  /** Plan to destroy everything. Default: false. */
  readonly destroy?: boolean;
  /** Addresses that the plan is limited to, with what they depend on. Default: everything. */
  readonly targets?: readonly string[];
  /** Take the state's lock. Default: true. Commands that only look leave it to those that change something. */
  readonly lock?: boolean;
}

export interface TerraformOptions {
  /** Folder of the configuration. */
  readonly directory: string;
  /** The whole environment; see terraform-environment. */
  readonly env: NodeJS.ProcessEnv;
  readonly onLine?: (line: string) => void;
  /** Called with each warning of a plan or an apply. Default: nothing is called. */
  readonly onWarning?: (warning: Failure) => void;
  /** Warnings so far, for {@link Terraform.warnings}. Default: none. */
  readonly warned?: ReadonlySet<string>;
  readonly signal?: AbortSignal;
  /** How long plan and apply wait for a lock that another run holds, such as `10m`. Default: they fail at once. */
  readonly lockTimeout?: string;
  /** Kills terraform and the provider that it started, at once: for rehearsals of a machine that dies. */
  readonly kill?: AbortSignal;
}

type OnProgress = (progress: ApplyProgress) => void;

/** Attempts to get a lock that others take and free at the same moment. */
const LOCK_ATTEMPTS = 5;

/** Terraform in one folder. Every call runs it to its end, and throws its output where it fails. */
export class Terraform {
  constructor(private readonly options: TerraformOptions) {}

  /** Folder of the configuration. */
  get directory(): string {
    return this.options.directory;
  }

  /** The whole environment; calls to the same account must use it too. */
  get environment(): NodeJS.ProcessEnv {
    return this.options.env;
  }

  /** The different warnings of plans and applies so far. */
  get warnings(): string[] {
    return [...(this.options.warned ?? [])];
  }

  async init(): Promise<void> {
    await this.terraform(["init", "-input=false", "-no-color"], { onLine: this.sayLine });
  }

  /**
   * Writes a plan file, which holds every value in clear.
   * @returns true where anything changes
   * @throws TerraformFailed with everything that cannot be planned
   */
  async plan(file: string, input: PlanInput = {}): Promise<boolean> {
    const { code } = await this.changing(
      ["plan", "-json", "-input=false", "-detailed-exitcode", `-out=${file}`, ...planArguments(input)],
      { acceptedCodes: [0, 2] },
    );
    return code === 2;
  }

  /**
   * Applies exactly a plan that was written before.
   * @param onProgress called when the progress changes
   * @throws TerraformFailed with each resource that failed
   */
  async applyPlan(file: string, onProgress: OnProgress = () => undefined): Promise<void> {
    await this.changing(["apply", "-json", "-input=false", file], { onLine: progressOf(onProgress) });
  }

  /**
   * Plans and applies in one run, without approval: for a stack that is thrown away. It takes a third of the processor
   * time of plan, show and apply, because each of those loads the whole provider.
   * @returns the changes, as terraform announced them
   */
  async apply(input: PlanInput = {}, onProgress: OnProgress = () => undefined): Promise<PlannedChange[]> {
    return plannedChanges(
      (
        await this.changing(["apply", "-json", "-auto-approve", "-input=false", ...planArguments(input)], {
          onLine: progressOf(onProgress),
        })
      ).stdout,
    );
  }

  /**
   * Finds out who holds the state's lock, also after an interrupt.
   * @returns undefined where nobody does, or the backend does not say
   */
  async lock(): Promise<StateLock | undefined> {
    try {
      // No lock has this id, so that terraform refuses and names the present lock.
      await this.terraform(["force-unlock", "-force", "none"], { signal: undefined });
      return undefined;
    } catch (error) {
      return error instanceof ProgramFailed ? parseLock(error.output) : Promise.reject(error as Error);
    }
  }

  /**
   * Finds out who writes the state now, by taking its lock. For a local state this is the only way. Waits as plan and
   * apply do.
   * @returns undefined where nobody does
   */
  async writer(): Promise<StateLock | undefined> {
    const { lockTimeout } = this.options;
    try {
      // The state has no resource of this name, so that nothing is written.
      await this.terraform([
        "state",
        "rm",
        "-no-color",
        ...(lockTimeout === undefined ? [] : [`-lock-timeout=${lockTimeout}`]),
        "terraform_data.none",
      ]);
      return undefined;
    } catch (error) {
      if (error instanceof StateLocked) return error.lock;
      return error instanceof ProgramFailed ? undefined : Promise.reject(error as Error);
    }
  }

  /** Reads the whole state from its backend; "" where there is none. */
  async pull(): Promise<string> {
    return (await this.terraform(["state", "pull"])).stdout;
  }

  /** Makes the state forget resources, which stay as they are. */
  async forget(addresses: readonly string[]): Promise<void> {
    await this.terraform(["state", "rm", "-no-color", ...addresses]);
  }

  /** Frees the lock of a run that is dead. Two runs at once would destroy the state. */
  async unlock(id: string): Promise<void> {
    await this.terraform(["force-unlock", "-force", id]);
  }

  /** Reads a plan file, or the applied state, by `terraform show -json`. */
  async show(file?: string): Promise<unknown> {
    const { stdout } = await this.terraform(["show", "-json", ...(file ? [file] : [])]);
    return JSON.parse(stdout) as unknown;
  }

  /** Reads the values of the outputs, by name. */
  async output(): Promise<Record<string, unknown>> {
    const { stdout } = await this.terraform(["output", "-json", "-no-color"]);
    const outputs = JSON.parse(stdout) as Record<string, { value: unknown }>;
    return Object.fromEntries(Object.entries(outputs).map(([name, { value }]) => [name, value]));
  }

  /** Runs a command with `-json`, so that errors name the resource. */
  private async changing(
    args: readonly string[],
    how: Pick<RunOptions, "acceptedCodes" | "onLine">,
  ): Promise<RunResult> {
    try {
      const result = await this.terraform(args, { onLine: this.sayLine, ...how });
      if (this.options.onWarning) warnings(result.stdout).forEach(this.options.onWarning);
      return result;
    } catch (error) {
      const failed = error instanceof ProgramFailed ? failures(error.result.stdout) : [];
      const dumped = error instanceof ProgramFailed ? dumpedState(error.result.stdout) : undefined;
      if (dumped !== undefined) throw new StateUnwritten(this.directory, dumped, { cause: error });
      throw failed.length > 0 ? new TerraformFailed(failed, { cause: error }) : error;
    }
  }

  private readonly sayLine = (line: string) => this.options.onLine?.(messageText(line));

  private async terraform(
    args: readonly string[],
    how: Pick<RunOptions, "acceptedCodes" | "onLine"> & { readonly signal?: undefined } = {},
  ): Promise<RunResult> {
    const { directory: cwd, env, onLine, kill, lockTimeout } = this.options;
    const signal = "signal" in how ? undefined : this.options.signal;
    const [command = "", ...rest] = args;
    const waiting =
      lockTimeout !== undefined && ["plan", "apply"].includes(command) ? [`-lock-timeout=${lockTimeout}`] : [];
    for (let asked = 1; ; asked += 1) {
      try {
        return await run("terraform", [command, ...waiting, ...rest], { cwd, env, kill, ...how, signal });
      } catch (error) {
        // Nothing was done, because the lock comes first.
        if (!lockWasFreed(error) || asked === LOCK_ATTEMPTS || signal?.aborted === true) throw explainLock(error);
        onLine?.("The state's lock was freed meanwhile: it is asked for once more.");
      }
    }
  }
}

/** Neither the backend nor the stack's folder took the state; it is kept where there is room. */
class StateUnwritten extends Error {
  override readonly name = "StateUnwritten";

  constructor(directory: string, state: Parameters<typeof keepState>[1], options: ErrorOptions) {
    const kept = keepState(directory, state);
    const where =
      kept === undefined
        ? `It could be kept nowhere. Save what follows, and push it (terraform -chdir=${directory} state push ` +
          `<file>):\n${JSON.stringify(state)}`
        : `All of it is in ${kept.path} (serial ${kept.serial}). With a local state run the same command again: it ` +
          `is put in its place. Else push it before anything else: terraform -chdir=${directory} state push ` +
          `${kept.path}`;
    super(
      "Terraform could not write the state of what it has made: the disk is full, or the backend does not " +
        `answer. Make room first. ${where}`,
      options,
    );
  }
}

/** Follows an apply by its lines. */
function progressOf(onProgress: OnProgress): (line: string) => void {
  let progress = NOTHING_APPLIED;
  return (line) => {
    const message = messageIn(line);
    const next = message === undefined ? progress : addMessage(progress, message);
    if (next !== progress) onProgress((progress = next));
  };
}

function planArguments({
  vars = [],
  varFiles = [],
  refresh = true,
  destroy = false,
  targets = [],
  lock = true,
}: PlanInput): string[] {
  return [
    ...varFiles.map((file) => `-var-file=${file}`),
    ...vars.map((value) => `-var=${value}`),
    ...(refresh ? [] : ["-refresh=false"]),
    ...(destroy ? ["-destroy"] : []),
    ...targets.map((address) => `-target=${address}`),
    ...(lock ? [] : ["-lock=false"]),
  ];
}
