import type { Terraform } from "../tools/terraform";
import type { CommandResult, Progress } from "./context";
import { PLAN_FILE, type Plan } from "./plan";

/** Applies exactly the plan that was made, and says where the API is. */
export async function applyPlan(terraform: Terraform, made: Plan, progress: Progress): Promise<CommandResult> {
  await progress.step("Apply", async (detail) => {
    detail("terraform changes the resources");
    await terraform.applyPlan(PLAN_FILE);
  });
  const outputs = await terraform.output();
  return { exitCode: 0, text: `api_endpoint  ${String(outputs["api_endpoint"])}`, json: { applied: true, ...made, outputs } };
}
