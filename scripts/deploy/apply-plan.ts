import {
  type ApplyProgress,
  type Operation,
  countDone,
  NOTHING_APPLIED,
  progressText,
  TerraformFailed,
} from "../kit/terraform-messages";
import { Interrupted } from "../kit/process";
import type { StateLock } from "../kit/state-lock";
import { isAbsolute } from "node:path";
import { collisions } from "./adoption";
import { LOOKED_FOR } from "./twins";
import { exposedFunctions, refuseDuringTuning } from "./tuning-guard";
import type { Terraform } from "../kit/terraform";
import { collisionText, twinText } from "./adoption-text";
import { UsageError, type CommandResult, type Progress } from "../kit/context";
import { ownPlanFile, type Plan } from "./write-plan";
import { lookUpTwins } from "./held-resources";

const PAST = { create: "created", update: "changed", delete: "destroyed" } as const;

/** A signal has ended an apply: terraform has ended, and this is what it had done by then. */
export class ApplyInterrupted extends Interrupted {
  constructor(
    cause: Interrupted,
    private readonly reached: ApplyProgress,
    private readonly lock: StateLock | undefined,
    goOn: string,
  ) {
    super(cause.by, {
      cause,
      message: [cause.message, ...reachedText(reached), goOn, ...(lock ? [lockText(lock)] : [])].join("\n"),
    });
  }

  /** The same, where another way leads on. */
  goingOn(how: string): ApplyInterrupted {
    return new ApplyInterrupted(this.cause as Interrupted, this.reached, this.lock, how);
  }
}

function reachedText({ total, done, running, failed }: ApplyProgress): string[] {
  const cut = [...failed, ...running];
  if (done.length + cut.length === 0) return ["Nothing was applied."];
  const notBegun = total - done.length - cut.length;
  const madeLine = done.length === 0 ? "" : `: ${listed(done, (action) => PAST[action])}`;
  const cutLine = `Cut short, and perhaps done in AWS all the same: ${listed(cut, (action) => action)}. Where a later run says that something is there already: quickturn apply --adopt takes it over.`;
  return [
    `${done.length} of ${total} done${madeLine}.`,
    ...(cut.length > 0 ? [cutLine] : []),
    ...(notBegun > 0 ? [`Not begun: ${notBegun}.`] : []),
  ];
}

/** `created a, b; changed c` */
function listed(operations: readonly Operation[], verb: (action: Operation["action"]) => string): string {
  const actions = [...new Set(operations.map(({ action }) => action))];
  return actions
    .map(
      (action) =>
        `${verb(action)} ${operations
          .filter((each) => each.action === action)
          .map(({ address }) => address)
          .join(", ")}`,
    )
    .join("; ");
}

const lockText = ({ id }: StateLock): string =>
  `Terraform was stopped before it could free the state's lock. Once it is sure that no run of it is alive: quickturn unlock ${id}`;

/** What an apply did. `outputs` are the stack's, by name; they are missing where nothing was applied. */
export type ApplyResult = CommandResult<{
  readonly outputs?: Readonly<Record<string, unknown>>;
  readonly [detail: string]: unknown;
}>;

/**
 * Applies exactly the plan that was made, and says where the API is. Makes nothing a second time, and says how to go on
 * where something is there already.
 */
export async function applyPlan(
  terraform: Terraform,
  made: Plan,
  progress: Progress,
  file = ownPlanFile(terraform),
): Promise<ApplyResult> {
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
): Promise<ApplyResult> {
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
