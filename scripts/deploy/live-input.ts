import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { join, relative } from "node:path";
import type { Release, RollbackRecord } from "../../stacks/contract/settings";
import { variableName } from "../kit/given-setting";
import { isShifted, LIVE_SETTINGS, liveDocument } from "./release";
import { keptValues, namesGivenByHand } from "./kept-values";
import { writeAtomically, ownFile } from "../kit/files";
import type { PlanInput, Terraform } from "../kit/terraform";
import { UsageError, type CommandContext } from "../kit/context";
import { deploymentFolder, settingsFile, synthFolder, type Whose } from "../kit/deployment-folder";
import { checkSettings, environmentSettings, withGivenRegion } from "./given-now";
import { declaredVariables, type StackOptions } from "../kit/prepared-terraform";
import { stackDirectory } from "../kit/synth";
import { givenTexts } from "../kit/var-file";
import {
  describeRelease,
  dropOverriddenPins,
  liveRelease,
  removeLiveCopy,
  settingsOutput,
  writeLiveFile,
  type Outputs,
} from "./live-file";
import type { Plan } from "./plan";

/** While this file exists, terraform leaves the functions alone: a canary plans with it. */
export const ALIASES_OVERRIDE = "aliases_override.tf.json";

/** Var-file of what is live. */
const LIVE_FILE = "live.planned.tfvars.json";
/** Var-file of what was given by hand before. */
const KEPT_FILE = "kept.planned.tfvars.json";

/** Settings that hold a function at a version. */
const PINS: readonly string[] = ["live_version", "api_live_version"];

/** Folder that terraform runs in. */
const liveStackDirectory = (context: Whose): string => stackDirectory(synthFolder(context), "agent-api");

type Place = Whose & Pick<CommandContext, "environment">;

/** What becomes of the values that were given by hand before. */
export interface GivenBefore {
  /** Settings whose earlier value no longer counts. Default: none. */
  readonly reset?: readonly string[];
}

/** What a person wants planned. */
type WantedInput = PlanInput &
  StackOptions &
  GivenBefore & {
    /** The rollback to a profile, if it is one. */
    readonly rollback?: Omit<RollbackRecord, "aside">;
  };

export interface ResolvedInput {
  /** Earlier values and what is live come first, so that files and variables given now overrule them. */
  readonly input: PlanInput;
  /** null where nothing was ever pinned or released. */
  readonly release: Release | null;
  /** What a person should know of the release; undefined where it decides nothing. */
  readonly note: string | undefined;
  /** Which values are no defaults, and where they come from; undefined where there are none. */
  readonly origin: string | undefined;
}

/**
 * Completes a plan's input by earlier values and by what is live: otherwise an apply from a fresh checkout would drop
 * what somebody gave, and make a version live that was rolled back. Brings the live file up to date with the state.
 */
export async function resolveInput(context: Place, terraform: Terraform, wanted: WantedInput): Promise<ResolvedInput> {
  // Only this stack has versions and a settings file.
  if (wanted.stack !== undefined && wanted.stack !== "agent-api") {
    const hasRegion = declaredVariables(terraform.directory).includes("aws_region");
    const input = hasRegion ? withGivenRegion(wanted, undefined, context.environment) : wanted;
    return { input, release: null, note: undefined, origin: undefined };
  }
  const directory = liveStackDirectory(context);
  // A killed canary may have left it, and no function would change.
  rmSync(join(directory, ALIASES_OVERRIDE), { force: true });
  const outputs = await terraform.output();
  const found = syncLiveFile(context, outputs);
  const unpinned = (wanted.reset ?? []).filter((name) => PINS.includes(name)).map((name) => `${name}=null`);
  const vars = [...(wanted.vars ?? []), ...unpinned];
  const { input, isGiven, origin } = addGivenValues({ context, terraform, outputs, wanted: { ...wanted, vars } });
  const release = found && dropOverriddenPins(found, input.vars, randomUUID());
  const resolved = {
    input: release === null ? { ...input, vars: splitVars(input.vars).others } : addLive(input, release, directory),
    release,
    note: release === null ? undefined : describeRelease(release),
    origin,
  };
  // Earlier values were checked when they were given.
  if (isGiven) await checkSettings(terraform, resolved.input);
  return resolved;
}

/** A plan's input whose first var-files hold earlier values. */
type InputWithEarlier = PlanInput & {
  readonly vars: readonly string[];
  readonly varFiles: readonly string[];
  /** Number of var-files that hold earlier values. */
  readonly earlierFiles: number;
};

