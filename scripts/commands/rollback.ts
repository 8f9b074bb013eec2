import { performance } from "node:perf_hooks";
import { changesThatReplace, describeChanges } from "../judges/plan-changes";
import type { CommandContext, CommandResult } from "./context";
import { approved, refuseWithoutAnswer, type ApplyOptions } from "./apply";
import { applyPlan } from "./apply-plan";
import { makePlan } from "./plan";
import { preparedTerraform } from "./prepared-terraform";

export interface RollbackOptions extends ApplyOptions {
  /** Profile to go back to. */
  readonly to: string;
  /** Go on where the plan makes, replaces or deletes a resource that holds something. */
  readonly allowReplace: boolean;
}

/** Takes the optimizations away by variables, and refuses to change anything other than in place. */
export async function rollback(context: CommandContext, options: RollbackOptions): Promise<CommandResult> {
  refuseWithoutAnswer(options, "rollback");
  const terraform = await preparedTerraform(context);
  const vars = [`profile=${options.to}`, ...(options.vars ?? [])];
  const made = await makePlan(terraform, { ...options, vars }, context.progress);
  const replaced = changesThatReplace(made.changes);
  if (replaced.length > 0 && !options.allowReplace) {
    const text = `A rollback changes resources in place, and this plan does more:\n${describeChanges(replaced)}\nNothing was applied. If this is what you want, add --allow-replace.`;
    return { exitCode: 1, text, json: { applied: false, refused: replaced, ...made } };
  }
  if (!(await approved(made, options, context.progress))) return { exitCode: 1, text: "Nothing was applied.", json: { applied: false, ...made } };
  const started = performance.now();
  const result = await applyPlan(terraform, made, context.progress);
  const seconds = Number(((performance.now() - started) / 1_000).toFixed(1));
  return { ...result, text: `Rolled back to ${options.to} in ${seconds.toFixed(1)} s.\n${result.text}`, json: { ...(result.json as object), to: options.to, seconds } };
}
