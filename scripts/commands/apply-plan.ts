import { isAbsolute } from "node:path";
import { collisions } from "../judges/adoption/collisions";
import { LOOKED_FOR } from "../judges/adoption/twins";
import { exposedFunctions } from "../judges/tuning/exposure";
import { countDone, NOTHING_APPLIED, progressText } from "../tools/apply-progress";
import { Interrupted } from "../tools/interrupted";
import type { Terraform } from "../tools/terraform";
import { TerraformFailed } from "../tools/terraform-messages";
import { collisionText, twinText } from "./adoption-text";
import { ApplyInterrupted } from "./apply-interrupted";
import { UsageError, type CommandResult, type Progress } from "./context";
import { refuseDuringTuning } from "./tuning-guard";
import { ownPlanFile, type Plan } from "./write-plan";
import { lookUpTwins } from "./twin-lookup";

/**
 * Applies exactly the plan that was made, and says where the API is. Makes nothing a second time, and says how to go on
 * where something is there already.
 */
export async function applyPlan(
  terraform: Terraform,
  made: Plan,
  progress: Progress,
  file = ownPlanFile(terraform),
): Promise<CommandResult> {
  await refuseTwins(terraform, made, progress, file);
  await refuseTuned(terraform, made, progress, file);
  try {
    return await applyMade(terraform, made, progress, file);
  } catch (error) {
    throw await explained(error, terraform, file);
  }
}

/**
 * Applies exactly the plan that was made, and leaves failures as they are.
 * @throws ApplyInterrupted where a signal ended it
 */
export async function applyMade(
  terraform: Terraform,
  made: Plan,
  progress: Progress,
  file = ownPlanFile(terraform),
): Promise<CommandResult> {
  let reached = NOTHING_APPLIED;
  try {
    await progress.step("Apply", (detail) =>
      terraform.applyPlan(file, (now) => {
        reached = now;
        detail(progressText(now));
      }),
    );
    const outputs = await terraform.output();
    return {
      exitCode: 0,
      text: `${countDone(reached)}.\n${liveText(outputs)}`,
      json: { applied: true, ...made, outputs, warnings: terraform.warnings },
    };
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    const goOn = isAbsolute(file)
      ? `What is left: plan again, because ${file} is stale now.`
      : "What is left: run the same command again.";
    throw new ApplyInterrupted(error, reached, await terraform.lock().catch(() => undefined), goOn);
  }
}

/** What callers get now, where, and what to do next; of a stack without an API, each output. */
export function liveText(outputs: Readonly<Record<string, unknown>>): string {
  if (!("api_endpoint" in outputs))
    return Object.entries(outputs)
      .map(([name, value]) => `${name}  ${String(value)}`)
      .join("\n");
  const { live_version: worker, api_live_version: api, settings } = outputs;
  const profile = (settings as { profile?: unknown } | undefined)?.profile;
  const live = [
    ...(worker === undefined ? [] : [`version ${String(worker)} of the worker`]),
    ...(api === undefined ? [] : [`version ${String(api)} of the front door`]),
    ...(profile === undefined ? [] : [`profile ${String(profile)}`]),
  ];
  return [
    ...(live.length === 0 ? [] : [`Live: ${live.join(", ")}.`]),
    `api_endpoint  ${String(outputs["api_endpoint"])}`,
    "Next: quickturn verify --smoke",
  ].join("\n");
}

/** Fails where terraform would make a second one of what a killed apply has made, or try to for minutes. */
async function refuseTwins(terraform: Terraform, { changes }: Plan, progress: Progress, file: string): Promise<void> {
  if (!changes.some(({ action, type }) => action === "create" && (LOOKED_FOR as readonly string[]).includes(type)))
    return;
  const { imports } = await lookUpTwins(terraform, await terraform.show(file), "made").catch((error: Error) => {
    // Who may not list may perhaps still make.
    progress.note(`It is not known whether a killed apply has left something behind: ${error.message}`);
    return { imports: [] };
  });
  if (imports.length > 0) throw new UsageError(twinText(imports));
}

/** A saved plan knows nothing of a tuning that was begun since, and neither does one that a person thought about. */
async function refuseTuned(
  terraform: Terraform,
  { changes, publishes }: Plan,
  progress: Progress,
  file: string,
): Promise<void> {
  // To look costs a second, and a function that is made now is tuned by nobody.
  if (
    publishes.length === 0 ||
    !changes.some(({ action, type }) => action === "update" && type === "aws_lambda_function")
  )
    return;
  const plan = await terraform.show(file);
  await refuseDuringTuning(terraform, plan, exposedFunctions(plan), (text) => progress.note(text));
}

async function explained(error: unknown, terraform: Terraform, file: string): Promise<unknown> {
  if (!(error instanceof TerraformFailed)) return error;
  const found = collisions(error.failures, await terraform.show(file));
  return found.length === 0 ? error : new Error(collisionText(found, error.message), { cause: error });
}
