import { createHash } from "node:crypto";
import { chmodSync, existsSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import type { FunctionName } from "./release";
import { changedResources, countChanges, describeChanges, planChanges, type ResourceChange } from "../kit/plan-changes";
import { exposedFunctions, publishedFunctions, unpublishedFunctions } from "./plan-functions";
import { refuseDuringTuning } from "./temporary-versions";
import { ownFile } from "../kit/files";
import type { StateModule } from "../kit/state";
import type { PlanInput, Terraform } from "../kit/terraform";
import { TerraformFailed } from "../kit/terraform-messages";
import { type GivenBefore, resolveInput } from "./live-input";
import { UsageError, type CommandContext, type CommandResult, type Progress, EXIT_CODES } from "../kit/context";
import { synthFolder } from "../kit/deployment-folder";
import { type StackOptions, prepareTerraform } from "../kit/prepared-terraform";
import { stackDirectory } from "../kit/synth";

export interface PlanOptions extends PlanInput, StackOptions, GivenBefore {
  /** Absolute path of a file to save the plan in, for `apply --plan`. Default: it is not kept for that. */
  readonly out?: string;
}

/** Shows what an apply would change. Exit code: 0 nothing, 2 something. */
export async function plan(context: CommandContext, { out, ...wanted }: PlanOptions): Promise<CommandResult> {
  const terraform = await prepareTerraform(context, wanted);
  const { input, origin, note } = await resolveInput(context, terraform, wanted);
  if (origin !== undefined) context.progress.note(origin);
  const { changed, changes } = await makePlan(terraform, input, { progress: context.progress, file: out });
  if (out === undefined) leavePlan(terraform);
  // A plan file holds every value in clear.
  else chmodSync(out, 0o600);
  return {
    exitCode: changed ? EXIT_CODES.changes : EXIT_CODES.pass,
    text: [planText(changed, changes), ...(note === undefined ? [] : [note])].join("\n\n"),
    json: { changed, changes, live: note ?? null, origin: origin?.split("\n") ?? [], warnings: terraform.warnings },
  };
}

export function planText(changed: boolean, changes: readonly ResourceChange[]): string {
  if (changes.length === 0) return changed ? "Only outputs change." : "No changes.";
  return `${describeChanges(changes)}\n\nPlan: ${countChanges(changes)}.`;
}

/** Name of the plan file that is left in the stack's folder for a person or a pipeline's audit. */
const PLAN_FILE = "quickturn.tfplan";

/** Name of the plan file that this run writes, reads and applies: another run in the same folder never touches it. */
export const ownPlanFile = ({ directory }: Pick<Terraform, "directory">): string => ownFile(directory, PLAN_FILE);

/** Leaves this run's plan for others to read. It is moved, so that nobody reads half a file. */
export function leavePlan(terraform: Terraform): void {
  renameSync(join(terraform.directory, ownPlanFile(terraform)), join(terraform.directory, PLAN_FILE));
}

/** A plan, as terraform gives it. */
export interface WrittenPlan {
  /** True where an apply would do anything, even to outputs alone. */
  readonly changed: boolean;
  /** Output of `terraform show -json` for the plan. */
  readonly shown: unknown;
}

/** What a plan does. */
export interface Plan {
  /** True where an apply would do anything, even to outputs alone. */
  readonly changed: boolean;
  readonly changes: readonly ResourceChange[];
  /** Functions that get a new version. */
  readonly publishes: readonly FunctionName[];
}

export function readPlan({ changed, shown }: WrittenPlan): Plan {
  return { changed, changes: planChanges(shown), publishes: publishedFunctions(shown) };
}

/** How a plan is made. */
export interface PlanStep {
  readonly progress: Progress;
  /** Name of the plan file in the stack's folder, or an absolute path. Default: {@link ownPlanFile}. */
  readonly file?: string;
}

/** Writes a plan file, and reads what it does. */
export async function makePlan(terraform: Terraform, input: PlanInput, step: PlanStep): Promise<Plan> {
  const summary = (written: WrittenPlan) => countChanges(readPlan(written).changes);
  return readPlan(await showPlan(terraform, input, { ...step, summary }));
}

/**
 * Writes and reads a plan as a step that a person follows.
 * @param step `summary`: what the step shows when it is done; default: nothing
 */
export async function showPlan(
  terraform: Terraform,
  input: PlanInput,
  step: PlanStep & { readonly summary?: (written: WrittenPlan) => string },
): Promise<WrittenPlan> {
  return step.progress.step(
    "Plan",
    async (detail) => {
      detail("terraform asks AWS for the present state");
      return writePlan(terraform, input, step);
    },
    step.summary,
  );
}

/**
 * Writes a plan file, and reads it. Refuses another account than the state's, and a function that is being tuned. A
 * version that a killed run did not publish is published: the plan is then made without a refresh, which would find
 * nothing to do.
 */
export async function writePlan(
  terraform: Terraform,
  input: PlanInput,
  { progress, file = ownPlanFile(terraform) }: PlanStep,
): Promise<WrittenPlan> {
  const write = async (given: PlanInput) => ({
    changed: await terraform.plan(file, given),
    shown: await terraform.show(file),
  });
  const written = await write(input);
  refuseOtherAccount(written.shown);
  await refuseDuringTuning(terraform, { plan: written.shown, exposed: exposedFunctions(written.shown), progress });
  const unpublished = input.refresh === false ? [] : unpublishedFunctions(written.shown);
  if (unpublished.length === 0) return written;
  const functions = unpublished.map((name) => `${name} function`).join(" and the ");
  progress.note(
    `AWS has the ${functions} as configured, and no version of it: an apply was killed before it published one, or ` +
      "somebody changed it by hand. The plan is made from the state, without a look at AWS, so that the apply " +
      "publishes a version. The next plan shows what else differs in AWS.",
  );
  return write({ ...input, refresh: false });
}

interface PlanOfAccount {
  readonly prior_state?: { readonly values?: { readonly root_module?: StateModule } };
  readonly output_changes?: Readonly<Record<string, { readonly before?: unknown }>>;
}

/** Refuses credentials of another account: every resource would be missing there, and be made a second time. */
function refuseOtherAccount(plan: unknown): void {
  const { prior_state: state, output_changes: outputs } = plan as PlanOfAccount;
  const asked = state?.values?.root_module?.resources?.find(
    ({ mode, type }) => mode === "data" && type === "aws_caller_identity",
  )?.values?.["account_id"];
  // The queue is always the deployment's own, and its URL holds the account.
  const applied = /\/(\d{12})\//.exec(String(outputs?.["work_queue_url"]?.before))?.[1];
  if (typeof asked !== "string" || applied === undefined || asked === applied) return;
  throw new UsageError(
    `The credentials are of account ${asked}, and what this state holds is in ${applied}: an apply would make ` +
      "everything a second time and forget the first, which goes on costing. Nothing was changed. " +
      `For this deployment: credentials of ${applied}. For another one: an environment of its own (--env).`,
  );
}

/** Refuses a saved plan that is not there, and values beside it. */
export function refuseOtherInput(path: string, input: PlanInput & GivenBefore): void {
  refuseValues("--plan", input);
  if (!existsSync(path))
    throw new UsageError(`--plan ${path} is not there. Write it: npx quickturn plan --out ${path}`);
}

/** Refuses values beside a plan, which has its own. */
export function refuseValues(option: string, { vars = [], varFiles = [], reset = [] }: PlanInput & GivenBefore): void {
  if (vars.length + varFiles.length + reset.length > 0)
    throw new UsageError(
      `${option} has its values in it, and --var, --var-file or --reset was given too; allowed: one of them. ` +
        "Plan again with the values: `quickturn plan --out <file>`",
    );
}

/**
 * Reads a saved plan.
 * @throws UsageError where it is none, or where the packaged functions are not those of the plan
 */
export async function readSavedPlan(
  context: CommandContext,
  terraform: Terraform,
  { file, stack = "agent-api" }: StackOptions & { readonly file: string },
): Promise<Plan> {
  const shown = await terraform.show(file).catch((cause: Error) => {
    throw new UsageError(
      `--plan ${file} is no plan that can be applied here; allowed: what \`quickturn plan --out\` wrote. ` +
        cause.message,
      { cause },
    );
  });
  refuseOtherCode(shown, stackDirectory(synthFolder(context), stack));
  return readPlan({ changed: (shown as { applyable?: boolean }).applyable ?? true, shown });
}

/** Compares the code: terraform uploads the file that is there during the apply, whatever hash the plan has. */
function refuseOtherCode(plan: unknown, directory: string): void {
  for (const { address, type, change } of changedResources(plan)) {
    const [planned, file] = [change.after?.["source_code_hash"], change.after?.["filename"]];
    if (type !== "aws_lambda_function" || typeof planned !== "string" || typeof file !== "string") continue;
    const present = createHash("sha256")
      .update(readFileSync(join(directory, file)))
      .digest("base64");
    if (present !== planned)
      throw new UsageError(
        `The plan has ${address} with the code ${planned}, and ${file} is ${present}: the sources are not those that ` +
          "were planned. Check out the commit of the plan, or plan again",
      );
  }
}

/** Explains a saved plan that terraform refuses because something was applied since; other errors stay. */
export function explainStalePlan(path: string, error: unknown): unknown {
  const isStale =
    error instanceof TerraformFailed && error.failures.some(({ summary }) => summary === "Saved plan is stale");
  if (!isStale) return error;
  return new UsageError(
    `The plan ${path} is stale: something was applied after it was made. Nothing was applied now. ` +
      `Plan again, look at it, and apply that: npx quickturn plan --out ${path}`,
    { cause: error },
  );
}
