import { applyPlan } from "../../scripts/deploy/apply-plan";
import { makePlan } from "../../scripts/deploy/plan";
import { SILENT } from "../../scripts/kit/context";
import type { PlanInput, Terraform } from "../../scripts/kit/terraform";

/** What `quickturn apply` does without --adopt; its failure as text. */
export async function plainApply(terraform: Terraform, input: PlanInput): Promise<string> {
  const made = await makePlan(terraform, input, { progress: SILENT });
  return applyPlan(terraform, made, { progress: SILENT }).then(
    () => "applied",
    (error: Error) => error.message,
  );
}
