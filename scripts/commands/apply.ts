import type { PlanInput } from "../tools/terraform";
import { applyPlan } from "./apply-plan";
import { UsageError, type CommandContext, type CommandResult, type Progress } from "./context";
import { makePlan, planText, type Plan } from "./plan";
import { preparedTerraform } from "./prepared-terraform";

export interface ApplyOptions extends PlanInput {
  /** Apply without a question. */
  readonly autoApprove: boolean;
  /** Asks the person; undefined where there is no terminal to ask at. */
  readonly confirm?: (question: string) => Promise<boolean>;
}

/** Plans, shows the plan, and applies exactly that plan. */
export async function apply(context: CommandContext, options: ApplyOptions): Promise<CommandResult> {
  refuseWithoutAnswer(options, "apply");
  const terraform = await preparedTerraform(context);
  const made = await makePlan(terraform, options, context.progress);
  if (!(await approved(made, options, context.progress))) return { exitCode: 1, text: "Nothing was applied.", json: { applied: false, ...made } };
  return applyPlan(terraform, made, context.progress);
}

/** Fails before anything is done where nobody can say yes. */
export function refuseWithoutAnswer({ autoApprove, confirm }: ApplyOptions, command: string): void {
  if (!autoApprove && !confirm) throw new UsageError(`There is no terminal to ask at. Look at \`quickturn plan\`, then run \`quickturn ${command} --auto-approve\`.`);
}

export async function approved({ changed, changes }: Plan, { autoApprove, confirm }: ApplyOptions, progress: Progress): Promise<boolean> {
  progress.note(planText(changed, changes));
  if (!changed || autoApprove) return true;
  return (await confirm?.("Apply this plan?")) ?? false;
}
