import { createHash } from "node:crypto";
import { chmodSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { changedResources, countChanges, describeChanges, type ResourceChange } from "../kit/plan-changes";
import type { PlanInput, Terraform } from "../kit/terraform";
import { type GivenBefore, withLive } from "./live-input";
import { UsageError, type CommandContext, type CommandResult, type Progress, EXIT_CODES } from "../kit/context";
import { synthFolder } from "../kit/deployment-folder";
import { type StackOptions, prepareTerraform } from "../kit/prepared-terraform";
import { stackDirectory } from "../kit/synth";
import { planOf, type Plan, leavePlan, showPlan } from "./write-plan";

/** A plan file holds every value in clear: it is for its owner's eyes only. */
export function protectPlan(path: string): void {
  chmodSync(path, 0o600);
}

/** Refuses what would make another plan than the saved one. */
export function refuseOtherInput(path: string, input: PlanInput & GivenBefore): void {
  refuseValues("--plan", input);
  if (!existsSync(path))
    throw new UsageError(`--plan ${path} is not there. Write it: npx quickturn plan --out ${path}`);
}

/** Refuses values beside a plan, which has its own. */
export function refuseValues(option: string, { vars = [], varFiles = [], reset = [] }: PlanInput & GivenBefore): void {
  if (vars.length + varFiles.length + reset.length > 0)
    throw new UsageError(
      `${option} has its values in it, and --var, --var-file or --reset was given too; allowed: one of them. Plan again with the values: \`quickturn plan --out <file>\``,
    );
}

/** Reads the changes of a saved plan, which must be of the functions that are packaged now. */
export async function readSavedPlan(
  context: CommandContext,
  terraform: Terraform,
  path: string,
  { stack = "agent-api" }: StackOptions,
): Promise<Plan> {
  const plan = await terraform.show(path).catch((cause: Error) => {
    throw new UsageError(
      `--plan ${path} is no plan that can be applied here; allowed: what \`quickturn plan --out\` wrote. ${cause.message}`,
      { cause },
    );
  });
  refuseOtherFunctions(plan, stackDirectory(synthFolder(context), stack));
  return planOf({ changed: (plan as { applyable?: boolean }).applyable ?? true, shown: plan });
}

/** Terraform uploads the file that lies there at the apply, whatever hash the plan was shown with. */
function refuseOtherFunctions(plan: unknown, directory: string): void {
  for (const { address, type, change } of changedResources(plan)) {
    const [planned, file] = [change.after?.["source_code_hash"], change.after?.["filename"]];
    if (type !== "aws_lambda_function" || typeof planned !== "string" || typeof file !== "string") continue;
    const present = createHash("sha256")
      .update(readFileSync(join(directory, file)))
      .digest("base64");
    if (present !== planned)
      throw new UsageError(
        `The plan has ${address} with the code ${planned}, and ${file} is ${present}: the sources are others than those that were planned. Check out the commit of the plan, or plan again`,
      );
  }
}

/** Says what a stale plan is; any other failure stays as it is. */
export function explainStale(path: string, error: unknown): unknown {
  if (!(error instanceof Error) || !/Saved plan is stale/.test(error.message)) return error;
  return new UsageError(
    `The plan ${path} is stale: something was applied after it was made. Nothing was applied now. Plan again, look at it, and apply that: npx quickturn plan --out ${path}`,
    { cause: error },
  );
}

export interface PlanOptions extends PlanInput, StackOptions, GivenBefore {
  /** Absolute path of a file to save the plan in, for `apply --plan`. Default: it is not kept for that. */
  readonly out?: string;
}

/** Shows what an apply would change. Exit code: 0 nothing, 2 something. */
export async function plan(context: CommandContext, { out, ...input }: PlanOptions): Promise<CommandResult> {
  const terraform = await prepareTerraform(context, input);
  const live = await withLive(context, terraform, input);
  if (live.origin !== undefined) context.progress.note(live.origin);
  const { changed, changes } = await makePlan(terraform, live.input, context.progress, out);
  if (out === undefined) leavePlan(terraform);
  else protectPlan(out);
  const json = {
    changed,
    changes,
    live: live.note ?? null,
    origin: live.origin?.split("\n") ?? [],
    warnings: terraform.warnings,
  };
  return {
    exitCode: changed ? EXIT_CODES.changes : EXIT_CODES.pass,
    text: [planText(changed, changes), ...(live.note === undefined ? [] : [live.note])].join("\n\n"),
    json,
  };
}

/** Writes the plan file and reads the changes from it. @param file default: this run's own */
export async function makePlan(
  terraform: Terraform,
  input: PlanInput,
  progress: Progress,
  file?: string,
): Promise<Plan> {
  return planOf(await showPlan(terraform, input, progress, file, (written) => countChanges(planOf(written).changes)));
}

export function planText(changed: boolean, changes: readonly ResourceChange[]): string {
  if (changes.length === 0) return changed ? "Only outputs change." : "No changes.";
  return `${describeChanges(changes)}\n\nPlan: ${countChanges(changes)}.`;
}
