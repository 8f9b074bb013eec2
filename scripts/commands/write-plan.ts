import { unpublishedFunctions } from "../judges/unpublished";
import type { PlanInput, Terraform } from "../tools/terraform";

export interface WrittenPlan {
  /** True where an apply would do anything, be it to outputs alone. */
  readonly changed: boolean;
  /** What `terraform show -json` gives of it. */
  readonly shown: unknown;
}

/**
 * Writes a plan file, and reads it. Where a run was killed between a function's change and its publication, the plan is made
 * once more as the state has it, so that it publishes the version: a look at AWS finds nothing to do.
 * @param note for a person, where that is so
 */
export async function writePlan(terraform: Terraform, file: string, input: PlanInput, note: (text: string) => void): Promise<WrittenPlan> {
  const written = { changed: await terraform.plan(file, input), shown: await terraform.show(file) };
  const unpublished = input.refresh === false ? [] : unpublishedFunctions(written.shown);
  if (unpublished.length === 0) return written;
  note(unpublishedText(unpublished));
  return { changed: await terraform.plan(file, { ...input, refresh: false }), shown: await terraform.show(file) };
}

function unpublishedText(names: readonly string[]): string {
  const functions = names.map((name) => `${name} function`).join(" and the ");
  return `AWS has the ${functions} as configured, and no version of it: an apply was killed before it published one, or somebody changed it by hand. The plan is made as the state remembers it, so that the apply publishes a version; what else differs in AWS, the next plan shows.`;
}
