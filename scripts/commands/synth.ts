import { existsSync, mkdirSync } from "node:fs";
import { join, relative } from "node:path";
import type { StackName } from "../../stacks/outputs";
import { run } from "../tools/process";
import type { CommandContext, CommandResult } from "./context";
import { deploymentFolder, environmentName, synthFolder } from "./environment";
import { packageFunctions } from "./package";

export interface SynthOptions {
  /** Folder for the output. Default: cdktf.out in the project, as cdktf itself has it, and below that one for each further environment. */
  readonly outputDirectory?: string;
  /** The one stack to write. Default: the API, or those that QUICKTURN_STACKS names. */
  readonly stack?: StackName;
}

/** Packages the functions and writes the stacks as Terraform JSON. */
export async function synth(context: CommandContext, { outputDirectory, stack }: SynthOptions = {}): Promise<CommandResult> {
  const { projectDirectory, environment, progress, signal } = context;
  const output = outputDirectory ?? synthFolder(context);
  // Only the API has functions.
  if (stack === undefined || stack === "agent-api") await packageFunctions(context);
  const chosen = stack === undefined ? {} : { QUICKTURN_STACKS: stack };
  // cdktf makes the folder, and not those above it.
  mkdirSync(output, { recursive: true });
  await progress.step("Synthesize the stacks", () =>
    run(process.execPath, ["--import", "tsx", join("stacks", "app.ts")], { cwd: projectDirectory, env: { ...environment, ...chosen, CDKTF_OUTDIR: output, QUICKTURN_ENV: environmentName(context), QUICKTURN_PROJECT: deploymentFolder(context) }, signal }),
  );
  const name = stack ?? "agent-api";
  const directory = stackDirectory(output, name);
  return { exitCode: 0, text: relative(deploymentFolder(context), directory), json: { stacks: { [name]: directory } } };
}

/** Folder of a synthesized stack, in which terraform runs. */
export function stackDirectory(output: string, stack: string): string {
  const directory = join(output, "stacks", stack);
  if (!existsSync(join(directory, "cdk.tf.json"))) throw new Error(`${directory} holds no cdk.tf.json. Write it: npx quickturn synth`);
  return directory;
}
