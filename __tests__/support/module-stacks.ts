import { join } from "node:path";
import { MODULE_STACKS, modules } from "../../scripts/publish/modules";
import type { CommandContext } from "../../scripts/kit/context";
import { run } from "../../scripts/kit/process";
import { PROJECT } from "./stack-json";

/**
 * Synthesizes the stack of every module.
 * @param folder cdktf's output folder, the test's own
 * @returns the same folder
 */
export async function moduleStacks(folder: string): Promise<string> {
  await run(process.execPath, [join("scripts", "bin", "app.js")], {
    cwd: PROJECT,
    env: { ...process.env, ...MODULE_STACKS, CDKTF_OUTDIR: folder },
  });
  return folder;
}

/** What a command is given where nobody looks on. */
export const SILENT_CONTEXT: CommandContext = {
  projectDirectory: PROJECT,
  environment: {},
  signal: new AbortController().signal,
  progress: { step: (_title, work) => work(() => undefined), note: () => undefined },
};

/** Writes every module. @param folder the test's own @returns the folder that holds a folder a module */
export async function writtenModules(folder: string): Promise<string> {
  const out = join(folder, "modules");
  await modules(SILENT_CONTEXT, { out, synthesized: await moduleStacks(join(folder, "synthesized")) });
  return out;
}
