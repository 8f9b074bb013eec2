import { run, ProgramFailed, type RunResult } from "./process";
import { explainLock, lockIn, type StateLock } from "./state-lock";
import { failures, plannedChanges, spoken, TerraformFailed, type PlannedChange } from "./terraform-messages";

export type { PlannedChange } from "./terraform-messages";

/** What decides a plan beside the folder. */
export interface PlanInput {
  /** `name=value`, as `-var` takes it. */
  readonly vars?: readonly string[];
  /** Paths of tfvars files. */
  readonly varFiles?: readonly string[];
  /** Ask AWS for the resources' present state first. Default: true. */
  readonly refresh?: boolean;
  /** Plan to destroy everything. Default: false. */
  readonly destroy?: boolean;
}

export interface TerraformOptions {
  /** Folder of the configuration. */
  readonly directory: string;
  /** The whole environment; see terraform-environment. */
  readonly env: NodeJS.ProcessEnv;
  readonly onLine?: (line: string) => void;
  readonly signal?: AbortSignal;
  /** How long plan and apply wait for a lock that another run holds, such as `10m`. Default: they fail at once. */
  readonly lockTimeout?: string;
  /** Kills terraform, and the provider that it started, at once: for rehearsals of a machine that dies. */
  readonly kill?: AbortSignal;
}

/** Terraform in one folder. Every call runs it to its end; a failure throws with what it printed. */
export class Terraform {
  constructor(private readonly options: TerraformOptions) {}

  /** Folder of the configuration. */
  get directory(): string {
    return this.options.directory;
  }

  /** What it runs with: who looks at the same account has to use the same. */
  get environment(): NodeJS.ProcessEnv {
    return this.options.env;
  }

  async init(): Promise<void> {
    await this.terraform(["init", "-input=false", "-no-color"]);
  }

  /** Writes a plan file, which holds every value in clear. @returns true where anything changes */
  async plan(file: string, input: PlanInput = {}): Promise<boolean> {
    const args = ["plan", "-input=false", "-no-color", "-detailed-exitcode", `-out=${file}`, ...planArguments(input)];
    const { code } = await this.terraform(args, [0, 2]);
    return code === 2;
  }

  /** Applies exactly a plan that was written before. @throws TerraformFailed, with each resource that failed */
  async applyPlan(file: string): Promise<void> {
    await this.changing(["apply", "-json", "-input=false", file]);
  }

  /**
   * Plans and applies in one run, without a word from anybody: for what is thrown away. One run takes a third of the
   * processor time of a plan, a look at it, and its apply, because each loads the whole provider.
   * @returns what the plan was to change, as terraform said it before it changed anything
   */
  async apply(input: PlanInput = {}): Promise<PlannedChange[]> {
    return plannedChanges((await this.changing(["apply", "-json", "-auto-approve", "-input=false", ...planArguments(input)], false)).stdout);
  }

  /** Who holds the state's lock. @returns undefined where nobody does, or the backend does not say */
  async lock(): Promise<StateLock | undefined> {
    try {
      // No lock has this id: terraform refuses, and names the lock that is there.
      await this.terraform(["force-unlock", "-force", "none"], [0], false);
      return undefined;
    } catch (error) {
      return error instanceof ProgramFailed ? lockIn(`${error.result.stdout}\n${error.result.stderr}`) : Promise.reject(error as Error);
    }
  }

  /** Frees a lock. Only for one whose run is dead: two runs at once destroy the state. */
  async unlock(id: string): Promise<void> {
    await this.terraform(["force-unlock", "-force", id], [0], false);
  }

  /** The plan file, or without one the applied state, as `terraform show -json` gives it. */
  async show(file?: string): Promise<unknown> {
    const { stdout } = await this.terraform(["show", "-json", ...(file ? [file] : [])], [0], false);
    return JSON.parse(stdout) as unknown;
  }

  /** Values of the outputs, by name. */
  async output(): Promise<Record<string, unknown>> {
    const { stdout } = await this.terraform(["output", "-json", "-no-color"], [0], false);
    const outputs = JSON.parse(stdout) as Record<string, { value: unknown }>;
    return Object.fromEntries(Object.entries(outputs).map(([name, { value }]) => [name, value]));
  }

  /** Terraform speaks for programs here: its errors then name the resource. */
  private async changing(args: readonly string[], streamed = true): Promise<RunResult> {
    try {
      return await this.terraform(args, [0], streamed);
    } catch (error) {
      const failed = error instanceof ProgramFailed ? failures(error.result.stdout) : [];
      throw failed.length > 0 ? new TerraformFailed(failed, { cause: error }) : error;
    }
  }

  private async terraform(args: readonly string[], acceptedCodes: readonly number[] = [0], streamed = true): Promise<RunResult> {
    const { directory: cwd, env, onLine, signal, kill, lockTimeout } = this.options;
    const [command = "", ...rest] = args;
    const waiting = lockTimeout !== undefined && ["plan", "apply"].includes(command) ? [`-lock-timeout=${lockTimeout}`] : [];
    const heard = streamed && onLine ? { onLine: (line: string) => onLine(spoken(line)) } : {};
    try {
      return await run("terraform", [command, ...waiting, ...rest], { cwd, env, acceptedCodes, ...heard, ...(signal ? { signal } : {}), ...(kill ? { kill } : {}) });
    } catch (error) {
      throw explainLock(error);
    }
  }
}

function planArguments({ vars = [], varFiles = [], refresh = true, destroy = false }: PlanInput): string[] {
  return [
    ...varFiles.map((file) => `-var-file=${file}`),
    ...vars.map((value) => `-var=${value}`),
    ...(refresh ? [] : ["-refresh=false"]),
    ...(destroy ? ["-destroy"] : []),
  ];
}
