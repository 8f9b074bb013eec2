import { SETTINGS } from "../../stacks/contract/settings";
import { DEFAULT_USAGE } from "../cost/usage";
import { UsageError } from "../kit/context";
import { checkTfvarsPath, parseNumber, parseNumberFromZero, parseRegion, toOptionName } from "../kit/given-setting";
import { STRATEGIES, type Strategy } from "./verdict";

/** What `quickturn tune` is given. */
export interface TuneOptions {
  readonly function: TunedFunction;
  readonly strategy: Strategy;
  /** Path of saved runs, or of a log with REPORT lines, or `-`: nothing is measured. */
  readonly replay?: string;
  /** Region whose prices count in a replay. Default: us-east-1. */
  readonly region?: string;
  /** Sizes in MiB, separated by commas. */
  readonly sizes?: string;
  /** Warm runs of each size. Default: 20. */
  readonly runs?: string;
  /** Most dollars that the runs may cost. Default: 5. */
  readonly budgetUsd?: string;
  /** Dollars that a run costs outside of Lambda. Default: 0. */
  readonly runUsd?: string;
  /** Runs at once. Default: 1. */
  readonly concurrency?: string;
  /** Prompts of the worker's runs, taken in turn. */
  readonly prompt: readonly string[];
  /** For the front door: JSON file of an event, or of several with their weights. */
  readonly payload?: string;
  /** Share of runs that start cold. Default: the cost model's share for the function. */
  readonly coldShare?: string;
  readonly seed: number;
  /** Folder of an initialized stack, or a file with its outputs. Default: the project's own stack. */
  readonly state?: string;
  /** Where to write the setting. Default: nowhere. */
  readonly write?: string;
  /** Where to write the runs, for `replay`. Default: nowhere. */
  readonly save?: string;
  /** Where to write the page. Default: nowhere. */
  readonly html?: string;
  /** Removes what a killed tuning left, and does nothing else. */
  readonly cleanup: boolean;
}

/** The functions whose memory is a setting, with the output of the name, and the setting. */
export const TUNED_FUNCTIONS = {
  worker: { nameOutput: "worker_function_name", memorySetting: "memory_size" },
  api: { nameOutput: "api_function_name", memorySetting: "api_memory_size" },
} as const;
export type TunedFunction = keyof typeof TUNED_FUNCTIONS;

/** Options that only a measuring uses. */
const MEASURING_OPTIONS = [
  "sizes",
  "runs",
  "budgetUsd",
  "runUsd",
  "concurrency",
  "payload",
  "state",
  "save",
  "prompt",
  "cleanup",
] as const satisfies readonly (keyof TuneOptions)[];

/** Refuses options that contradict each other, before anything is read. */
export function checkTuneOptions(options: TuneOptions): void {
  const { strategy, function: tuned, write, replay, region } = options;
  if (!STRATEGIES.includes(strategy))
    throw new UsageError(`--strategy is ${String(strategy)}; allowed: ${STRATEGIES.join(", ")}.`);
  if (!(tuned in TUNED_FUNCTIONS))
    throw new UsageError(`--function is ${String(tuned)}; allowed: ${Object.keys(TUNED_FUNCTIONS).join(", ")}.`);
  checkTfvarsPath("write", write);
  if (replay === undefined && region !== undefined)
    throw new UsageError(
      `--region is ${region} without --replay; a measuring uses the deployment's own region. Leave it out.`,
    );
  if (region !== undefined) parseRegion("region", region);
  if (replay !== undefined) refuseMeasuringOptions(options);
  else if (!options.cleanup) checkPayload(options);
}

function refuseMeasuringOptions(options: TuneOptions): void {
  const given = MEASURING_OPTIONS.filter((name) => {
    const value = options[name];
    return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false;
  });
  if (given.length > 0)
    throw new UsageError(
      `--replay was given with ${given.map(toOptionName).join(", ")}; ` +
        "allowed: one of them, because a replay measures nothing.",
    );
}

function checkPayload({ function: tuned, prompt, payload }: TuneOptions): void {
  if (tuned === "worker" && (prompt.length === 0 || payload !== undefined))
    throw new UsageError(
      "The worker is measured by real runs: give --prompt <text> (again for several, taken in turn), and no " +
        "--payload. Each run asks the agents; --run-usd says what that costs. Without agents: --replay <file>.",
    );
  if (tuned === "api" && (payload === undefined || prompt.length > 0))
    throw new UsageError(
      "The front door is measured by events: give --payload <file>, and no --prompt. Allowed: a JSON event as API " +
        'Gateway sends it, or [{"payload": …, "weight": 2}, …].',
    );
}

const DEFAULT_SIZES_MIB = [512, 1_024, 1_769, 3_072];

/** Reads the sizes to measure in MiB, the smallest first; each is within the setting's limits. */
export function readSizes(
  { sizes, function: tuned }: Pick<TuneOptions, "sizes" | "function">,
  currentMiB: number,
): readonly number[] {
  if (sizes === undefined) return [...new Set([...DEFAULT_SIZES_MIB, currentMiB])].sort((left, right) => left - right);
  const { minimum, maximum } = findLimits(TUNED_FUNCTIONS[tuned].memorySetting);
  const given = sizes.split(",").map((size) => (/^\s*\d+\s*$/.test(size) ? Number(size) : NaN));
  const isWrong = given.some((size) => !(size >= minimum && size <= maximum));
  if (isWrong || new Set(given).size !== given.length || given.length < 2)
    throw new UsageError(
      `--sizes is ${JSON.stringify(sizes)}; allowed: at least two different whole numbers from ${minimum} to ` +
        `${maximum}, separated by commas, such as 512,1024,1769,3072.`,
    );
  return given.sort((left, right) => left - right);
}

function findLimits(name: string): { readonly minimum: number; readonly maximum: number } {
  const setting = SETTINGS.find((each) => each.name === name);
  if (setting?.type !== "number") throw new Error(`The setting ${name} is no number.`);
  return setting;
}

/** Reads an option that is a whole number within limits. */
export function readWholeNumber(
  option: string,
  text: string | undefined,
  { fallback, minimum, maximum }: { readonly fallback: number; readonly minimum: number; readonly maximum: number },
): number {
  const value = parseNumber(option, text, fallback);
  if (!Number.isInteger(value) || value < minimum || value > maximum)
    throw new UsageError(
      `--${option} is ${JSON.stringify(text)}; allowed: a whole number from ${minimum} to ${maximum}.`,
    );
  return value;
}

/** Reads the share of cold starts, from 0 to 1. */
export function readColdShare({ coldShare, function: tuned }: Pick<TuneOptions, "coldShare" | "function">): number {
  const { worker_cold_start_share: worker, front_door_cold_start_share: frontDoor } = DEFAULT_USAGE;
  const share = parseNumberFromZero("cold-share", coldShare, tuned === "worker" ? worker : frontDoor);
  if (share > 1)
    throw new UsageError(`--cold-share is ${JSON.stringify(coldShare)}; allowed: a share from 0 to 1, such as 0.05.`);
  return share;
}
