import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { join, relative } from "node:path";
import type { Release, RollbackRecord } from "../../stacks/contract/settings";
import { variableName } from "../kit/given-setting";
import { inEffect, withoutOverridden, isShifted, LIVE_NAMES, liveFile } from "./release";
import { givenByHand, keptValues, type Values } from "./kept-values";
import { writeAtomically, ownFile } from "../kit/files";
import type { PlanInput, Terraform } from "../kit/terraform";
import { inAskedRegion } from "./asked-region";
import { checkSettings } from "../kit/checked-settings";
import { UsageError, type CommandContext } from "../kit/context";
import type { ApplyResult } from "./apply-plan";
import { deploymentFolder, settingsFile, synthFolder, type Whose } from "../kit/deployment-folder";
import { environmentSettings, givenNames } from "./given-now";
import type { Plan } from "./write-plan";
import { declaredVariables, type StackOptions } from "../kit/prepared-terraform";
import { stackDirectory } from "../kit/synth";
import { liveRelease, writeLive } from "./live-file";

/** Makes terraform leave the functions alone, while a canary plans. */
export const ALIASES_OVERRIDE = "aliases_override.tf.json";

/** What a plan reads of what is live, and before it of what was given by hand. */
const PLANNED = "live.planned.tfvars.json";
const KEPT = "kept.planned.tfvars.json";

/** Settings that hold a function at a version. */
const PINS: readonly string[] = ["live_version", "api_live_version"];

/** A person's word that a function follows its newest version again. */
const UNPINNED = /^(api_)?live_version=null$/;

/** Folder that terraform runs in. */
export const liveStackDirectory = (context: Whose): string => stackDirectory(synthFolder(context), "agent-api");

type Place = Whose & Pick<CommandContext, "environment">;

/** What becomes of what was given by hand before. */
export interface GivenBefore {
  /** Settings whose value from before is taken back. Default: none. */
  readonly reset?: readonly string[];
}

/** What a person asks of a plan. */
export type Asked = PlanInput &
  StackOptions &
  GivenBefore & {
    /** The profile that a rollback goes to. */
    readonly rollback?: Omit<RollbackRecord, "aside">;
  };

export interface WithLive {
  /** What was given before, and what is live, come first: files and variables that are given now win. */
  readonly input: PlanInput;
  /** null where nothing was ever pinned or released. */
  readonly release: Release | null;
  /** What a person is to know of it; undefined where it decides nothing. */
  readonly note: string | undefined;
  /** Where the values come from that are no default; undefined where there are none. */
  readonly origin: string | undefined;
}

/**
 * Adds what was given before and what is live to a plan's input: else an apply from a fresh checkout would take away
 * what somebody gave, and make a version live that was rolled back. The region is the one that the person asks for. The
 * live file is made what the state says; a pin that `--var` overrides is forgotten with the apply.
 */
export async function withLive(context: Place, terraform: Terraform, asked: Asked): Promise<WithLive> {
  // Other stacks have no versions, and no file.
  if (asked.stack !== undefined && asked.stack !== "agent-api") {
    const input = declaredVariables(terraform.directory).includes("aws_region")
      ? inAskedRegion(asked, undefined, context.environment)
      : asked;
    return { input, release: null, note: undefined, origin: undefined };
  }
  const directory = liveStackDirectory(context);
  // A canary's run that was killed may have left it, and with it no function would change.
  rmSync(join(directory, ALIASES_OVERRIDE), { force: true });
  const outputs = await terraform.output();
  const chosen = liveRelease(context, outputs);
  writeLive(context, directory, chosen.release);
  const freed = (asked.reset ?? []).filter((name) => PINS.includes(name)).map((name) => `${name}=null`);
  const { input, isGiven, origin } = givenInput(
    context,
    terraform,
    { ...asked, vars: [...(asked.vars ?? []), ...freed] },
    outputs,
  );
  const release = chosen.release === null ? null : withoutOverridden(chosen.release, input.vars ?? [], randomUUID());
  const live = {
    input: release === null ? { ...input, vars: parted(input.vars)[1] } : pinnedInput(input, release, directory),
    release,
    note: release === null ? undefined : inEffect({ ...chosen, release }),
    origin,
  };
  // What was kept was judged when it was given.
  if (isGiven) await checkSettings(terraform, live.input);
  return live;
}

