import { wilsonInterval, type Interval } from "../kit/quantiles";
import type { Verdict } from "./judge";

/**
 * Tails of the binomial and the hypergeometric distribution. Exact, because the normal approximation behind Wilson's
 * interval is too sure of rare events: at 30 samples it takes two failures of a service that fails in 1 % for more than
 * chance, and chance does that in 3.6 %.
 */

/** Terms below this share of the sum change nothing. */
const NEGLIGIBLE = 1e-18;

/** Chance of at least `successes` in `samples` draws that each succeed with `share`. */
export function upperTail(successes: number, samples: number, share: number): number {
  check(successes, samples, share);
  if (successes === 0) return 1;
  if (share === 0) return 0;
  if (share === 1) return 1;
  // On the other side of the peak the terms grow before they fall: the complement is summed where it falls.
  if (successes <= samples * share) return Math.max(0, 1 - lowerTail(successes - 1, samples, share));
  const odds = share / (1 - share);
  return falling(
    logTerm(successes, samples, share),
    (step) => ((samples - successes - step) / (successes + step + 1)) * odds,
  );
}

/** Chance of at most `successes` in `samples` draws that each succeed with `share`. */
export function lowerTail(successes: number, samples: number, share: number): number {
  check(successes, samples, share);
  if (successes === samples || share === 0) return 1;
  if (share === 1) return 0;
  if (successes >= samples * share) return Math.max(0, 1 - upperTail(successes + 1, samples, share));
  const odds = (1 - share) / share;
  return falling(
    logTerm(successes, samples, share),
    (step) => ((successes - step) / (samples - successes + step + 1)) * odds,
  );
}

/** Of `samples` draws, `successes` succeeded. */
export interface Draws {
  readonly successes: number;
  readonly samples: number;
}

/**
 * Fisher's exact test, one-sided: chance that of all successes of both at least so many fall to the first, if both
 * succeed equally often.
 */
export function fisherTail(first: Draws, second: Draws): number {
  check(first.successes, first.samples, 0.5);
  check(second.successes, second.samples, 0.5);
  const [all, total] = [first.successes + second.successes, first.samples + second.samples];
  const chance = (successes: number) =>
    Math.exp(logChoose(first.samples, successes) + logChoose(second.samples, all - successes) - logChoose(total, all));
  let sum = 0;
  for (let successes = first.successes; successes <= Math.min(all, first.samples); successes++) {
    const term = chance(successes);
    sum += term;
    if (successes > (all * first.samples) / total && term < sum * NEGLIGIBLE) break;
  }
  return Math.min(1, sum);
}

function falling(logFirst: number, ratio: (step: number) => number): number {
  let [term, sum] = [Math.exp(logFirst), 0];
  for (let step = 0; term > sum * NEGLIGIBLE; step++) {
    sum += term;
    term *= ratio(step);
  }
  return Math.min(1, sum);
}

const logTerm = (successes: number, samples: number, share: number): number =>
  logChoose(samples, successes) + successes * Math.log(share) + (samples - successes) * Math.log1p(-share);

const logChoose = (from: number, choose: number): number =>
  logFactorial(from) - logFactorial(choose) - logFactorial(from - choose);

/** Stirling's series from 16 on, where its fourth term is below 1e-12; products before. */
function logFactorial(value: number): number {
  if (value < 16) {
    let product = 1;
    for (let factor = 2; factor <= value; factor++) product *= factor;
    return Math.log(product);
  }
  const inverse = 1 / value;
  const square = inverse * inverse;
  const series = inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1_260 - square / 1_680)));
  return value * Math.log(value) - value + 0.5 * Math.log(2 * Math.PI * value) + series;
}

function check(successes: number, samples: number, share: number): void {
  if (!(Number.isInteger(samples) && samples >= 1))
    throw new Error(`A tail of ${samples} samples; allowed: a whole number from 1.`);
  if (!(Number.isInteger(successes) && successes >= 0 && successes <= samples))
    throw new Error(
      `A tail from ${successes} successes in ${samples} samples; allowed: a whole number from 0 to ${samples}.`,
    );
  if (!(share >= 0 && share <= 1)) throw new Error(`A tail at the share ${share}; allowed: 0 to 1.`);
}

/** Chance to fail a service that is exactly at its target. It holds for each KPI, however often a gate looks. */
export const FALSE_ABORT_SHARE = 0.005;

/** How often a gate has looked at the same growing evidence. */
export interface Looks {
  /** From 1. */
  readonly look: number;
  /** Whether there may be more: a gate that waits. */
  readonly repeated: boolean;
}

/**
 * Chance of a false abort that this look may spend. Who looks often at growing evidence sees chance cross a fixed bound
 * sooner or later; so the k-th look spends a 1 / (k (k + 1)) of the whole, and all looks together, however many they
 * are, no more than the whole (union bound: it does not matter how the looks depend on each other).
 */
export function spendableChance({ look, repeated }: Looks): number {
  if (!(Number.isInteger(look) && look >= 1)) throw new Error(`The look is ${look}; allowed: a whole number from 1.`);
  return repeated ? FALSE_ABORT_SHARE / (look * (look + 1)) : FALSE_ABORT_SHARE;
}

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

/** Chance to pass a service that is as bad as {@link toleratedShare}. */
const FALSE_PASS_SHARE = 0.05;
const CONFIDENCE = 0.95;

/**
 * - fail: so many bad ones, or more, come by chance with at most `falseAbort` while the service is exactly at what is
 * allowed.
 * - pass: the observed share is within what is allowed, there are `minimumSamples`, and a service that is far beyond
 *   ({@link toleratedShare}) would look so good with at most 5 %. Without a failure that is 29 samples for an allowed 1 %.
 * - inconclusive: everything between. More samples decide.
 * Events are taken to fail independently of one another; where they fail in bursts the chances are larger than they
 * say.
 */
export function judgeRate({ bad, samples }: Rate, rule: RateRule): RateFinding {
  const needed = samplesToPass(bad, rule);
  if (samples === 0) return { verdict: "inconclusive", interval: null, needed };
  const interval = wilsonInterval(bad, samples, CONFIDENCE);
  // The tail alone keeps the promise; the interval is what a person is shown.
  if (bad / samples > rule.allowed && upperTail(bad, samples, rule.allowed) <= rule.falseAbort)
    return { verdict: "fail", interval, needed };
  return { verdict: passes({ bad, samples }, rule) ? "pass" : "inconclusive", interval, needed };
}

/** What a pass must exclude: ten times what is allowed, but no more than ten points above it, and no less than 1 %. */
export function toleratedShare(allowed: number): number {
  return Math.min(1, Math.max(0.01, Math.min(10 * allowed, allowed + 0.1)));
}

function passes({ bad, samples }: Rate, { allowed, minimumSamples }: RateRule): boolean {
  if (samples < Math.max(1, minimumSamples) || bad / samples > allowed) return false;
  return allowed >= 1 || lowerTail(bad, samples, toleratedShare(allowed)) <= FALSE_PASS_SHARE;
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
