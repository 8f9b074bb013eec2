import { wilson, type Interval } from "../statistics/intervals";
import { lowerTail, upperTail } from "./binomial";
import type { Verdict } from "./verdict";

/** Events of which some are bad. */
export interface Rate {
  /** Whole number from 0 to `samples`. */
  readonly bad: number;
  /** Whole number from 0. */
  readonly samples: number;
}

export interface RateRule {
  /** Share of bad ones that is allowed, 0 to 1. */
  readonly allowed: number;
  /** Fewer samples never pass. */
  readonly minimumSamples: number;
  /** Chance to fail a service that is exactly at `allowed`. */
  readonly falseAbort: number;
}

export interface RateFinding {
  readonly verdict: Exclude<Verdict, "error">;
  /** Of the share of bad ones, two-sided 95 % (Wilson); null without samples. */
  readonly interval: Interval | null;
  /** Samples from which on so many bad ones pass; null where the allowed share is 1. */
  readonly needed: number;
}

/** Chance to pass a service that is as bad as {@link tolerated}. */
export const FALSE_PASS_SHARE = 0.05;
const CONFIDENCE = 0.95;

/**
 * - fail: so many bad ones, or more, come by chance with at most `falseAbort` while the service is exactly at what is
 * allowed.
 * - pass: the observed share is within what is allowed, there are `minimumSamples`, and a service that is far beyond
 *   ({@link tolerated}) would look so good with at most 5 %. Without a failure that is 29 samples for an allowed 1 %.
 * - inconclusive: everything between. More samples decide.
 * Events are taken to fail independently of one another; where they fail in bursts the chances are larger than they
 * say.
 */
export function judgeRate({ bad, samples }: Rate, rule: RateRule): RateFinding {
  const needed = samplesToPass(bad, rule);
  if (samples === 0) return { verdict: "inconclusive", interval: null, needed };
  const interval = wilson(bad, samples, CONFIDENCE);
  // The tail alone keeps the promise; the interval is what a person is shown.
  if (bad / samples > rule.allowed && upperTail(bad, samples, rule.allowed) <= rule.falseAbort)
    return { verdict: "fail", interval, needed };
  return { verdict: passes({ bad, samples }, rule) ? "pass" : "inconclusive", interval, needed };
}

/** What a pass must exclude: ten times what is allowed, but no more than ten points above it, and no less than 1 %. */
export function tolerated(allowed: number): number {
  return Math.min(1, Math.max(0.01, Math.min(10 * allowed, allowed + 0.1)));
}

function passes({ bad, samples }: Rate, { allowed, minimumSamples }: RateRule): boolean {
  if (samples < Math.max(1, minimumSamples) || bad / samples > allowed) return false;
  return allowed >= 1 || lowerTail(bad, samples, tolerated(allowed)) <= FALSE_PASS_SHARE;
}

/** Samples from which on `bad` of them pass; Infinity where none of them may be bad. */
export function samplesToPass(bad: number, rule: RateRule): number {
  if (rule.allowed === 0 && bad > 0) return Infinity;
  const enough = (samples: number) => samples >= bad && passes({ bad, samples }, rule);
  let high = Math.max(1, rule.minimumSamples, bad);
  if (enough(high)) return high;
  while (!enough(high)) high *= 2;
  let low = Math.floor(high / 2);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (enough(middle)) high = middle;
    else low = middle;
  }
  return high;
}
