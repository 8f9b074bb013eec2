import type { Verdict } from "./verdict";

/**
 * A value of which only its size and its number of samples are known: a mean, a cost, a percentile without its rank.
 */
export interface Level {
  readonly value: number;
  readonly samples: number;
}

export interface LevelRule {
  /** At most this; with `better` higher at least. */
  readonly bound: number;
  readonly better: "lower" | "higher";
  /** Fewer decide nothing. */
  readonly minimumSamples: number;
  /** Fewer never pass. */
  readonly samplesToPass: number;
  /** From so many on the value alone decides. */
  readonly enoughSamples: number;
}

/** Beyond the bound by this factor, few samples decide too. */
export const FAR_FACTOR = 2;
/** Below so many, nothing about a level is said. */
export const FEWEST_FOR_A_LEVEL = 20;
/** From so many on a mean alone decides: its error is then some percent of the spread. */
export const ENOUGH_FOR_A_MEAN = 200;

/**
 * CloudWatch tells no spread, so there is no interval; this is a rule of thumb, and says so. Within the bound and
 * `samplesToPass`: pass. Beyond it: fail with `enoughSamples`, or with `minimumSamples` where it is {@link FAR_FACTOR}
 * times beyond (P95 of 20 samples is off by -40 to +28 %; a mean of 20 by less). Everything else: inconclusive.
 */
export function judgeLevel(
  { value, samples }: Level,
  { bound, better, minimumSamples, samplesToPass, enoughSamples }: LevelRule,
): Exclude<Verdict, "error"> {
  const beyond = better === "lower" ? value > bound : value < bound;
  if (samples < Math.max(1, minimumSamples)) return "inconclusive";
  if (!beyond) return samples >= samplesToPass ? "pass" : "inconclusive";
  const far = better === "lower" ? value > bound * FAR_FACTOR : value * FAR_FACTOR < bound;
  return far || samples >= enoughSamples ? "fail" : "inconclusive";
}
