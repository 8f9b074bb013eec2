import { readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import type { StackName } from "../../stacks/contract/outputs";
import { SETTINGS, type Setting } from "../../stacks/contract/settings";
import { UsageError, type CommandContext, type Progress } from "./context";
import { checkEnvironment, deploymentFolder, localStateFile, synthFolder } from "./deployment-folder";
import { checkVariable, suggestName, variableName } from "./given-setting";
import { explainBackendChange } from "./state-backend";
import { checkStateBeforeInit, protectState, refuseUnpushedState, type CutState } from "./state-guard";
import { stackDirectory, synth } from "./synth";
import { Terraform, type PlanInput } from "./terraform";
import { findProviderSource, terraformEnvironment } from "./terraform-environment";
import { provideTools } from "./toolchain/toolchain";
import { undeclaredVariable, warningText, type Failure } from "./terraform-messages";

/** Which stack a command works on, and how it meets other runs. */
export interface StackOptions {
  /** Default: the API. */
  readonly stack?: StackName;
  /** How long plan and apply wait for a lock that another run holds, such as `10m`. Default: they fail at once. */
  readonly lockTimeout?: string;
}

/**
 * Synthesizes the stack and initializes terraform in its folder. Each later warning of terraform is shown once.
 * @param cut default: `refuse`
 * @throws UsageError where `vars` names no variable or gives a value that is not allowed
 */
export async function prepareTerraform(
  context: CommandContext,
  { stack = "agent-api", lockTimeout, vars = [] }: StackOptions & Pick<PlanInput, "vars"> = {},
  cut: CutState = "refuse",
): Promise<Terraform> {
  const { progress, signal } = context;
  checkEnvironment(context);
  const settings = stack === "agent-api" ? SETTINGS : [];
  // A wrong value is refused before the synthesis; which names exist is known only after it.
  refuseVariables(vars, [...settings.map(({ name }) => name), ...vars.map(variableName)], settings);
  const environment = await provideTools(["terraform", "provider"], context);
  await synth(context, { stack });
  protectState(localStateFile(context, stack));
  const directory = stackDirectory(synthFolder(context), stack);
  const names = declaredVariables(directory);
  refuseVariables(vars, names, settings);
  const source = findProviderSource(environment);
  const env = terraformEnvironment(environment, source, join(deploymentFolder(context), ".quickturn"));
  const warned = new Set<string>();
  const onWarning = warnOnce(warned, progress, { directory, names });
  return progress.step(
    "Initialize terraform",
    async (detail) => {
      const terraform = new Terraform({ directory, env, signal, onLine: detail, warned, onWarning, lockTimeout });
      await checkStateBeforeInit(terraform, cut, progress);
      await terraform.init().catch((error: unknown) => {
        throw explainBackendChange(error, relative(deploymentFolder(context), directory));
      });
      if (cut !== "leave") await refuseUnpushedState(terraform);
      return terraform;
    },
    source.kind === "mirror" ? () => `AWS provider from ${source.path}` : undefined,
  );
}

function refuseVariables(vars: readonly string[], names: readonly string[], settings: readonly Setting[]): void {
  const problems = vars.flatMap((each) => checkVariable(each, names, settings) ?? []);
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
 * Shows each warning once, though a plan and its apply both give it. A variable that a person's file gives and the
 * stack does not declare is refused, because terraform would only ignore it.
 */
function warnOnce(
  warned: Set<string>,
  progress: Progress,
  { directory, names }: { readonly directory: string; readonly names: readonly string[] },
): (warning: Failure) => void {
  return (warning) => {
    const undeclared = undeclaredVariable(warning);
    // The commands' own files may hold settings that an older stack does not declare.
    if (undeclared === "more" || (undeclared && resolve(directory, undeclared.file).startsWith(directory))) return;
    if (undeclared) {
      const { file, name } = undeclared;
      throw new UsageError(`${file} gives ${name}: there is no such setting. ${suggestName(name, names)}`);
    }
    const text = warningText(warning);
    if (!warned.has(text)) progress.note(`Warning: ${text}`);
    warned.add(text);
  };
}
