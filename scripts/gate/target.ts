import { samplesForPercentile, type Kpi } from "../../stacks/contract/settings";
import { lowerTail, upperTail, wilsonInterval, type Interval } from "../kit/quantiles";
import type { Looks } from "./evidence";
import type { Finding, Verdict } from "./judge";
import type { KpiMeasured } from "./measured";

/** Chance to fail a service that is exactly at its target. It holds for each KPI, however often a gate looks. */
export const FALSE_ABORT_SHARE = 0.005;
/** Chance to pass a service that is as bad as {@link toleratedShare}. */
const FALSE_PASS_SHARE = 0.05;
const CONFIDENCE = 0.95;

/**
 * Chance of a false abort that this look may spend. Who looks often at growing evidence sees chance cross a fixed bound
 * sooner or later; so the k-th look spends a 1 / (k (k + 1)) of the whole, and all looks together, however many they
 * are, no more than the whole (union bound: it does not matter how the looks depend on each other).
 */
export function spendableChance({ look, repeated }: Looks): number {
  if (!(Number.isInteger(look) && look >= 1)) throw new Error(`The look is ${look}; allowed: a whole number from 1.`);
  return repeated ? FALSE_ABORT_SHARE / (look * (look + 1)) : FALSE_ABORT_SHARE;
}

/** Events of which some are bad; both are whole numbers. */
interface Rate {
  readonly bad: number;
  readonly samples: number;
}

/** What a share of bad events is held against. */
interface RateRule {
  /** Share of bad ones that is allowed, 0 to 1. */
  readonly allowed: number;
  /** Fewer samples never pass. */
  readonly minimumSamples: number;
  /** Chance to fail a service that is exactly at `allowed`. */
  readonly falseAbort: number;
}

/** What a share of bad events was found to be. */
export interface RateFinding {
  readonly verdict: Exclude<Verdict, "error">;
  /** Of the share of bad ones, two-sided 95 % (Wilson); null without samples. */
  readonly interval: Interval | null;
  /** Samples from which on so many bad ones pass; Infinity where none of them may be bad. */
  readonly needed: number;
}

/**
 * Judges a share of bad events:
 * - fail: so many bad ones, or more, come by chance with at most `falseAbort` while the service is exactly at what is
 *   allowed.
 * - pass: the observed share is within what is allowed, there are `minimumSamples`, and a service that is far beyond
 *   ({@link toleratedShare}) would look so good with at most 5 %. For an allowed 1 % that takes 29 samples without a
 *   failure.
 * - inconclusive: everything between. More samples decide.
 *
 * Events are taken to fail independently of one another; where they fail in bursts the chances are larger than stated.
 */
export function judgeRate({ bad, samples }: Rate, rule: RateRule): RateFinding {
  const needed = samplesToPass(bad, rule);
  if (samples === 0) return { verdict: "inconclusive", interval: null, needed };
  const tally = { successes: bad, samples };
  // The tail alone keeps the promise; the interval is what a person is shown.
  const fails = bad / samples > rule.allowed && upperTail(tally, rule.allowed) <= rule.falseAbort;
  const verdict = fails ? "fail" : passes({ bad, samples }, rule) ? "pass" : "inconclusive";
  return { verdict, interval: wilsonInterval(tally, CONFIDENCE), needed };
}

/** What a pass must exclude: ten times what is allowed, but no more than ten points above it, and no less than 1 %. */
export function toleratedShare(allowed: number): number {
  return Math.min(1, Math.max(0.01, Math.min(10 * allowed, allowed + 0.1)));
}

function passes({ bad, samples }: Rate, { allowed, minimumSamples }: RateRule): boolean {
  if (samples < Math.max(1, minimumSamples) || bad / samples > allowed) return false;
  return allowed >= 1 || lowerTail({ successes: bad, samples }, toleratedShare(allowed)) <= FALSE_PASS_SHARE;
}

/** Samples from which on `bad` of them pass; Infinity where none of them may be bad. */
export function samplesToPass(bad: number, rule: RateRule): number {
  if (rule.allowed === 0 && bad > 0) return Infinity;
  let high = Math.max(1, rule.minimumSamples, bad);
  let low = high - 1;
  while (!passes({ bad, samples: high }, rule)) [low, high] = [high, high * 2];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (passes({ bad, samples: middle }, rule)) high = middle;
    else low = middle;
  }
  return high;
}

/** A value of which only its size and its samples are known: a mean, a cost, a percentile without its rank. */
export interface Level {
  readonly value: number;
  readonly samples: number;
}

/** What a level is held against. */
interface LevelRule {
  /** At most this; with `better` higher at least. */
  readonly bound: number;
  readonly better: Kpi["better"];
  /** Fewer decide nothing. */
  readonly minimumSamples: number;
  /** Fewer never pass. */
  readonly samplesToPass: number;
  /** From so many on the value alone decides. */
  readonly enoughSamples: number;
}

/** Beyond the bound by this factor, few samples decide too. */
const FAR_FACTOR = 2;
/** Below so many samples nothing about a level is said. */
export const FEWEST_FOR_A_LEVEL = 20;
/** From so many on a mean alone decides: its error is then some percent of the spread. */
const ENOUGH_FOR_A_MEAN = 200;

/** From so many samples on a KPI's value alone decides. */
export const enoughSamplesFor = ({ measure }: Kpi): number =>
  measure.kind === "percentile" ? samplesForPercentile(measure.percentile) : ENOUGH_FOR_A_MEAN;

const isBeyond = (value: number, { bound, better }: Pick<LevelRule, "bound" | "better">): boolean =>
  better === "lower" ? value > bound : value < bound;

