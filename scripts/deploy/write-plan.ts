import { renameSync } from "node:fs";
import { join } from "node:path";
import { publishedFunctions, type FunctionName } from "./release";
import { planChanges, type ResourceChange } from "../kit/plan-changes";
import { exposedFunctions, refuseDuringTuning } from "./tuning-guard";
import { unpublishedFunctions } from "./drifted-resources";
import { ownFile } from "../kit/files";
import type { PlanInput, Terraform } from "../kit/terraform";
import { UsageError, type Progress } from "../kit/context";

interface Shown {
  readonly prior_state?: {
    readonly values?: {
      readonly root_module?: {
        readonly resources?: readonly {
          readonly mode: string;
          readonly type: string;
          readonly values: Readonly<Record<string, unknown>>;
        }[];
      };
    };
  };
  readonly output_changes?: Readonly<Record<string, { readonly before?: unknown }>>;
}

/**
 * The account that a plan asked, and the one that the state's resources are in, where those differ: every resource is
 * then missing, and would be made a second time.
 * @param plan what `terraform show -json` gives of it
 */
export function otherAccount(plan: unknown): { readonly asked: string; readonly applied: string } | undefined {
  const { prior_state: state, output_changes: outputs } = plan as Shown;
  const asked = state?.values?.root_module?.resources?.find(
    ({ mode, type }) => mode === "data" && type === "aws_caller_identity",
  )?.values["account_id"];
  // A queue is always the deployment's own, and its URL has the account.
  const applied = /\/(\d{12})\//.exec(String(outputs?.["work_queue_url"]?.before))?.[1];
  return typeof asked === "string" && applied !== undefined && asked !== applied ? { asked, applied } : undefined;
}

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
