import { publishedFunctions } from "../judges/canary/planned";
import type { FunctionName } from "../judges/canary/release";
import { countChanges, describeChanges, planChanges, type ResourceChange } from "../judges/plan-changes";
import type { PlanInput, Terraform } from "../tools/terraform";
import { withLive } from "./canary/with-live";
import type { CommandContext, CommandResult, Progress } from "./context";
import { preparedTerraform, type StackOptions } from "./prepared-terraform";
import { protectPlan } from "./saved-plan";
import { writePlan } from "./write-plan";

/** Name of the plan file, in the stack's folder. */
export const PLAN_FILE = "quickturn.tfplan";

export interface PlanOptions extends PlanInput, StackOptions {
  /** Absolute path of a file to save the plan in, for `apply --plan`. Default: it is not kept for that. */
  readonly out?: string;
}

/** Shows what an apply would change. Exit code: 0 nothing, 2 something. */
export async function plan(context: CommandContext, { out, ...input }: PlanOptions): Promise<CommandResult> {
  const terraform = await preparedTerraform(context, input);
  const live = await withLive(context, terraform, input);
  const { changed, changes } = await makePlan(terraform, live.input, context.progress, out);
  if (out !== undefined) protectPlan(out);
  return { exitCode: changed ? 2 : 0, text: [planText(changed, changes), ...(live.note === undefined ? [] : [live.note])].join("\n\n"), json: { changed, changes, live: live.note ?? null } };
}

export interface Plan {
  /** True where an apply would do anything, be it to outputs alone. */
  readonly changed: boolean;
  readonly changes: readonly ResourceChange[];
  /** Functions that get a new version. Default: not looked at. */
  readonly publishes?: readonly FunctionName[];
}

/** Writes the plan file and reads the changes from it. */
export async function makePlan(terraform: Terraform, input: PlanInput, progress: Progress, file = PLAN_FILE): Promise<Plan> {
  return progress.step(
    "Plan",
    async (detail) => {
      detail("terraform asks AWS for the present state");
      const { changed, shown } = await writePlan(terraform, file, input, (text) => progress.note(text));
      return { changed, changes: planChanges(shown), publishes: publishedFunctions(shown) };
    },
    ({ changes }) => countChanges(changes),
  );
}

export function planText(changed: boolean, changes: readonly ResourceChange[]): string {
  if (changes.length === 0) return changed ? "Only outputs change." : "No changes.";
  return `${describeChanges(changes)}\n\nPlan: ${countChanges(changes)}.`;
}
