import { SETTINGS, type NumberSetting } from "../../stacks/contract/settings";
import { DEFAULT_USAGE } from "../cost/usage";
import { STRATEGIES, type Strategy } from "./verdict";
import { MIN_WARM_RUNS } from "./size";
import { UsageError } from "../kit/context";
import { parseNumber, parseRegion } from "../kit/given-setting";

/** Functions whose memory is a setting. */
export const TUNED_FUNCTIONS = ["worker", "api"] as const;
export type TunedFunction = (typeof TUNED_FUNCTIONS)[number];

/** What `quickturn tune` is given. */
export interface TuneOptions {
  readonly function: TunedFunction;
  readonly strategy: Strategy;
  /** Path of saved runs, or of a log with REPORT lines, or `-`: nothing is measured. */
  readonly replay?: string;
  /** Region whose prices count in a replay. Default: us-east-1. */
  readonly region?: string;
  /** Sizes in MiB with commas between. */
  readonly sizes?: string;
  /** Warm runs of each size. Default: 20. */
  readonly runs?: string;
  /** Dollars that must not be passed. Default: 5. */
  readonly budgetUsd?: string;
  /** Dollars of what a run asks of others. Default: 0. */
  readonly runUsd?: string;
  /** Runs at once. Default: 1. */
  readonly concurrency?: string;
  /** For the worker: prompts, taken in turn. */
  readonly prompt: readonly string[];
  /** For the front door: JSON file of an event, or of several with their weights. */
  readonly payload?: string;
  /** Share of runs that start cold. Default: that of the cost model for the function. */
  readonly coldShare?: string;
  readonly seed: number;
  /** Folder of an initialized stack, or a file with its outputs. Default: the project's own. */
  readonly state?: string;
  /** Where to write the setting. */
  readonly write?: string;
  /** Where to write the runs, for `replay`. */
  readonly save?: string;
  /** Where to write the page. */
  readonly html?: string;
  /** Removes what a killed tuning left, and nothing else. */
  readonly cleanup: boolean;
}

/** Names of each function's outputs and settings. */
export const OF_FUNCTION: Readonly<
  Record<
    TunedFunction,
    {
      readonly name: string;
      readonly memory: string;
      readonly reserved: string | null;
      readonly timeout: string | null;
    }
  >
> = {
  worker: {
    name: "worker_function_name",
    memory: "memory_size",
    reserved: "reserved_concurrent_executions",
    timeout: "timeout",
  },
  api: { name: "api_function_name", memory: "api_memory_size", reserved: null, timeout: null },
};

/** Refuses what contradicts itself before anything is read. */
export function checkTuneOptions(options: TuneOptions): void {
  if (!STRATEGIES.includes(options.strategy))
    throw new UsageError(`--strategy is ${String(options.strategy)}; allowed: ${STRATEGIES.join(", ")}.`);
  if (!TUNED_FUNCTIONS.includes(options.function))
    throw new UsageError(`--function is ${String(options.function)}; allowed: ${TUNED_FUNCTIONS.join(", ")}.`);
  if (options.write !== undefined && !options.write.endsWith(".tfvars"))
    throw new UsageError(
      `--write is ${options.write}; allowed: a file that ends on .tfvars, which is how Terraform knows its format.`,
    );
  const measures = (
    ["sizes", "runs", "budgetUsd", "runUsd", "concurrency", "payload", "state", "save"] as const
  ).filter((name) => options[name] !== undefined);
  const given = [
    ...measures,
    ...(options.prompt.length > 0 ? ["prompt"] : []),
    ...(options.cleanup ? ["cleanup"] : []),
  ];
  if (options.replay !== undefined && given.length > 0)
    throw new UsageError(
      `--replay was given with ${given.map(dashed).join(", ")}; allowed: one of them, because a replay measures nothing.`,
    );
  if (options.replay === undefined && options.region !== undefined)
    throw new UsageError(
      `--region is ${options.region} without --replay; the deployment's own region counts. Leave it out.`,
    );
  if (options.region !== undefined) parseRegion("region", options.region);
  if (options.replay !== undefined || options.cleanup) return;
  if (options.function === "worker" && (options.prompt.length === 0 || options.payload !== undefined))
    throw new UsageError(
      `The worker is measured by real runs: give --prompt <text> (again for several, taken in turn), and no --payload. Each run asks the agents; --run-usd says what that costs. Without agents: --replay <file>.`,
    );
  if (options.function === "api" && (options.payload === undefined || options.prompt.length > 0))
    throw new UsageError(
      `The front door is measured by events: give --payload <file>, and no --prompt. Allowed: a JSON event as API Gateway sends it, or [{"payload": …, "weight": 2}, …].`,
    );
}

const dashed = (name: string): string => `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** The sizes to measure, the smallest first, each within the setting's limits. */
export function sizesOf(
  { sizes, function: of }: Pick<TuneOptions, "sizes" | "function">,
  currentMiB: number,
): readonly number[] {
  const { minimum, maximum } = SETTINGS.find(({ name }) => name === OF_FUNCTION[of].memory) as NumberSetting;
  if (sizes === undefined)
    return [...new Set([512, 1_024, 1_769, 3_072, currentMiB])].sort((left, right) => left - right);
  const given = sizes.split(",").map((size) => (/^\s*\d+\s*$/.test(size) ? Number(size) : NaN));
  const wrong = given.some((size) => !(size >= minimum && size <= maximum));
  if (wrong || new Set(given).size !== given.length || given.length < 2)
    throw new UsageError(
      `--sizes is ${JSON.stringify(sizes)}; allowed: at least two different whole numbers from ${minimum} to ${maximum} with commas between, such as 512,1024,1769,3072.`,
    );
  return given.sort((left, right) => left - right);
}

/** A whole number of an option. */
export function wholeOf(
  option: string,
  text: string | undefined,
  otherwise: number,
  minimum: number,
  maximum: number,
): number {
  const value = parseNumber(option, text, otherwise);
  if (!Number.isInteger(value) || value < minimum || value > maximum)
    throw new UsageError(
      `--${option} is ${JSON.stringify(text)}; allowed: a whole number from ${minimum} to ${maximum}.`,
    );
  return value;
}

export const runsOf = ({ runs }: Pick<TuneOptions, "runs">): number => wholeOf("runs", runs, 20, MIN_WARM_RUNS, 1_000);

/** From 0 to 1. */
export function coldShareOf({ coldShare, function: of }: Pick<TuneOptions, "coldShare" | "function">): number {
  const share = parseNumber(
    "cold-share",
    coldShare,
    of === "worker" ? DEFAULT_USAGE.worker_cold_start_share : DEFAULT_USAGE.front_door_cold_start_share,
    "from 0 on",
  );
  if (share > 1)
    throw new UsageError(`--cold-share is ${JSON.stringify(coldShare)}; allowed: a share from 0 to 1, such as 0.05.`);
  return share;
}
