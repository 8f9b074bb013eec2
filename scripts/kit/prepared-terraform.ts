import { chmodSync, existsSync, readFileSync, statfsSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import type { StackName } from "../../stacks/contract/outputs";
import { SETTINGS, type Setting } from "../../stacks/contract/settings";
import { refusedVariable, variableName, meant } from "./given-setting";
import { headIn, stateLeftBy, cutState, restoreState, cutText, restoredText } from "./local-state";
import { ProgramFailed } from "./process";
import { StateLocked } from "./state";
import { Terraform, type PlanInput } from "./terraform";
import { findProviderSource, terraformEnvironment } from "./terraform-environment";
import { undeclaredVariable, warningText, type Failure } from "./terraform-messages";
import { UsageError, type CommandContext, type Progress } from "./context";
import { checkEnvironment, deploymentFolder, localStateFile, synthFolder, type Whose } from "./deployment-folder";
import { stackDirectory, synth } from "./synth";

/** Which stack a command works on, and how it meets other runs. */
export interface StackOptions {
  /** Default: the API. */
  readonly stack?: StackName;
  /** How long plan and apply wait for a lock that another run holds, such as `10m`. Default: they fail at once. */
  readonly lockTimeout?: string;
}

/**
 * What becomes of a local state that a kill has cut: who changes the deployment restores it, who only looks does not.
 */
export type CutState = "restore" | "refuse" | "leave";

/**
 * Synthesizes the stack and initializes terraform in its folder. What terraform warns of later is shown, each thing
 * once.
 * @throws UsageError where a variable of `vars` is none, or cannot have its value
 */
export async function preparedTerraform(
  context: CommandContext,
  { stack = "agent-api", lockTimeout, vars = [] }: StackOptions & Pick<PlanInput, "vars"> = {},
  cut: CutState = "refuse",
): Promise<Terraform> {
  const { environment, progress, signal } = context;
  checkEnvironment(context);
  const settings = stack === "agent-api" ? SETTINGS : [];
  // A value that cannot be is said at once; which names there are, the stack says.
  refuse(vars, [...settings.map(({ name }) => name), ...vars.map(variableName)], settings);
  await synth(context, { stack });
  protectState(context, stack);
  const directory = stackDirectory(synthFolder(context), stack);
  const names = declaredVariables(directory);
  refuse(vars, names, settings);
  const source = findProviderSource(environment);
  const env = terraformEnvironment(environment, source, join(deploymentFolder(context), ".quickturn"));
  return progress.step(
    "Initialize terraform",
    async (detail) => {
      const warned = new Set<string>();
      const terraform = new Terraform({
        directory,
        env,
        signal,
        onLine: detail,
        warned,
        onWarning: warner(warned, progress, directory, names),
        ...(lockTimeout !== undefined && { lockTimeout }),
      });
      if (cut === "restore") refuseWithoutRoom(directory);
      if (cut !== "leave") await settleState(terraform, cut, progress);
      await terraform
        .init()
        .catch((error: unknown) =>
          Promise.reject(explainBackend(error, relative(deploymentFolder(context), directory))),
        );
      if (cut !== "leave") await refuseUnpushed(terraform);
      return terraform;
    },
    source.kind === "mirror" ? () => `AWS provider from ${source.path}` : undefined,
  );
}

function refuse(vars: readonly string[], names: readonly string[], settings: readonly Setting[]): void {
  const refused = vars.flatMap((each) => refusedVariable(each, names, settings) ?? []);
  if (refused.length > 0) throw new UsageError(refused.join("\n"));
}

/** Bytes that must be free: a state is written again and again, and terraform cannot take back what it has made. */
const ROOM = 8 << 20;

function refuseWithoutRoom(directory: string): void {
  const { bavail, bsize } = statfsSync(directory);
  if (bavail * bsize < ROOM)
    throw new UsageError(
      `There is room for ${Math.floor((bavail * bsize) / 1024)} KiB where ${directory} is; an apply takes ${ROOM >> 20} MiB, so that its state is written whole. Nothing was changed.`,
    );
}

/** A state that its backend did not take: to go on without it would make things twice. */
async function refuseUnpushed(terraform: Terraform): Promise<void> {
  const left = stateLeftBy(terraform.directory);
  if (left === undefined) return;
  const present = headIn(await terraform.pull());
  if (present === undefined || (present.lineage === left.lineage && present.serial < left.serial)) {
    throw new UsageError(
      `${left.path} has a newer state (serial ${left.serial}) than the backend (${present?.serial ?? "none"}), which did not take it at the end of an earlier run. Nothing was changed. Push it: terraform -chdir=${terraform.directory} state push ${left.path}`,
    );
  }
}

async function settleState(terraform: Terraform, cut: "restore" | "refuse", progress: Progress): Promise<void> {
  if ((await cutState(terraform.directory)) === undefined) return;
  const writer = await terraform.writer();
  if (writer !== undefined) throw new StateLocked(writer);
  // Who was writing may have ended meanwhile.
  const path = await cutState(terraform.directory);
  if (path === undefined) return;
  if (cut === "refuse") throw new UsageError(cutText(path));
  const restored = await restoreState(terraform.directory);
  if (restored !== undefined) progress.note(restoredText(restored));
}

/** Names of the variables that a stack's folder declares. */
export function declaredVariables(directory: string): string[] {
  const { variable = {} } = JSON.parse(readFileSync(join(directory, "cdk.tf.json"), "utf8")) as {
    readonly variable?: object;
  };
  return Object.keys(variable);
}

/**
 * Shows each warning once, though a plan and its apply both have it. A variable that a person's file gives and nobody
 * declares is a slip, and terraform would only leave it out.
 */
function warner(
  warned: Set<string>,
  progress: Progress,
  directory: string,
  names: readonly string[],
): (warning: Failure) => void {
  return (warning) => {
    const slip = undeclaredVariable(warning);
    // What the commands themselves write there has settings that an older stack may not know.
    if (slip === "more" || (slip !== undefined && resolve(directory, slip.file).startsWith(directory))) return;
    if (slip !== undefined)
      throw new UsageError(`${slip.file} gives ${slip.name}: there is no such setting. ${meant(slip.name, names)}`);
    const text = warningText(warning);
    if (!warned.has(text)) progress.note(`Warning: ${text}`);
    warned.add(text);
  };
}

/** What cdktf or terraform itself has written is readable by all, and holds every value in clear. */
function protectState(whose: Whose, stack: StackName): void {
  const path = localStateFile(whose, stack);
  for (const file of [path, `${path}.backup`]) if (existsSync(file)) chmodSync(file, 0o600);
}

/**
 * Terraform remembers in the folder where it found the state, and asks where that changes; a pipeline has nobody to
 * ask.
 */
function explainBackend(error: unknown, directory: string): unknown {
  if (
    !(error instanceof ProgramFailed) ||
    !/Backend configuration changed|Migrating (the )?state|HCP Terraform configuration changed|Backend type changed/i.test(
      `${error.result.stdout}\n${error.result.stderr}`,
    )
  )
    return error;
  return new UsageError(
    `QUICKTURN_BACKEND, or quickturn:backend in cdktf.json, names another place for the state than when ${directory} was last used. Nothing was changed.\n` +
      `Another deployment, or its state is there already: eval "$(quickturn env)" && terraform -chdir=${directory} init -reconfigure (it copies nothing). Else go back to the former place.\n` +
      `How this deployment's own state moves is in RUNBOOK.md, "The state moves": a copy over another deployment's would take that one's place.`,
    { cause: error },
  );
}
