import { existsSync, mkdirSync } from "node:fs";
import { join, relative } from "node:path";
import type { StackName } from "../../stacks/contract/outputs";
import { ProgramFailed, run } from "./process";
import { EXIT_CODES, UsageError, type CommandContext, type CommandResult } from "./context";
import { deploymentFolder, environmentName, synthFolder } from "./deployment-folder";
import { packageFunctions } from "./package-functions";

interface SynthOptions {
  /** Folder for the output. Default: cdktf.out in the project, as in cdktf, or the environment's folder below it. */
  readonly outputDirectory?: string;
  /** The one stack to write. Default: the API, or those that QUICKTURN_STACKS names. */
  readonly stack?: StackName;
}

/** Packages the functions and writes the stacks as Terraform JSON. */
export async function synth(
  context: CommandContext,
  { outputDirectory, stack }: SynthOptions = {},
): Promise<CommandResult> {
  const output = outputDirectory ?? synthFolder(context);
  // Only the API has functions.
  if (stack === undefined || stack === "agent-api") await packageFunctions(context);
  await context.progress.step("Synthesize the stacks", () =>
    writeStacks(context, output, {
      ...(stack && { QUICKTURN_STACKS: stack }),
      QUICKTURN_ENV: environmentName(context),
      QUICKTURN_PROJECT: deploymentFolder(context),
    }),
  );
  const name = stack ?? "agent-api";
  const directory = stackDirectory(output, name);
  return { exitCode: 0, text: relative(deploymentFolder(context), directory), json: { stacks: { [name]: directory } } };
}

/**
 * Writes stacks to a folder, in another process. The functions must be packaged.
 * @param variables of stacks/app.ts; they replace those of the environment
 * @throws UsageError where a variable has a value that is not allowed
 */
export async function writeStacks(
  { projectDirectory, environment, signal }: CommandContext,
  output: string,
  variables: NodeJS.ProcessEnv,
): Promise<void> {
  // cdktf makes only the last folder of the path.
  mkdirSync(output, { recursive: true });
  await run(process.execPath, [join("scripts", "bin", "app.js")], {
    cwd: projectDirectory,
    env: { ...environment, CDKTF_OUTDIR: output, ...variables },
    signal,
  }).catch((error: unknown) => {
    if (!(error instanceof ProgramFailed) || error.result.code !== EXIT_CODES.usage) throw error;
    throw new UsageError(error.result.stderr.trim(), { cause: error });
  });
}

/** Folder of a synthesized stack, in which terraform runs. */
export function stackDirectory(output: string, stack: string): string {
  const directory = join(output, "stacks", stack);
  if (!existsSync(join(directory, "cdk.tf.json")))
    throw new Error(`${directory} holds no cdk.tf.json. Write it: npx quickturn synth`);
  return directory;
}
