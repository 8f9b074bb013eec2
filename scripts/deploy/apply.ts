import type { PlanInput, Terraform } from "../kit/terraform";
import { applyAdopting } from "./adopt";
import { applyPlan } from "./apply-plan";
import { keptLive, refuseDuringCanary, withLive, type GivenBefore, type WithLive } from "./live-input";
import { UsageError, type CommandContext, type CommandResult, type Progress } from "../kit/context";
import { makePlan, planText, explainStale, readSavedPlan, refuseOtherInput } from "./plan";
import { prepareTerraform, type StackOptions } from "../kit/prepared-terraform";
import type { Plan } from "./write-plan";

export interface ApplyOptions extends PlanInput, StackOptions, GivenBefore {
  /** Apply without a question. */
  readonly autoApprove: boolean;
  /** Asks the person; undefined where there is no terminal to ask at. */
  readonly confirm?: (question: string) => Promise<boolean>;
}

export interface SavedPlanOptions extends ApplyOptions {
  /** Absolute path of what `plan --out` wrote. Default: a plan is made now. */
  readonly plan?: string;
  /** Take over into the state what a killed apply has made. Default: fail where something is there already. */
  readonly adopt?: boolean;
}

/** Plans, shows the plan, and applies exactly that plan; or one that was saved. */
export async function apply(context: CommandContext, options: SavedPlanOptions): Promise<CommandResult> {
  refuseWithoutAnswer(options, "apply");
  if (options.plan !== undefined && options.adopt)
    throw new UsageError("--adopt plans anew, and --plan applies what was planned before; allowed: one of them.");
  if (options.plan !== undefined) return applySaved(context, options, options.plan);
  const terraform = await prepareTerraform(context, options, "restore");
  const live = await withLive(context, terraform, options);
  if (live.origin !== undefined) context.progress.note(live.origin);
  if (options.adopt) return adopting(context, terraform, live, options);
  const made = await makePlan(terraform, live.input, context.progress);
  refuseDuringCanary(live, made);
  if (live.note !== undefined) context.progress.note(live.note);
  if (!(await approved(made, options, context.progress)))
    return {
      exitCode: 1,
      text: "Nothing was applied.",
      json: { applied: false, ...made, warnings: terraform.warnings },
    };
  return withNote(keptLive(context, live, await applyPlan(terraform, made, context.progress)), live.note);
}

async function adopting(
  context: CommandContext,
  terraform: Terraform,
  live: WithLive,
  options: ApplyOptions,
): Promise<CommandResult> {
  const { progress, signal } = context;
  const approve = async (made: Plan) => {
    refuseDuringCanary(live, made);
    return approved(made, options, progress);
  };
  if (live.note !== undefined) progress.note(live.note);
  return withNote(
    keptLive(context, live, await applyAdopting(terraform, live.input, { approve, progress, signal })),
    live.note,
  );
}

function withNote(result: CommandResult, note: string | undefined): CommandResult {
  return note === undefined ? result : { ...result, text: `${result.text}\n${note}` };
}

async function applySaved(context: CommandContext, options: ApplyOptions, path: string): Promise<CommandResult> {
  refuseOtherInput(path, options);
  const terraform = await prepareTerraform(context, options, "restore");
  const live = await withLive(context, terraform, options);
  const made = await readSavedPlan(context, terraform, path, options);
  refuseDuringCanary(live, made);
  if (!(await approved(made, options, context.progress)))
    return {
      exitCode: 1,
      text: "Nothing was applied.",
      json: { applied: false, ...made, warnings: terraform.warnings },
    };
  const result = await applyPlan(terraform, made, context.progress, path).catch((error: unknown) => {
    throw explainStale(path, error);
  });
  return withNote(keptLive(context, live, result), live.note);
}

/** Fails before anything is done where nobody can say yes. */
export function refuseWithoutAnswer({ autoApprove, confirm }: ApplyOptions, command: string): void {
  if (!autoApprove && !confirm)
    throw new UsageError(
      `There is no terminal to ask at. Look at \`quickturn plan\`, then run \`quickturn ${command} --auto-approve\`.`,
    );
}

export async function approved(
  { changed, changes }: Plan,
  { autoApprove, confirm }: ApplyOptions,
  progress: Progress,
): Promise<boolean> {
  progress.note(planText(changed, changes));
  if (!changed || autoApprove) return true;
  return (await confirm?.("Apply this plan?")) ?? false;
}
