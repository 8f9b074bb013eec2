import { renameSync } from "node:fs";
import { join } from "node:path";
import { publishedFunctions } from "../judges/canary/planned";
import type { FunctionName } from "../judges/canary/release";
import { otherAccount } from "../judges/other-account";
import { planChanges, type ResourceChange } from "../judges/plan-changes";
import { exposedFunctions } from "../judges/tuning/exposure";
import { unpublishedFunctions } from "../judges/unpublished";
import { ownFile } from "../tools/own-file";
import type { PlanInput, Terraform } from "../tools/terraform";
import { UsageError, type Progress } from "./context";
import { refuseDuringTuning } from "./tuning-guard";

/** Name of the plan file that is left in the stack's folder for whoever reads it: a pipeline's audit, or a person. */
const PLAN_FILE = "quickturn.tfplan";

/** Name of the plan file that this run writes, reads and applies: another run in the same folder never touches it. */
export const ownPlanFile = ({ directory }: Pick<Terraform, "directory">): string => ownFile(directory, PLAN_FILE);

/** Leaves this run's plan for others to read. It is moved, so that nobody meets one that is half written. */
export function leavePlan(terraform: Terraform): void {
  renameSync(join(terraform.directory, ownPlanFile(terraform)), join(terraform.directory, PLAN_FILE));
}

export interface WrittenPlan {
  /** True where an apply would do anything, be it to outputs alone. */
  readonly changed: boolean;
  /** What `terraform show -json` gives of it. */
  readonly shown: unknown;
}

export interface Plan {
  /** True where an apply would do anything, be it to outputs alone. */
  readonly changed: boolean;
  readonly changes: readonly ResourceChange[];
  /** Functions that get a new version. */
  readonly publishes: readonly FunctionName[];
}

/** What a plan does. */
export function planOf({ changed, shown }: WrittenPlan): Plan {
  return { changed, changes: planChanges(shown), publishes: publishedFunctions(shown) };
}

/**
 * Writes and reads a plan as a step that a person follows.
 * @param summary what stands behind the step when it is done
 */
export async function showPlan(
  terraform: Terraform,
  input: PlanInput,
  progress: Progress,
  file = ownPlanFile(terraform),
  summary?: (written: WrittenPlan) => string,
): Promise<WrittenPlan> {
  return progress.step(
    "Plan",
    async (detail) => {
      detail("terraform asks AWS for the present state");
      return writePlan(terraform, file, input, (text) => progress.note(text));
    },
    summary,
  );
}

/**
 * Writes a plan file, and reads it. Where a run was killed between a function's change and its publication, the plan is
 * made once more as the state has it, so that it publishes the version: a look at AWS finds nothing to do. Refused
 * while a function is tuned.
 * @param note for a person, where that is so
 */
export async function writePlan(
  terraform: Terraform,
  file: string,
  input: PlanInput,
  note: (text: string) => void,
): Promise<WrittenPlan> {
  const written = { changed: await terraform.plan(file, input), shown: await terraform.show(file) };
  refuseOtherAccount(written.shown);
  await refuseDuringTuning(terraform, written.shown, exposedFunctions(written.shown), note);
  const unpublished = input.refresh === false ? [] : unpublishedFunctions(written.shown);
  if (unpublished.length === 0) return written;
  note(unpublishedText(unpublished));
  return { changed: await terraform.plan(file, { ...input, refresh: false }), shown: await terraform.show(file) };
}

function refuseOtherAccount(shown: unknown): void {
  const accounts = otherAccount(shown);
  if (accounts === undefined) return;
  throw new UsageError(
    `The credentials are of account ${accounts.asked}, and what this state holds is in ${accounts.applied}: an apply would make everything a second time and forget the first, which goes on costing. Nothing was changed. ` +
      `For this deployment: credentials of ${accounts.applied}. For another one: an environment of its own (--env).`,
  );
}

function unpublishedText(names: readonly string[]): string {
  const functions = names.map((name) => `${name} function`).join(" and the ");
  return `AWS has the ${functions} as configured, and no version of it: an apply was killed before it published one, or somebody changed it by hand. The plan is made as the state remembers it, so that the apply publishes a version; what else differs in AWS, the next plan shows.`;
}
