import { plannedVariable } from "../judges/adoption/planned";
import { twins, wantedOf, type Twins } from "../judges/adoption/twins";
import { heldResources } from "../tools/held-resources";
import type { Terraform } from "../tools/terraform";

/** Asks AWS for what a plan makes and is there already; with `all` also for a second one of what it holds. */
export async function lookUpTwins(
  terraform: Terraform,
  plan: unknown,
  which: "made" | "all",
  signal = new AbortController().signal,
): Promise<Twins> {
  const wanted = wantedOf(plan, which);
  if (wanted.length === 0) return { imports: [], surplus: [] };
  return twins(
    plan,
    await heldResources(wanted, { environment: terraform.environment, region: regionOf(plan, terraform) }, signal),
  );
}

/** The provider's region, as the stack has it from its variable. */
export function regionOf(plan: unknown, { environment }: Terraform): string {
  const region = plannedVariable(plan, "aws_region") ?? environment["AWS_REGION"];
  if (region === undefined)
    throw new Error("The plan names no region; give the variable aws_region, or set AWS_REGION");
  return region;
}
