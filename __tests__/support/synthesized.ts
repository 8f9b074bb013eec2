import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { StackName } from "../../stacks/contract/outputs";
import { PROJECT, type StackJson } from "./stack-json";
import { temporaryFolder } from "./temporary-folder";

/**
 * Synthesizes one stack as `quickturn` does, into a folder of the test's own.
 * @param project folder of cdktf.json. Default: this project
 * @returns the stack's folder
 */
export function synthesized(stack: StackName, environment: NodeJS.ProcessEnv = {}, project = PROJECT): string {
  const out = temporaryFolder("synth");
  const env = { PATH: process.env["PATH"], ...environment, QUICKTURN_STACKS: stack, CDKTF_OUTDIR: out };
  execFileSync(process.execPath, [join("scripts", "bin", "app.js")], {
    cwd: project,
    env,
    stdio: ["ignore", "ignore", "pipe"],
  });
  return join(out, "stacks", stack);
}

/** The text of a synthesized stack, and what it says. */
export function readStack(directory: string): { readonly text: string; readonly stack: StackJson } {
  const text = readFileSync(join(directory, "cdk.tf.json"), "utf8");
  return { text, stack: JSON.parse(text) as StackJson };
}