/**
 * CloudWatch tells no spread, so there is no interval; this is a rule of thumb, and says so. Within the bound and
 * `samplesToPass`: pass. Beyond it: fail with `enoughSamples`, or with `minimumSamples` where it is {@link FAR_FACTOR}
 * times beyond (P95 of 20 samples is off by -40 to +28 %; a mean of 20 by less). Everything else: inconclusive.
 */
export function judgeLevel({ value, samples }: Level, rule: LevelRule): Exclude<Verdict, "error"> {
  const { bound, better, minimumSamples, samplesToPass: toPass, enoughSamples } = rule;
  if (samples < Math.max(1, minimumSamples)) return "inconclusive";
  if (!isBeyond(value, rule)) return samples >= toPass ? "pass" : "inconclusive";
  const far = better === "lower" ? value > bound * FAR_FACTOR : value * FAR_FACTOR < bound;
  return far || samples >= enoughSamples ? "fail" : "inconclusive";
}

/** A KPI's measured value, and what it is held against. */
interface Target {
  readonly kpi: Kpi;
  readonly measured: KpiMeasured;
  /** In the KPI's unit. */
  readonly bound: number;
  /** Chance to fail a service that is exactly at the bound. */
  readonly falseAbort: number;
}

/** Judges what was measured against its target. */
export function judgeTarget(target: Target): Finding {
  const { kpi, measured } = target;
  const { value, samples, bad, notes } = measured;
  const found =
    bad !== null && samples !== null
      ? judgeShare(target, { bad, samples })
      : ["mean", "cost", "percentile"].includes(kpi.measure.kind)
        ? judgeKnownLevel(target)
        : judgeCount(target);
  return { value, samples, interval: null, ...found, reason: [found.reason, ...notes].join("; ") };
}

type Found = Pick<Finding, "verdict" | "reason" | "needed"> & Partial<Pick<Finding, "interval">>;

/** Judges a share, or a percentile as the share of the samples that are beyond its bound. */
function judgeShare({ kpi: { measure, better, minimumSamples = 1 }, bound, falseAbort }: Target, rate: Rate): Found {
  const beyond = measure.kind === "percentile";
  const allowed = beyond ? 1 - measure.percentile / 100 : (better === "lower" ? bound : 100 - bound) / 100;
  // 1 - 0.95 is not quite 0.05 in binary, and 10 of 200 must not be beyond it.
  const rule = { allowed: Number(allowed.toFixed(12)), minimumSamples, falseAbort };
  const { verdict, interval: bad, needed } = judgeRate(rate, rule);
  const shown = bad === null || beyond || better === "lower" ? bad : { low: 1 - bad.high, high: 1 - bad.low };
  return {
    verdict,
    needed: Number.isFinite(needed) ? needed : null,
    interval: shown && {
      low: toPercent(shown.low),
      high: toPercent(shown.high),
      of: beyond ? "samples beyond the bound" : "samples",
    },
    reason: explainShare({ ...rate, verdict, needed, rule, noun: beyond ? "beyond the bound" : "bad" }),
  };
}

/** A share as percent, without binary's last digits. */
const toPercent = (share: number): number => Number((share * 100).toPrecision(12));

interface JudgedShare extends Rate, Pick<RateFinding, "verdict" | "needed"> {
  readonly rule: RateRule;
  readonly noun: string;
}

function explainShare({ verdict, bad, samples, needed, noun, rule }: JudgedShare): string {
  if (samples === 0) return `no data; at least ${needed} samples are needed`;
  const counts = `${bad} of ${samples} ${noun}, allowed ${figure(rule.allowed * 100)} %`;
  if (verdict === "pass") return counts;
  if (verdict === "fail")
    return `${counts}: chance alone does that in at most ${figure(rule.falseAbort * 100)} % of windows`;
  if (bad / samples > rule.allowed) return `${counts}: more than allowed, but chance explains it so far`;
  return `${counts}; ${samples} of at least ${needed} samples`;
}

export const figure = (value: number): string => String(Number(value.toPrecision(4)));

function judgeKnownLevel({ kpi, measured: { value, samples }, bound }: Target): Found {
  if (value === null) return { verdict: "inconclusive", needed: kpi.minimumSamples ?? 1, reason: "no data" };
  const minimum = kpi.minimumSamples ?? FEWEST_FOR_A_LEVEL;
  const enoughSamples = enoughSamplesFor(kpi);
  const rule = {
    bound,
    better: kpi.better,
    minimumSamples: Math.min(minimum, FEWEST_FOR_A_LEVEL),
    // Without its rank a percentile of few samples is a guess, whatever the list of KPIs asks for.
    samplesToPass: kpi.measure.kind === "percentile" ? enoughSamples : minimum,
    enoughSamples,
  };
  const verdict = judgeLevel({ value, samples: samples ?? 0 }, rule);
  const beyond = isBeyond(value, rule);
  const side = `${beyond ? "beyond" : "within"} the target`;
  if (verdict !== "inconclusive") return { verdict, needed: rule.samplesToPass, reason: side };
  const needed = beyond ? enoughSamples : rule.samplesToPass;
  return { verdict, needed, reason: `${side}; ${samples ?? 0} of at least ${needed} samples` };
}

/** Judges what needs no samples: a count, a peak, a share of a limit, a setting. */
function judgeCount({ kpi: { better }, measured: { value }, bound }: Target): Found {
  if (value === null) return { verdict: "inconclusive", needed: null, reason: "no data" };
  const beyond = isBeyond(value, { bound, better });
  return {
    verdict: beyond ? "fail" : "pass",
    needed: null,
    reason: beyond ? "beyond the target" : "within the target",
  };
}
