import { run, ProgramFailed, type RunResult } from "./process";

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
}

/** Terraform in one folder. Every call runs it to its end; a failure throws with what it printed. */
export class Terraform {
  constructor(private readonly options: TerraformOptions) {}

  async init(): Promise<void> {
    await this.terraform(["init", "-input=false", "-no-color"]);
  }

  /** Writes a plan file, which holds every value in clear. @returns true where anything changes */
  async plan(file: string, input: PlanInput = {}): Promise<boolean> {
    const args = ["plan", "-input=false", "-no-color", "-detailed-exitcode", `-out=${file}`, ...planArguments(input)];
    const { code } = await this.terraform(args, [0, 2]);
    return code === 2;
  }

  /** Applies exactly a plan that was written before. */
  async applyPlan(file: string): Promise<RunResult> {
    return this.terraform(["apply", "-input=false", "-no-color", file]);
  }

  /**
   * Plans and applies in one run, without a word from anybody: for what is thrown away. One run takes a third of the
   * processor time of a plan, a look at it, and its apply, because each loads the whole provider.
   * @returns what the plan was to change, as terraform said it before it changed anything
   */
  async apply(input: PlanInput = {}): Promise<PlannedChange[]> {
    const args = ["apply", "-json", "-auto-approve", "-input=false", ...planArguments(input)];
    try {
      return plannedChanges((await this.terraform(args, [0], false)).stdout);
    } catch (error) {
      throw error instanceof ProgramFailed ? new Error(diagnostics(error.result.stdout) || error.message, { cause: error }) : error;
    }
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

  private terraform(args: readonly string[], acceptedCodes: readonly number[] = [0], streamed = true): Promise<RunResult> {
    const { directory: cwd, env, onLine, signal } = this.options;
    return run("terraform", args, { cwd, env, acceptedCodes, ...(streamed && onLine ? { onLine } : {}), ...(signal ? { signal } : {}) });
  }
}

/** What terraform says it will do to a resource. */
export interface PlannedChange {
  readonly address: string;
  readonly type: string;
  readonly action: "create" | "update" | "replace" | "delete";
}

/** One line of terraform's machine-readable output (Terraform documentation, "Machine-Readable UI"). */
interface Message {
  readonly type: string;
  readonly change?: { readonly resource: { readonly addr: string; readonly resource_type: string }; readonly action: PlannedChange["action"] };
  readonly diagnostic?: { readonly severity: string; readonly summary: string; readonly detail: string };
}

function messages(output: string): Message[] {
  return output.split("\n").flatMap((line) => (line.startsWith("{") ? [JSON.parse(line) as Message] : []));
}

function plannedChanges(output: string): PlannedChange[] {
  return messages(output).flatMap(({ type, change }) =>
    type === "planned_change" && change ? [{ address: change.resource.addr, type: change.resource.resource_type, action: change.action }] : [],
  );
}

function diagnostics(output: string): string {
  const errors = messages(output).flatMap(({ diagnostic }) => (diagnostic?.severity === "error" ? [diagnostic] : []));
  return errors.map(({ summary, detail }) => `${summary}\n${detail}`).join("\n\n");
}

function planArguments({ vars = [], varFiles = [], refresh = true, destroy = false }: PlanInput): string[] {
  return [
    ...varFiles.map((file) => `-var-file=${file}`),
    ...vars.map((value) => `-var=${value}`),
    ...(refresh ? [] : ["-refresh=false"]),
    ...(destroy ? ["-destroy"] : []),
  ];
}
