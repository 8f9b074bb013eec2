import type { Verdict } from "./judge";
import { samplesForPercentile, type Kpi } from "../../stacks/contract/settings";
import { fisherTail } from "./rate";
import type { RelativeLimits } from "./evidence";
import type { KpiMeasured } from "./measured";

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
const FAR_FACTOR = 2;
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

/** What a comparison with a baseline found. */
export interface RelativeFinding {
  readonly verdict: Exclude<Verdict, "error">;
  /** A clause for the reason. */
  readonly says: string;
}

/**
 * A candidate against its baseline: durations by a ratio of values, cost by another, shares by Fisher's exact test, so
 * that a worse share fails only where chance does not explain it. null for what cannot be compared: counts, peaks,
 * numbers of settings.
 */
export function compareWithBaseline(
  kpi: Kpi,
  candidate: KpiMeasured,
  baseline: KpiMeasured,
  limits: RelativeLimits,
  falseAbort: number,
): RelativeFinding | null {
  const { kind } = kpi.measure;
  if (!["percentile", "mean", "share", "ratio", "cost"].includes(kind)) return null;
  const minimum = kpi.minimumSamples ?? FEWEST_FOR_A_LEVEL;
  const short = (who: string, { samples }: KpiMeasured): RelativeFinding => ({
    verdict: "inconclusive",
    says: `the ${who} has ${samples ?? 0} of at least ${minimum} samples to compare`,
  });
  if (baseline.value === null || (baseline.samples ?? 0) < minimum) return short("baseline", baseline);
  if (candidate.value === null || (candidate.samples ?? 0) < 1) return short("candidate", candidate);
  if (kind === "share" || kind === "ratio") return compareShares(candidate, baseline, falseAbort);
  return compareLevels(
    kpi,
    candidate as Valued,
    baseline as Valued,
    kind === "cost" ? limits.maxCostRatio : limits.maxLatencyRatio,
  );
}

type Valued = KpiMeasured & { readonly value: number };

function compareShares(candidate: KpiMeasured, baseline: KpiMeasured, falseAbort: number): RelativeFinding {
  const draws = ({ bad, samples }: KpiMeasured) => ({ successes: bad ?? 0, samples: samples ?? 0 });
  const [first, second] = [draws(candidate), draws(baseline)];
  const chance = fisherTail(first, second);
  const worse = first.successes * second.samples > second.successes * first.samples;
  const shares = [first, second].map(({ successes, samples: all }) => `${successes} of ${all}`);
  const counts = `${shares.join(" against ")} of the baseline`;
  if (worse && chance <= falseAbort)
    return { verdict: "fail", says: `${counts}: worse, and chance does that with ${chance.toPrecision(2)}` };
  return { verdict: "pass", says: `${counts}: not significantly worse` };
}

function compareLevels(kpi: Kpi, candidate: Valued, baseline: Valued, ratio: number): RelativeFinding {
  const enoughSamples =
    kpi.measure.kind === "percentile" ? samplesForPercentile(kpi.measure.percentile) : ENOUGH_FOR_A_MEAN;
  const samples = Math.min(candidate.samples ?? 0, baseline.samples ?? 0);
  const bound = kpi.better === "lower" ? baseline.value * ratio : baseline.value / ratio;
  const minimum = kpi.minimumSamples ?? FEWEST_FOR_A_LEVEL;
  const verdict = judgeLevel(
    { value: candidate.value, samples },
    { bound, better: kpi.better, minimumSamples: minimum, samplesToPass: minimum, enoughSamples },
  );
  const times =
    baseline.value === 0
      ? "the baseline is 0"
      : `${(candidate.value / baseline.value).toFixed(2)} x the baseline's ${Number(baseline.value.toPrecision(4))}`;
  return { verdict, says: `${times}; allowed ${ratio} x` };
}
