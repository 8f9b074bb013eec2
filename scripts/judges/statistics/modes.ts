import { fitMixture, upperShareAt, type Mixture, type Weighted } from "./mixture";
import type { Sorted } from "./quantiles";

/** One of the humps of a distribution. */
export interface Mode {
  /** Half of the mode's runs are below it. */
  readonly centreMs: number;
  readonly sharePercent: number;
  /** Standard deviation of the natural logarithm: 0.1 is about 10 %. */
  readonly logDeviation: number;
}

/** Whether durations have one hump or two, by two methods. */
export interface Modality {
  /** `two` only where both methods say so, `unclear` where they differ. */
  readonly verdict: "one" | "two" | "unclear" | "too few";
  /**
   * The two of the mixture, the faster first; of no meaning where the verdict is `one`. Empty where there are too few.
   */
  readonly modes: readonly Mode[];
  /** Where a run belongs to the slow mode as likely as to the fast one. */
  readonly splitMs: number | null;
  /** Sarle's bimodality coefficient of the logarithms, with its correction for few samples; above 5/9 says two. */
  readonly sarle: number | null;
  /** How much two normal distributions explain the logarithms better than one; above 10 says two. */
  readonly deltaBic: number | null;
  /** Distance of the two in units of their deviations; above 2 says two. */
  readonly ashmanD: number | null;
  /** What the mixture was fitted to. */
  readonly fittedTo: string;
}

/** Fewer than this many say nothing about a shape. */
const MIN_SAMPLES = 20;
/** Sarle's coefficient of a uniform distribution. */
const MIN_SARLE = 5 / 9;
const MIN_DELTA_BIC = 10;
/** Ashman, Bird and Zepf (1994): a clean separation. */
const MIN_ASHMAN = 2;
/** A smaller mode is a few outliers. */
const MIN_WEIGHT = 0.05;
/** Up to this many runs are fitted one by one, more of them in this many bins. */
const MAX_POINTS = 2_048;
/** Lambda reports hundredths of a millisecond; 0 has no logarithm. */
const MIN_MS = 0.01;

/**
 * Looks for two modes on the logarithms of durations. On the durations themselves a long tail alone looks like two
 * (45 to 98 % of unimodal log-normal samples), and a mixture alone calls 18 % of exponential samples two: both must
 * agree.
 * @param sortedMs in ascending order
 */
export function findModes(sortedMs: Sorted): Modality {
  if (sortedMs.length < MIN_SAMPLES)
    return { ...NOTHING, fittedTo: `nothing: ${sortedMs.length} of the ${MIN_SAMPLES} runs that it takes` };
  const logs = Float64Array.from(sortedMs, (ms) => Math.log(Math.max(ms, MIN_MS)));
  const sarle = sarleCoefficient(logs);
  if (sarle === undefined) return { ...NOTHING, verdict: "one", fittedTo: "nothing: all runs took the same time" };
  const { points, fittedTo } = pointsOf(logs);
  const mixture = fitMixture(points);
  const ashmanD = ashman(mixture);
  const separated =
    mixture.deltaBic > MIN_DELTA_BIC &&
    ashmanD > MIN_ASHMAN &&
    mixture.components.every(({ weight }) => weight >= MIN_WEIGHT);
  return {
    verdict: verdictOf(sarle > MIN_SARLE, separated),
    modes: mixture.components.map(({ mean, deviation, weight }) => ({
      centreMs: Math.exp(mean),
      sharePercent: weight * 100,
      logDeviation: deviation,
    })),
    splitMs: Math.exp(splitOf(mixture)),
    sarle,
    deltaBic: mixture.deltaBic,
    ashmanD,
    fittedTo,
  };
}

const NOTHING: Modality = {
  verdict: "too few",
  modes: [],
  splitMs: null,
  sarle: null,
  deltaBic: null,
  ashmanD: null,
  fittedTo: "",
};

function verdictOf(bySarle: boolean, byMixture: boolean): Modality["verdict"] {
  if (bySarle !== byMixture) return "unclear";
  return bySarle ? "two" : "one";
}

/**
 * (skewness² + 1) / (excess kurtosis + 3 (n - 1)² / ((n - 2)(n - 3))), with the sample skewness and kurtosis that are
 * corrected for bias (SAS, Pfister 2013). Undefined where all values are the same.
 */
export function sarleCoefficient(values: Sorted): number | undefined {
  const n = values.length;
  let centre = 0;
  for (let index = 0; index < n; index++) centre += values[index]! / n;
  let [second, third, fourth] = [0, 0, 0];
  for (let index = 0; index < n; index++) {
    const distance = values[index]! - centre;
    const square = distance * distance;
    second += square / n;
    third += (square * distance) / n;
    fourth += (square * square) / n;
  }
  if (n < 4 || second < 1e-18) return undefined;
  const skewness = (Math.sqrt(n * (n - 1)) / (n - 2)) * (third / second ** 1.5);
  const kurtosis = ((n - 1) / ((n - 2) * (n - 3))) * ((n + 1) * (fourth / second ** 2 - 3) + 6);
  return (skewness ** 2 + 1) / (kurtosis + (3 * (n - 1) ** 2) / ((n - 2) * (n - 3)));
}

function ashman({ components: [low, high] }: Mixture): number {
  return (Math.SQRT2 * (high.mean - low.mean)) / Math.hypot(low.deviation, high.deviation);
}

/** Between the two means, by halving: 60 halvings are beyond what a double tells apart. */
function splitOf({ components }: Mixture): number {
  let [low, high] = [components[0].mean, components[1].mean];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (upperShareAt(components, middle) < 0.5) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

function pointsOf(logs: Float64Array): { readonly points: Weighted; readonly fittedTo: string } {
  if (logs.length <= MAX_POINTS)
    return { points: { values: logs, weights: new Float64Array(logs.length).fill(1) }, fittedTo: "every run" };
  const [from, to] = [logs[0]!, logs[logs.length - 1]!];
  const [weights, sums] = [new Float64Array(MAX_POINTS), new Float64Array(MAX_POINTS)];
  for (const log of logs) {
    const bin = Math.min(MAX_POINTS - 1, Math.floor(((log - from) / (to - from)) * MAX_POINTS));
    weights[bin]! += 1;
    sums[bin]! += log;
  }
  const kept = [...weights.keys()].filter((bin) => weights[bin]! > 0);
  const points = {
    values: Float64Array.from(kept, (bin) => sums[bin]! / weights[bin]!),
    weights: Float64Array.from(kept, (bin) => weights[bin]!),
  };
  return { points, fittedTo: `every run, in ${MAX_POINTS} bins of the logarithm, each at its mean` };
}
