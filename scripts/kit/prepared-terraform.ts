import { chmodSync, existsSync, readFileSync, statfsSync } from "node:fs";
import { join, relative } from "node:path";
import type { StackName } from "../../stacks/contract/outputs";
import { SETTINGS } from "../../stacks/contract/settings";
import { UsageError, type CommandContext, type Progress } from "./context";
import { checkEnvironment, deploymentFolder, localStateFile, synthFolder } from "./deployment-folder";
import { checkValue, suggestName } from "./given-setting";
import { findCutState, findErroredState, parseStateHead, restoreState, type RestoredState } from "./local-state";
import { explainBackendChange } from "./state-backend";
import { StateLocked } from "./state-lock";
import { stackDirectory, synth } from "./synth";
import { Terraform, type PlanInput } from "./terraform";
import { findProviderSource, terraformEnvironment } from "./terraform-environment";
import { provideTools } from "./toolchain/toolchain";
import { isUndeclared, warningText, type Failure } from "./terraform-messages";
import { givenTexts } from "./var-file";

/** Which stack a command works on, and how it meets other runs. */
export interface StackOptions {
  /** Default: the API. */
  readonly stack?: StackName;
  /** How long plan and apply wait for a lock that another run holds, such as `10m`. Default: they fail at once. */
  readonly lockTimeout?: string;
}

/** Values of a command that plans; undefined for one that takes none. */
type GivenValues = Pick<PlanInput, "vars" | "varFiles">;

/**
 * What to do with a local state that a kill has cut. Commands that change the deployment restore it, commands that only
 * look at it refuse to work, and `unlock` leaves it alone.
 */
type CutState = "restore" | "refuse" | "leave";

/**
 * Synthesizes the stack and initializes terraform in its folder. Each later warning of terraform is shown once.
 * @param cut default: `refuse`
 * @throws UsageError where what was given names no variable or is not allowed, where the disk is full, and
 * where the state is cut or older than what an earlier run left
 */
export async function prepareTerraform(
  context: CommandContext,
  { stack = "agent-api", lockTimeout, ...given }: StackOptions & GivenValues = {},
  cut: CutState = "refuse",
): Promise<Terraform> {
  const { progress, signal } = context;
  checkEnvironment(context);
  // What is wrong is refused before the synthesis, where the names are known already.
  if (stack === "agent-api") refuseGiven(context, given);
  const environment = await provideTools(["terraform", "provider"], context);
  await synth(context, { stack });
  protectState(localStateFile(context, stack));
  const directory = stackDirectory(synthFolder(context), stack);
  if (stack !== "agent-api") refuseGiven(context, given, { names: declaredVariables(directory), settings: [] });
  const source = findProviderSource(environment);
  const env = terraformEnvironment(environment, source, join(deploymentFolder(context), ".quickturn"));
  const warned = new Set<string>();
  const onWarning = warnOnce(warned, progress);
  return progress.step(
    "Initialize terraform",
    async (detail) => {
      const terraform = new Terraform({ directory, env, signal, onLine: detail, warned, onWarning, lockTimeout });
      if (cut === "restore") refuseWithoutRoom(directory);
      if (cut !== "leave") await settleCutState(terraform, cut, progress);
      await terraform.init().catch((error: unknown) => {
        throw explainBackendChange(error, relative(deploymentFolder(context), directory));
      });
      if (cut !== "leave") await refuseUnpushedState(terraform);
      return terraform;
    },
    source.kind === "mirror" ? () => `AWS provider from ${source.path}` : undefined,
  );
}

/**
 * Refuses a name that is no setting, and a value that is not allowed. A TF_VAR_ may be meant for another configuration
 * of the person's, so that a name beside the settings is only told where it is near to one.
 * @param known default: those of the API
 * @throws UsageError with all of it
 */
