import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import { run } from "../tools/process";
import type { CommandContext, CommandResult } from "./context";
import { packageFunctions } from "./package";

export interface SynthOptions {
  /** Folder for the output. Default: cdktf.out in the project, as cdktf itself has it. */
  readonly outputDirectory?: string;
}

/** Packages the functions and writes the stacks as Terraform JSON. */
export async function synth(context: CommandContext, { outputDirectory }: SynthOptions = {}): Promise<CommandResult> {
  const { projectDirectory, environment, progress, signal } = context;
  const output = outputDirectory ?? join(projectDirectory, "cdktf.out");
  await packageFunctions(context);
  await progress.step("Synthesize the stacks", () =>
    run(process.execPath, ["--import", "tsx", join("stacks", "app.ts")], { cwd: projectDirectory, env: { ...environment, CDKTF_OUTDIR: output }, signal }),
  );
  const directory = stackDirectory(output, "agent-api");
  return { exitCode: 0, text: relative(projectDirectory, directory), json: { stacks: { "agent-api": directory } } };
}

/** Folder of a synthesized stack, in which terraform runs. */
export function stackDirectory(output: string, stack: string): string {
  const directory = join(output, "stacks", stack);
  if (!existsSync(join(directory, "cdk.tf.json"))) throw new Error(`${directory} holds no cdk.tf.json. Write it: npx quickturn synth`);
  return directory;
}
