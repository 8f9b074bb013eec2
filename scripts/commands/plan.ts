import { countChanges, describeChanges, type ResourceChange } from "../judges/plan-changes";
import type { PlanInput, Terraform } from "../tools/terraform";
import { withLive, type GivenBefore } from "./canary/with-live";
import type { CommandContext, CommandResult, Progress } from "./context";
import { EXIT_CODES } from "./exit-codes";
import { preparedTerraform, type StackOptions } from "./prepared-terraform";
import { protectPlan } from "./saved-plan";
import { leavePlan, planOf, showPlan, type Plan } from "./write-plan";

export interface PlanOptions extends PlanInput, StackOptions, GivenBefore {
  /** Absolute path of a file to save the plan in, for `apply --plan`. Default: it is not kept for that. */
  readonly out?: string;
}

/** Shows what an apply would change. Exit code: 0 nothing, 2 something. */
export async function plan(context: CommandContext, { out, ...input }: PlanOptions): Promise<CommandResult> {
  const terraform = await preparedTerraform(context, input);
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