/** With what is live before the files of the person. */
function pinnedInput(
  { vars, varFiles = [], ...input }: GivenPlanInput,
  release: Release,
  directory: string,
): PlanInput {
  const path = join(directory, ownFile(directory, PLANNED));
  // Terraform takes no null for a number from --var; and where the file said nothing, the copy in the stack's folder
  // would still pin.
  const [freed, given] = parted(vars);
  writeAtomically(
    path,
    JSON.stringify(
      { ...Object.fromEntries(freed.map((name) => [name, null])), ...(JSON.parse(liveFile(release)) as object) },
      null,
      2,
    ),
  );
  return {
    ...input,
    vars: given,
    varFiles: [...varFiles.slice(0, input.before), path, ...varFiles.slice(input.before)],
  };
}

/**
 * The input with what was given before: by the environment's file, and by hand.
 * @param outputs of what is applied
 * @throws UsageError where something is taken back that nobody gave
 */
export function givenInput(
  context: Place,
  terraform: Pick<Terraform, "directory" | "environment">,
  asked: Asked,
  outputs: Values,
): {
  readonly input: GivenPlanInput;
  /** By the file or now. */ readonly isGiven: boolean;
  readonly origin: string | undefined;
} {
  const { reset = [], rollback, vars: asVars, varFiles: asFiles, refresh } = asked;
  const plan: PlanInput = {
    ...(asVars && { vars: asVars }),
    ...(asFiles && { varFiles: asFiles }),
    ...(refresh !== undefined && { refresh }),
  };
  const names = declaredVariables(terraform.directory);
  const file = environmentSettings(context, names);
  const committed = Object.keys(file).length === 0 ? [] : [settingsFile(context)];
  const inFile = { ...plan, varFiles: [...committed, ...(plan.varFiles ?? [])] };
  const input = names.includes("aws_region")
    ? inAskedRegion(inFile, (outputs["settings"] as Values | undefined)?.["aws_region"], context.environment)
    : inFile;
  const [freed, vars] = parted(input.vars ?? []);
  const now = givenNames({ vars, varFiles: plan.varFiles ?? [] }, context.environment);
  const question = {
    outputs,
    file,
    filePath: relative(deploymentFolder(context), settingsFile(context)),
    now,
    ...(rollback && { rollback }),
  };
  refuseNotGiven(reset, givenByHand(question));
  const { kept, provenance, lines } = keptValues({ ...question, reset: [...reset, ...freed] });
  const path = join(terraform.directory, ownFile(terraform.directory, KEPT));
  writeAtomically(
    path,
    JSON.stringify(
      {
        ...Object.fromEntries(Object.entries(kept).filter(([name]) => names.includes(name))),
        ...(names.includes("provenance") && { provenance }),
      },
      null,
      2,
    ),
  );
  return {
    input: {
      ...input,
      vars: input.vars ?? [],
      varFiles: [...committed, path, ...(plan.varFiles ?? [])],
      before: committed.length + 1,
    },
    isGiven: now.length + committed.length > 0,
    origin: lines.length === 0 ? undefined : lines.join("\n"),
  };
}

/** Names that follow their newest version again, and all other variables. */
function parted(vars: readonly string[]): [readonly string[], readonly string[]] {
  return [vars.filter((each) => UNPINNED.test(each)).map(variableName), vars.filter((each) => !UNPINNED.test(each))];
}

type GivenPlanInput = PlanInput & {
  readonly vars: readonly string[];
  /** How many of the var-files are of what was given before. */
  readonly before: number;
};

function refuseNotGiven(reset: readonly string[], given: readonly string[]): void {
  const wrong = reset.filter((name) => !LIVE_NAMES.includes(name) && !given.includes(name));
  if (wrong.length > 0)
    throw new UsageError(
      `--reset ${wrong.join(", ")}: nobody gave that by hand, so that nothing is to be taken back. Given by hand: ${given.length === 0 ? "nothing" : [...given].sort().join(", ")}.`,
    );
}

/** Makes the live file what was applied. */
export function keptLive(context: Whose, { release }: WithLive, result: ApplyResult): ApplyResult {
  const { outputs } = result.json;
  if (release !== null && outputs !== undefined)
    writeLive(context, liveStackDirectory(context), liveRelease(context, outputs).release);
  return result;
}

/** Refuses a new version while a canary is on its way: the share would go to a version that nobody looks at. */
export function refuseDuringCanary({ release }: WithLive, { publishes }: Plan): void {
  if (publishes.length === 0 || !isShifted(release)) return;
  throw new UsageError(
    `The plan publishes a version of the ${publishes.join(" and the ")}, and a canary is on its way since ${release?.canary?.started_at}: its share would go to the version that nobody watches. Nothing was applied. Let it end (quickturn canary --resume), or take it back (quickturn canary --abort).`,
  );
}
