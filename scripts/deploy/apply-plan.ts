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
import { findCollisions, isLookedUp, type Import } from "./adoption";
import { exposedFunctions } from "./plan-functions";
import { refuseDuringTuning } from "./temporary-versions";
import type { Terraform } from "../kit/terraform";
import { EXIT_CODES, UsageError, type CommandResult } from "../kit/context";
import { changesThatReplace, describeChanges } from "../kit/plan-changes";
import { ownPlanFile, type Plan, type PlanStep } from "./plan";
import { lookUpTwins } from "./held-resources";
import { settingsOutput, type Outputs } from "./live-file";

/** What a command that applies ends with. */
export type ApplyResult = CommandResult<{
  readonly applied: boolean;
  /** The outputs afterwards; undefined where nothing was applied. */
  readonly outputs?: Outputs;
  /** What else the command found, by name. */
  readonly [name: string]: unknown;
}>;

/** The result where nothing was applied. */
export function refusedResult(json: object, text = "Nothing was applied."): ApplyResult {
  return { exitCode: EXIT_CODES.fail, text, json: { applied: false, ...json } };
}

/** The result where a plan does more than change resources in place; undefined where it does not. */
export function refuseReplacement(made: Plan, explanation = ""): ApplyResult | undefined {
  const replaced = changesThatReplace(made.changes);
  if (replaced.length === 0) return undefined;
  return refusedResult(
    { refused: replaced, ...made },
    `A rollback changes resources in place, and this plan does more:\n${describeChanges(replaced)}\n${explanation}` +
      "Nothing was applied. If this is what you want, add --allow-replace.",
  );
}

const PAST = { create: "created", update: "changed", delete: "destroyed" } as const;

/** A signal has ended an apply. Terraform has ended by itself; the message says what it had done by then. */
export class ApplyInterrupted extends Interrupted {
  constructor(
    interrupt: Interrupted,
    private readonly end: {
      readonly reached: ApplyProgress;
      /** The state's lock, where terraform could not free it. */
      readonly lock: StateLock | undefined;
      /** What a person can do next. */
      readonly advice: string;
    },
  ) {
    const { reached, lock, advice } = end;
    super(interrupt.by, {
      cause: interrupt,
      message: [interrupt.message, ...describeReached(reached), advice, ...(lock ? [describeHeld(lock)] : [])].join(
        "\n",
      ),
    });
  }

  /** The same error with other advice. */
  withAdvice(advice: string): ApplyInterrupted {
    return new ApplyInterrupted(this.cause as Interrupted, { ...this.end, advice });
  }
}

function describeReached({ total, done, running, failed }: ApplyProgress): string[] {
  const cut = [...failed, ...running];
  if (done.length + cut.length === 0) return ["Nothing was applied."];
  const notBegun = total - done.length - cut.length;
  const list = done.length === 0 ? "" : `: ${listOperations(done, (action) => PAST[action])}`;
  return [
    `${done.length} of ${total} done${list}.`,
    ...(cut.length > 0
      ? [
          `Cut short, and perhaps done in AWS all the same: ${listOperations(cut, (action) => action)}. ` +
            "Where a later run says that something is there already: quickturn apply --adopt takes it over.",
        ]
      : []),
    ...(notBegun > 0 ? [`Not begun: ${notBegun}.`] : []),
  ];
}

/** `created a, b; changed c` */
function listOperations(operations: readonly Operation[], verb: (action: Operation["action"]) => string): string {
  const actions = [...new Set(operations.map(({ action }) => action))];
  return actions
    .map((wanted) => {
      const addresses = operations.flatMap(({ action, address }) => (action === wanted ? [address] : []));
      return `${verb(wanted)} ${addresses.join(", ")}`;
    })
    .join("; ");
}

const describeHeld = ({ id }: StateLock): string =>
  "Terraform was stopped before it could free the state's lock. " +
  `Once it is sure that no run of it is alive: quickturn unlock ${id}`;

/**
 * Applies exactly the plan that was made, and says where the API is. Makes nothing a second time, and says what to do
 * where something exists already.
 */
