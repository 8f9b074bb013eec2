import type { PlanInput } from "../kit/terraform";
import { applyAdopting } from "./adopt";
import { applyPlan, refusedResult } from "./apply-plan";
import { refuseDuringCanary, resolveInput, updateLiveFile, type GivenBefore } from "./live-input";
import { UsageError, type CommandContext, type CommandResult, type Progress } from "../kit/context";
import { explainStalePlan, makePlan, planText, readSavedPlan, refuseOtherInput, type Plan } from "./plan";
import { prepareTerraform, type StackOptions } from "../kit/prepared-terraform";

export interface ApplyOptions extends PlanInput, StackOptions, GivenBefore {
  /** Apply without a question. */
  readonly autoApprove: boolean;
  /** Asks the person; undefined where there is no terminal to ask at. */
  readonly confirm?: (question: string) => Promise<boolean>;
}

export interface SavedPlanOptions extends ApplyOptions {
  /** Absolute path of what `plan --out` wrote. Default: a plan is made now. */
  readonly plan?: string;
  /** Take over into the state what a killed apply has made. Default: fail where something exists already. */
  readonly adopt?: boolean;
}

/** Plans, shows the plan, and applies exactly that plan; or one that was saved. */
export async function apply(context: CommandContext, options: SavedPlanOptions): Promise<CommandResult> {
  refuseWithoutAnswer(options, "apply");
  const { plan: file, adopt } = options;
  if (file !== undefined && adopt)
    throw new UsageError("--adopt plans anew, and --plan applies what was planned before; allowed: one of them.");
  if (file !== undefined) refuseOtherInput(file, options);
  const { progress, signal } = context;
  const terraform = await prepareTerraform(context, options, "restore");
  const resolved = await resolveInput(context, terraform, options);
  const { input, origin, note } = resolved;
  if (file === undefined && origin !== undefined) progress.note(origin);
  if (note !== undefined) progress.note(note);
  const approve = async (made: Plan) => {
    refuseDuringCanary(resolved, made);
    return isApproved(made, options, progress);
  };
  const applyOnce = async () => {
    const made =
      file === undefined
        ? await makePlan(terraform, input, { progress })
        : await readSavedPlan(context, terraform, { ...options, file });
    if (!(await approve(made))) return refusedResult({ ...made, warnings: terraform.warnings });
    return applyPlan(terraform, made, { progress, ...(file !== undefined && { file }) });
  };
  const result = await (adopt ? applyAdopting(terraform, input, { approve, progress, signal }) : applyOnce()).catch(
    (error: unknown) => {
      throw file === undefined ? error : explainStalePlan(file, error);
    },
  );
  const { outputs } = result.json;
  if (outputs === undefined) return result;
  updateLiveFile(context, resolved, outputs);
  return note === undefined ? result : { ...result, text: `${result.text}\n${note}` };
}

/** Refuses to begin where nobody can approve. */
export function refuseWithoutAnswer({ autoApprove, confirm }: ApplyOptions, command: string): void {
  if (!autoApprove && !confirm)
    throw new UsageError(
      "There is no terminal to ask at. Look at `quickturn plan`, " +
        `then run \`quickturn ${command} --auto-approve\`.`,
    );
}

/** Shows a plan, and asks whether to apply it where it changes anything. */
export async function isApproved(
  { changed, changes }: Plan,
  { autoApprove, confirm }: ApplyOptions,
  progress: Progress,
): Promise<boolean> {
  progress.note(planText(changed, changes));
  if (!changed || autoApprove) return true;
  return (await confirm?.("Apply this plan?")) ?? false;
}