export function refuseGiven(
  { environment, progress }: Pick<CommandContext, "environment" | "progress">,
  { vars, varFiles = [] }: GivenValues,
  known: Parameters<typeof checkValue>[1] = { names: SETTINGS.map(({ name }) => name), settings: SETTINGS },
): void {
  if (vars === undefined) return;
  const problems: string[] = [];
  for (const { by, name, value } of givenTexts({ vars, varFiles }, environment)) {
    const problem =
      by === "--var " && value === undefined
        ? `--var ${JSON.stringify(name)} gives no value; allowed: <name>=<value>, such as memory_size=2048.`
        : checkValue({ by, name, value: value ?? "null" }, known);
    if (problem === undefined) continue;
    if (by !== "TF_VAR_" || known.names.includes(name)) problems.push(problem);
    else if (suggestName(name, known.names, "") !== "") progress.note(`Warning: ${problem} It has no effect.`);
  }
  if (problems.length > 0) throw new UsageError(problems.join("\n"));
}

/** Names of the variables that the configuration in a stack's folder declares. */
export function declaredVariables(directory: string): string[] {
  const { variable = {} } = JSON.parse(readFileSync(join(directory, "cdk.tf.json"), "utf8")) as {
    readonly variable?: object;
  };
  return Object.keys(variable);
}

/**
 * Shows each warning once, though a plan and its apply both give it. Only the commands' own files may hold settings
 * that an older stack does not declare: a person's were refused.
 */
function warnOnce(warned: Set<string>, progress: Progress): (warning: Failure) => void {
  return (warning) => {
    const text = warningText(warning);
    if (isUndeclared(warning) || warned.has(text)) return;
    progress.note(`Warning: ${text}`);
    warned.add(text);
  };
}

/** Bytes that must be free: a state is written again and again, and terraform cannot take back what it has made. */
const ROOM_BYTES = 8 << 20;

/** Makes a local state and its backup readable for their owner alone: they hold every value in clear. */
function protectState(path: string): void {
  for (const file of [path, `${path}.backup`]) if (existsSync(file)) chmodSync(file, 0o600);
}

function refuseWithoutRoom(directory: string): void {
  const { bavail, bsize } = statfsSync(directory);
  const freeBytes = bavail * bsize;
  if (freeBytes < ROOM_BYTES)
    throw new UsageError(
      `There is room for ${Math.floor(freeBytes / 1024)} KiB where ${directory} is; an apply takes ` +
        `${ROOM_BYTES >> 20} MiB, so that its state is written whole. Nothing was changed.`,
    );
}

/**
 * Restores a cut state, or refuses to work with it.
 * @throws StateLocked where another run is writing the state
 */
async function settleCutState(terraform: Terraform, cut: "restore" | "refuse", progress: Progress): Promise<void> {
  if ((await findCutState(terraform.directory)) === undefined) return;
  const writer = await terraform.writer();
  if (writer !== undefined) throw new StateLocked(writer);
  // A run that was writing the state may have ended meanwhile.
  const path = await findCutState(terraform.directory);
  if (path === undefined) return;
  if (cut === "refuse")
    throw new UsageError(
      `The state ${path} is cut: terraform was killed while it wrote it, or the disk was full. Nothing was changed. ` +
        "quickturn apply --adopt puts the newest whole copy back, and takes over what is missing in it.",
    );
  const restored = await restoreState(terraform.directory);
  if (restored !== undefined) progress.note(restoredText(restored));
}

function restoredText({ path, aside, backup }: RestoredState): string {
  const now =
    backup === undefined
      ? "there is no copy of it, so that terraform knows nothing"
      : `it is now ${backup}, the newest that is whole`;
  return (
    `The state ${path} was cut in the middle: terraform was killed while it wrote it, or the disk was full; ${now}. ` +
    `What was left is ${aside}. What is missing in it, quickturn apply --adopt takes over.`
  );
}

/**
 * Refuses to work where an earlier run left a newer state in the folder than its backend has: going on would make the
 * same resources twice.
 */
async function refuseUnpushedState(terraform: Terraform): Promise<void> {
  const left = findErroredState(terraform.directory);
  if (left === undefined) return;
  const present = parseStateHead(await terraform.pull());
  if (present === undefined || (present.lineage === left.lineage && present.serial < left.serial))
    throw new UsageError(
      `${left.path} has a newer state (serial ${left.serial}) than the backend (${present?.serial ?? "none"}), ` +
        "which did not take it at the end of an earlier run. Nothing was changed. " +
        `Push it: terraform -chdir=${terraform.directory} state push ${left.path}`,
    );
}
