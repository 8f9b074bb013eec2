import { countChanges, describeChanges, planChanges, type ResourceChange } from "../judges/plan-changes";
import type { PlanInput, Terraform } from "../tools/terraform";
import type { CommandContext, CommandResult, Progress } from "./context";
import { preparedTerraform } from "./prepared-terraform";

/** Name of the plan file, in the stack's folder. */
export const PLAN_FILE = "quickturn.tfplan";

/** Shows what an apply would change. Exit code: 0 nothing, 2 something. */
export async function plan(context: CommandContext, input: PlanInput): Promise<CommandResult> {
  const terraform = await preparedTerraform(context);
  const { changed, changes } = await makePlan(terraform, input, context.progress);
  return { exitCode: changed ? 2 : 0, text: planText(changed, changes), json: { changed, changes } };
}

export interface Plan {
  /** True where an apply would do anything, be it to outputs alone. */
  readonly changed: boolean;
  readonly changes: readonly ResourceChange[];
}

/** Writes the plan file and reads the changes from it. */
export async function makePlan(terraform: Terraform, input: PlanInput, progress: Progress): Promise<Plan> {
  return progress.step(
    "Plan",
    async (detail) => {
      detail("terraform asks AWS for the present state");
      const changed = await terraform.plan(PLAN_FILE, input);
      return { changed, changes: planChanges(await terraform.show(PLAN_FILE)) };
    },
    ({ changes }) => countChanges(changes),
  );
}

export function planText(changed: boolean, changes: readonly ResourceChange[]): string {
  if (changes.length === 0) return changed ? "Only outputs change." : "No changes.";
  return `${describeChanges(changes)}\n\nPlan: ${countChanges(changes)}.`;
}
