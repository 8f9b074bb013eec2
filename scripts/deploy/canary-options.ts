import { variableName, parseDurationSeconds, parseNumber } from "../kit/given-setting";
import type { CanaryWish } from "./canary-machine";
import { FUNCTIONS, LIVE_NAMES } from "./release";
import { DEFAULT_LIMITS } from "../gate/evidence";
import { NAMED_KPIS } from "../gate/reads";
import { SLACK_SECONDS } from "../gate/window";
import type { ApplyOptions } from "./apply";
import { UsageError } from "../kit/context";
import { kpisOf } from "./canary-judge";

/** Percent of the traffic where nobody says anything: the reports' 10 %, then all of it. */
const FIRST_PERCENT = "10";

/**
 * The steps of a canary, in percent of the traffic: `10,50,100`.
 * @param weight the first step, as `--weight` gives it; without `steps` the canary goes on to 100
 * @param steps as `--steps` gives them
 * @throws Error with what was given and what is allowed
 */
export function canarySteps(weight: string | undefined, steps: string | undefined): readonly number[] {
  if (steps === undefined) {
    const first = percent("weight", weight ?? FIRST_PERCENT);
    return first === 100 ? [100] : [first, 100];
  }
  const all = steps.split(",").map((each) => percent("steps", each.trim()));
  const ascending = all.every((each, index) => index === 0 || each > (all[index - 1] ?? 0));
  if (!ascending || all.at(-1) !== 100)
    throw new Error(
      `--steps is ${JSON.stringify(steps)}; allowed: ascending percents with commas between, of which the last is 100, such as 10,50,100.`,
    );
  if (weight !== undefined && percent("weight", weight) !== all[0])
    throw new Error(
      `--weight is ${JSON.stringify(weight)} and --steps is ${JSON.stringify(steps)}; allowed: steps that begin with the weight, or one of the two.`,
    );
  return all;
}

function percent(option: string, text: string): number {
  const value = Number(text);
  if (!/^\d{1,3}(\.\d{1,2})?$/.test(text) || value <= 0 || value > 100)
    throw new Error(
      `--${option} has ${JSON.stringify(text)}; allowed: percent above 0, up to 100, with two decimals at most.`,
    );
  return value;
}

/** What `quickturn canary` is given. */
export interface CanaryOptions extends ApplyOptions {
  /** Percent of the first step. Default: 10. */
  readonly weight?: string;
  /** Percents with commas between. Default: the weight, then 100. */
  readonly steps?: string;
  /** Such as 10m: each step takes at least so long. Default: 10m. */
  readonly interval?: string;
  /** Such as 2h: each step must be decided within so long. Default: 2h. */
  readonly deadline?: string;
  /** Default: rollback. */
  readonly onInconclusive?: string;
  /** KPIs to judge; empty = all that can be told by version. */
  readonly only: readonly string[];
  /** Times the stable version's duration that is allowed. Default: 1.25. */
  readonly maxLatencyRatio?: string;
  readonly resume: boolean;
  readonly abort: boolean;
  readonly retry: boolean;
  readonly allowReplace: boolean;
}

/** Refuses what contradicts itself before anything is done. */
export function checkCanaryOptions(options: CanaryOptions): void {
  const given = ["weight", "steps", "interval", "deadline", "onInconclusive", "maxLatencyRatio"].filter(
    (name) => options[name as keyof CanaryOptions] !== undefined,
  );
  if (options.resume && options.abort) throw new UsageError("--resume was given with --abort; allowed: one of them.");
  if ((options.resume || options.abort) && (given.length > 0 || options.only.length > 0 || options.retry)) {
    throw new UsageError(
      `--${options.resume ? "resume" : "abort"} was given with ${[...given, ...(options.only.length > 0 ? ["only"] : []), ...(options.retry ? ["retry"] : [])].map((name) => `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`).join(", ")}; allowed: without them, because the canary on its way has its own.`,
    );
  }
  const live = (options.vars ?? []).map(variableName).filter((name) => LIVE_NAMES.includes(name));
  if (live.length > 0)
    throw new UsageError(`--var sets ${live.join(", ")}, and a canary sets that itself; leave it out.`);
}

/** What a person wants of a canary, all of it checked. */
export function canaryWish(options: CanaryOptions): CanaryWish {
  const onInconclusive = options.onInconclusive ?? "rollback";
  if (onInconclusive !== "rollback" && onInconclusive !== "hold")
    throw new UsageError(`--on-inconclusive is ${JSON.stringify(onInconclusive)}; allowed: rollback, hold.`);
  const names: readonly string[] = FUNCTIONS.flatMap((name) => kpisOf(name, []));
  const unknown = options.only.filter((name) => !names.includes(name));
  if (unknown.length > 0) {
    const known = NAMED_KPIS.some(({ name }) => unknown.includes(name));
    throw new UsageError(
      `--only names ${unknown.join(", ")}${known ? ", of which there is nothing by version" : ""}; allowed: ${names.join(", ")}.`,
    );
  }
  const wish = {
    interval_seconds: parseDurationSeconds("interval", options.interval ?? "10m"),
    deadline_seconds: parseDurationSeconds("deadline", options.deadline ?? "2h"),
  };
  // One period covers a window, and CloudWatch's longest is a day.
  if (wish.deadline_seconds > 79_200)
    throw new UsageError(`--deadline is ${options.deadline}; allowed: up to 22h, because one window covers a step.`);
  if (wish.interval_seconds > wish.deadline_seconds)
    throw new UsageError(
      `--interval is ${options.interval ?? "10m"} and --deadline ${options.deadline ?? "2h"}; allowed: an interval within the deadline, which is each step's.`,
    );
  return {
    ...wish,
    steps: usage(() => canarySteps(options.weight, options.steps)),
    on_inconclusive: onInconclusive,
    only: options.only,
    max_latency_ratio: parseNumber("max-latency-ratio", options.maxLatencyRatio, DEFAULT_LIMITS.maxLatencyRatio),
  };
}

/** Refuses a deadline before which nothing can be judged: every run in a window must have ended. */
export function checkDeadline(
  { deadline_seconds: deadline }: CanaryWish,
  settings: Readonly<Record<string, unknown>>,
): void {
  const needed = Number(settings["timeout"] ?? 0) + SLACK_SECONDS + 120;
  if (deadline < needed)
    throw new UsageError(
      `--deadline is ${deadline} s; allowed: at least ${needed} s (${Math.ceil(needed / 60)}m), because a step is judged by runs that have ended: the worker's time-out is ${String(settings["timeout"])} s, and CloudWatch takes ${SLACK_SECONDS} s.`,
    );
}

function usage<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}