export async function applyPlan(terraform: Terraform, made: Plan, step: PlanStep): Promise<ApplyResult> {
  const { file = ownPlanFile(terraform) } = step;
  await refuseTwins(terraform, made, { ...step, file });
  await refuseTuned(terraform, made, { ...step, file });
  try {
    return await applyUnchecked(terraform, made, step);
  } catch (error) {
    throw error instanceof TerraformFailed ? explainCollisions(error, await terraform.show(file)) : error;
  }
}

/**
 * Applies exactly the plan that was made, without a look at AWS before, and leaves failures as they are.
 * @throws ApplyInterrupted where a signal ended it
 */
export async function applyUnchecked(
  terraform: Terraform,
  made: Plan,
  { progress, file = ownPlanFile(terraform) }: PlanStep,
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
      exitCode: EXIT_CODES.pass,
      text: `${countDone(reached)}.\n${describeOutputs(outputs)}`,
      json: { applied: true, ...made, outputs, warnings: terraform.warnings },
    };
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    const advice = isAbsolute(file)
      ? `What is left: plan again, because ${file} is stale now.`
      : "What is left: run the same command again.";
    const lock = await terraform.lock().catch(() => undefined);
    throw new ApplyInterrupted(error, { reached, lock, advice });
  }
}

/** What callers get now, where, and what to do next; for a stack without an API, each output. */
export function describeOutputs(outputs: Outputs): string {
  if (!("api_endpoint" in outputs))
    return Object.entries(outputs)
      .map(([name, value]) => `${name}  ${String(value)}`)
      .join("\n");
  const live = (
    [
      ["version", outputs["live_version"], " of the worker"],
      ["version", outputs["api_live_version"], " of the front door"],
      ["profile", settingsOutput(outputs)["profile"], ""],
    ] as const
  ).flatMap(([noun, value, rest]) => (value === undefined ? [] : [`${noun} ${String(value)}${rest}`]));
  return [
    ...(live.length === 0 ? [] : [`Live: ${live.join(", ")}.`]),
    `api_endpoint  ${String(outputs["api_endpoint"])}`,
    "Next: quickturn verify --smoke",
  ].join("\n");
}

type FileStep = Required<PlanStep>;

/** Refuses to make a second one of what a killed apply has made, or to try it for minutes. */
async function refuseTwins(terraform: Terraform, { changes }: Plan, { progress, file }: FileStep): Promise<void> {
  if (!changes.some(({ action, type }) => action === "create" && isLookedUp(type))) return;
  const { imports } = await lookUpTwins(terraform, await terraform.show(file), { which: "made" }).catch(
    (error: Error) => {
      // Credentials that may not list may still create.
      progress.note(`It is not known whether a killed apply has left something behind: ${error.message}`);
      return { imports: [] as readonly Import[] };
    },
  );
  const lines = imports.map(({ to, id }) => `  ${to} (${id})`);
  if (imports.length > 0)
    throw new UsageError(
      "There already, and not known to terraform, which would make a second one, or try to for minutes:\n" +
        `${lines.join("\n")}\nNothing was applied. ${ADOPT_ADVICE}`,
    );
}

/** Looks for a tuning that began after the plan was made: the plan may be a saved one, or a person took their time. */
async function refuseTuned(
  terraform: Terraform,
  { changes, publishes }: Plan,
  { progress, file }: FileStep,
): Promise<void> {
  const updatesFunction = changes.some(({ action, type }) => action === "update" && type === "aws_lambda_function");
  // A look costs a second, and nobody tunes a function that does not exist yet.
  if (publishes.length === 0 || !updatesFunction) return;
  const plan = await terraform.show(file);
  await refuseDuringTuning(terraform, { plan, exposed: exposedFunctions(plan), progress });
}

const ADOPT_ADVICE =
  "If a killed apply made it, run again with --adopt: what carries this deployment's tags is taken over into the " +
  "state, and nothing is made twice. If something else made it, give this deployment another name " +
  "(--var name=… or --var environment=…).";

/** Says which resources of a failed apply exist already, and what to do. */
function explainCollisions(error: TerraformFailed, plan: unknown): Error {
  const collisions = findCollisions(error.failures, plan);
  if (collisions.length === 0) return error;
  const lines = collisions.map(({ address, name }) => `  ${address} (${name})`);
  return new Error(
    `There already, and not in terraform's state:\n${lines.join("\n")}\n${ADOPT_ADVICE}\n\n${error.message}`,
    { cause: error },
  );
}
