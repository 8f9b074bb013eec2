import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { run } from "../tools/process";
import type { CommandContext } from "./context";

/**
 * Writes stacks to a folder that is nobody's but the caller's; the functions must be packaged.
 * @param stacks as QUICKTURN_STACKS takes them: names with commas between, or `all`
 * @param variables laid over the environment
 */
export async function synthesizeStacks({ projectDirectory, environment, signal }: CommandContext, output: string, stacks: string, variables: NodeJS.ProcessEnv = {}): Promise<void> {
  // cdktf makes the folder, and not those above it.
  mkdirSync(output, { recursive: true });
  const env = { ...environment, CDKTF_OUTDIR: output, QUICKTURN_STACKS: stacks, ...variables };
  await run(process.execPath, ["--import", "tsx", join("stacks", "app.ts")], { cwd: projectDirectory, env, signal });
}
