import { collisions } from "../judges/adoption/collisions";
import { LOOKED_FOR } from "../judges/adoption/twins";
import type { Terraform } from "../tools/terraform";
import { TerraformFailed } from "../tools/terraform-messages";
import { collisionText, twinText } from "./adoption-text";
import { UsageError, type CommandResult, type Progress } from "./context";
import { PLAN_FILE, type Plan } from "./write-plan";
import { lookUpTwins } from "./twin-lookup";

/** Applies exactly the plan that was made, and says where the API is. Makes nothing a second time, and says how to go on where something is there already. */
export async function applyPlan(terraform: Terraform, made: Plan, progress: Progress, file = PLAN_FILE): Promise<CommandResult> {
  await refuseTwins(terraform, made, progress, file);
  try {
    return await applyMade(terraform, made, progress, file);
  } catch (error) {
    throw await explained(error, terraform, file);
  }
}

/** Applies exactly the plan that was made, and leaves failures as they are. */
export async function applyMade(terraform: Terraform, made: Plan, progress: Progress, file = PLAN_FILE): Promise<CommandResult> {
  await progress.step("Apply", async (detail) => {
    detail("terraform changes the resources");
    await terraform.applyPlan(file);
  });
  const outputs = await terraform.output();
  return { exitCode: 0, text: outputsText(outputs), json: { applied: true, ...made, outputs } };
}

/** Where the API is; of a stack without one, each output. */
function outputsText(outputs: Readonly<Record<string, unknown>>): string {
  const shown = "api_endpoint" in outputs ? ["api_endpoint"] : Object.keys(outputs);
  return shown.map((name) => `${name}  ${String(outputs[name])}`).join("\n");
}

/** Fails where terraform would make a second one of what a killed apply has made, or try to for minutes. */
async function refuseTwins(terraform: Terraform, { changes }: Plan, progress: Progress, file: string): Promise<void> {
  if (!changes.some(({ action, type }) => action === "create" && (LOOKED_FOR as readonly string[]).includes(type))) return;
  const { imports } = await lookUpTwins(terraform, await terraform.show(file), "made").catch((error: Error) => {
    // Who may not list may perhaps still make.
    progress.note(`It is not known whether a killed apply has left something behind: ${error.message}`);
    return { imports: [] };
  });
  if (imports.length > 0) throw new UsageError(twinText(imports));
}

async function explained(error: unknown, terraform: Terraform, file: string): Promise<unknown> {
  if (!(error instanceof TerraformFailed)) return error;
  const found = collisions(error.failures, await terraform.show(file));
  return found.length === 0 ? error : new UsageError(collisionText(found, error.message), { cause: error });
}
