import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { stackDiffs, type StackDiff, type SynthesizedFiles } from "../judges/stack-diff";
import { stackDiffMarkdown, stackDiffText } from "../reports/stack-diff-report";
import { earlierSource } from "../tools/earlier-source";
import { writeReport } from "../tools/files";
import { ProgramFailed, run } from "../tools/process";
import { UsageError, type CommandContext, type CommandResult } from "./context";
import { environmentName, synthFolder } from "./environment";
import { EXIT_CODES } from "./exit-codes";
import { synth } from "./synth";

export interface SynthDiffOptions {
  /** Commit, tag or branch to compare with. */
  readonly ref: string;
  /** Path of a Markdown file to write. */
  readonly markdown?: string;
}

/** Says what the Terraform JSON has that an earlier commit's had not. Exit code: 0 nothing, 2 something. */
export async function synthDiff(context: CommandContext, { ref, markdown }: SynthDiffOptions): Promise<CommandResult> {
  await synth(context);
  const diffs = await diffSince(context, ref);
  if (markdown !== undefined) writeReport(markdown, `## Terraform JSON\n\n${stackDiffMarkdown(ref, diffs)}`);
  return {
    exitCode: diffs.length === 0 ? EXIT_CODES.pass : EXIT_CODES.changes,
    text: stackDiffText(ref, diffs),
    json: { ref, changed: diffs.length > 0, stacks: diffs },
  };
}

/**
 * Compares what is synthesized in cdktf.out with what that commit's own sources give. They are synthesized, which takes
 * some seconds: a file that was kept beside the sources would say what somebody once wrote there.
 */
export async function diffSince(context: CommandContext, ref: string): Promise<StackDiff[]> {
  const { projectDirectory, environment, progress, signal } = context;
  const now = synthesizedStacks(synthFolder(context));
  return progress.step(
    `Synthesize the stacks of ${ref}`,
    async () => {
      const earlier = await earlierSource({ project: projectDirectory, ref, env: environment, signal }).catch(
        (cause: Error) => {
          throw new UsageError(cause.message, { cause });
        },
      );
      try {
        const command = join("scripts", "bin", "quickturn.js");
        if (!existsSync(join(earlier.directory, command)))
          throw new UsageError(`${ref} has no ${command}, so its stacks cannot be synthesized; give a later commit`);
        const env = {
          ...environment,
          QUICKTURN_STACKS: Object.keys(now).join(","),
          QUICKTURN_ENV: environmentName(context),
        };
        await run(process.execPath, [command, "--json", "synth"], { cwd: earlier.directory, env, signal });
        // A commit from before there were environments has one folder for all.
        const output = [
          synthFolder({ projectDirectory: earlier.directory, ...(context.env !== undefined && { env: context.env }) }),
          join(earlier.directory, "cdktf.out"),
        ].find((folder) => existsSync(join(folder, "manifest.json")));
        return stackDiffs(synthesizedStacks(output ?? earlier.directory), now);
      } catch (cause) {
        if (!(cause instanceof ProgramFailed)) throw cause;
        throw new Error(
          `The stacks of ${ref} cannot be synthesized with the packages that are installed now. ${cause.message}`,
          { cause },
        );
      } finally {
        earlier.remove();
      }
    },
    (diffs) => (diffs.length === 0 ? "the same" : `${diffs.length} differ${diffs.length === 1 ? "s" : ""}`),
  );
}

/** What one synth wrote, as its manifest lists it: a folder of an earlier one may stand beside. */
function synthesizedStacks(output: string): Record<string, SynthesizedFiles> {
  const manifest = JSON.parse(readFileSync(join(output, "manifest.json"), "utf8")) as {
    stacks: Record<string, { synthesizedStackPath: string; workingDirectory: string }>;
  };
  return Object.fromEntries(
    Object.entries(manifest.stacks).map(([name, { synthesizedStackPath, workingDirectory }]) => [
      name,
      {
        json: JSON.parse(readFileSync(join(output, synthesizedStackPath), "utf8")) as unknown,
        assets: hashes(join(output, workingDirectory, "assets")),
      },
    ]),
  );
}

function hashes(folder: string): Record<string, string> {
  const names = existsSync(folder) ? readdirSync(folder).sort() : [];
  return Object.fromEntries(
    names.map((name) => [
      name,
      createHash("sha256")
        .update(readFileSync(join(folder, name)))
        .digest("hex"),
    ]),
  );
}
