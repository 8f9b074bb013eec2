import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Release } from "../../../stacks/settings";
import { inEffect, withoutOverridden } from "../../judges/canary/choice";
import { isShifted } from "../../judges/canary/release";
import { liveFile } from "../../judges/canary/variables";
import { writeWhole } from "../../tools/files";
import type { PlanInput, Terraform } from "../../tools/terraform";
import { UsageError, type CommandContext, type CommandResult } from "../context";
import type { Plan } from "../write-plan";
import type { StackOptions } from "../prepared-terraform";
import { stackDirectory } from "../synth";
import { liveRelease, writeLive } from "./live-file";

/** Makes terraform leave the functions alone, while a canary plans. */
export const ALIASES_OVERRIDE = "aliases_override.tf.json";

/** What a plan reads as its first file. */
const PLANNED = "live.planned.tfvars.json";

/** Folder that terraform runs in. */
export const liveStackDirectory = ({ projectDirectory }: Pick<CommandContext, "projectDirectory">): string => stackDirectory(join(projectDirectory, "cdktf.out"), "agent-api");

export interface WithLive {
  /** With what is live as the first file: files and variables that were given win. */
  readonly input: PlanInput;
  /** null where nothing was ever pinned or released. */
  readonly release: Release | null;
  /** What a person is to know of it; undefined where it decides nothing. */
  readonly note: string | undefined;
}

/**
 * Adds what is live to a plan's input: else an apply from a fresh checkout would make a version live that was rolled back.
 * The live file is made what the state says; a pin that `--var` overrides is forgotten with the apply.
 */
export async function withLive(context: Pick<CommandContext, "projectDirectory">, terraform: Terraform, input: PlanInput & StackOptions): Promise<WithLive> {
  // Other stacks have no versions.
  if (input.stack !== undefined && input.stack !== "agent-api") return { input, release: null, note: undefined };
  const directory = liveStackDirectory(context);
  // A canary's run that was killed may have left it, and with it no function would change.
  rmSync(join(directory, ALIASES_OVERRIDE), { force: true });
  const chosen = liveRelease(context.projectDirectory, await terraform.output());
  writeLive(context.projectDirectory, directory, chosen.release);
  if (chosen.release === null) return { input, release: null, note: undefined };
  const release = withoutOverridden(chosen.release, input.vars ?? [], randomUUID());
  const path = join(directory, PLANNED);
  writeWhole(path, liveFile(release));
  // Terraform takes no null for a number there, and without the pin there is nothing left to override.
  const vars = input.vars?.filter((each) => !/^(api_)?live_version=null$/.test(each));
  return { input: { ...input, ...(vars && { vars }), varFiles: [path, ...(input.varFiles ?? [])] }, release, note: inEffect({ ...chosen, release }) };
}

/** Makes the live file what was applied. */
export function keptLive(context: Pick<CommandContext, "projectDirectory">, { release }: WithLive, result: CommandResult): CommandResult {
  const outputs = (result.json as { outputs?: Readonly<Record<string, unknown>> }).outputs;
  if (release !== null && outputs !== undefined) writeLive(context.projectDirectory, liveStackDirectory(context), liveRelease(context.projectDirectory, outputs).release);
  return result;
}

/** Refuses a new version while a canary is on its way: the share would go to a version that nobody looks at. */
export function refuseDuringCanary({ release }: WithLive, { publishes }: Plan): void {
  if (publishes.length === 0 || !isShifted(release)) return;
  throw new UsageError(`The plan publishes a version of the ${publishes.join(" and the ")}, and a canary is on its way since ${release?.canary?.started_at}: its share would go to the version that nobody watches. Nothing was applied. Let it end (quickturn canary --resume), or take it back (quickturn canary --abort).`);
}