/** Adds what is live after the earlier values and before the files of the person. */
function addLive(
  { vars, varFiles, earlierFiles, ...input }: InputWithEarlier,
  release: Release,
  directory: string,
): PlanInput {
  const { unpinned, others } = splitVars(vars);
  const path = join(directory, ownFile(directory, LIVE_FILE));
  // Null must be in a file: --var takes none for a number, and the copy in the stack's folder would still pin.
  const freed = Object.fromEntries(unpinned.map((name) => [name, null]));
  writeAtomically(path, JSON.stringify({ ...freed, ...liveDocument(release) }, null, 2));
  return { ...input, vars: others, varFiles: varFiles.toSpliced(earlierFiles, 0, path) };
}

/** What {@link addGivenValues} starts from. */
interface InputQuestion {
  readonly context: Place;
  readonly terraform: Pick<Terraform, "directory">;
  /** Of what is applied. */
  readonly outputs: Outputs;
  readonly wanted: WantedInput;
}

interface GivenInput {
  readonly input: InputWithEarlier;
  /** Whether the environment's file or the person gives anything now. */
  readonly isGiven: boolean;
  /** See {@link ResolvedInput}. */
  readonly origin: string | undefined;
}

/**
 * Adds the values of the environment's file, and those given by hand before.
 * @throws UsageError where a value is reset that nobody gave
 */
export function addGivenValues({ context, terraform, outputs, wanted }: InputQuestion): GivenInput {
  const { reset = [], rollback, vars: givenVars = [], varFiles = [], refresh } = wanted;
  const names = declaredVariables(terraform.directory);
  const file = environmentSettings(context, names);
  const committed = Object.keys(file).length === 0 ? [] : [settingsFile(context)];
  const region = settingsOutput(outputs)["aws_region"];
  const inputOfFile = { vars: givenVars, varFiles: [...committed, ...varFiles] };
  const { vars } = names.includes("aws_region")
    ? withGivenRegion(inputOfFile, region, context.environment)
    : inputOfFile;
  const { unpinned, others } = splitVars(vars);
  const now = givenTexts({ vars: others, varFiles }, context.environment).map(({ name }) => name);
  const filePath = relative(deploymentFolder(context), settingsFile(context));
  const question = { outputs, file, filePath, now, rollback };
  refuseNotGiven(reset, namesGivenByHand(question));
  const { kept, provenance, lines } = keptValues({ ...question, reset: [...reset, ...unpinned] });
  const path = join(terraform.directory, ownFile(terraform.directory, KEPT_FILE));
  // An older configuration may not declare all of them.
  const declared = Object.entries({ ...kept, provenance }).filter(([name]) => names.includes(name));
  writeAtomically(path, JSON.stringify(Object.fromEntries(declared), null, 2));
  return {
    input: { refresh, vars, varFiles: [...committed, path, ...varFiles], earlierFiles: committed.length + 1 },
    isGiven: now.length + committed.length > 0,
    origin: lines.length === 0 ? undefined : lines.join("\n"),
  };
}

/** Separates `live_version=null` and its like, by which a function follows its newest version again. */
function splitVars(vars: readonly string[]): { readonly unpinned: string[]; readonly others: string[] } {
  const isUnpinning = (text: string) => PINS.some((name) => text === `${name}=null`);
  return {
    unpinned: vars.filter(isUnpinning).map(variableName),
    others: vars.filter((text) => !isUnpinning(text)),
  };
}

function refuseNotGiven(reset: readonly string[], given: readonly string[]): void {
  const wrong = reset.filter((name) => !LIVE_SETTINGS.includes(name) && !given.includes(name));
  if (wrong.length > 0)
    throw new UsageError(
      `--reset ${wrong.join(", ")}: nobody gave that by hand, so there is nothing to take back. ` +
        `Given by hand: ${given.length === 0 ? "nothing" : [...given].sort().join(", ")}.`,
    );
}

/** Brings the live file up to date with what was applied. */
export function updateLiveFile(context: Whose, { release }: ResolvedInput, outputs: Outputs): void {
  if (release !== null) syncLiveFile(context, outputs);
}

function syncLiveFile(context: Whose, outputs: Outputs): Release | null {
  const [{ release }, directory] = [liveRelease(context, outputs), liveStackDirectory(context)];
  if (release === null) removeLiveCopy(directory);
  else writeLiveFile(context, directory, release);
  return release;
}

/** Refuses a new version during a canary, whose share of the traffic would go to a version that nobody watches. */
export function refuseDuringCanary({ release }: ResolvedInput, { publishes }: Plan): void {
  if (publishes.length === 0 || !isShifted(release)) return;
  throw new UsageError(
    `The plan publishes a version of the ${publishes.join(" and the ")}, and a canary is on its way since ` +
      `${release?.canary?.started_at}: its share would go to the version that nobody watches. Nothing was applied. ` +
      "Let it end (quickturn canary --resume), or take it back (quickturn canary --abort).",
  );
}
