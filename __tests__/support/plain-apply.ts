import { applyPlan } from "../../scripts/commands/apply-plan";
import { makePlan } from "../../scripts/commands/plan";
import { SILENT } from "../../scripts/progress";
import type { PlanInput, Terraform } from "../../scripts/tools/terraform";

/** What `quickturn apply` does without --adopt; its failure as text. */
export async function plainApply(terraform: Terraform, input: PlanInput): Promise<string> {
  const made = await makePlan(terraform, input, SILENT);
  return applyPlan(terraform, made, SILENT).then(
    () => "applied",
    (error: Error) => error.message,
  );
}
