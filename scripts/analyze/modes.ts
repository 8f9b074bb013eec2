import type { Sorted } from "../kit/quantiles";

const { exp, log } = Math;

/** Values with how often each occurs. */
export interface Weighted {
  readonly values: Float64Array;
  readonly weights: Float64Array;
}

/** One normal distribution of a mixture. */
export interface Component {
  readonly mean: number;
  readonly deviation: number;
  /** From 0 to 1. */
  readonly weight: number;
}

/** Two normal distributions fitted to values, and what it takes to compare them with one. */
export interface Mixture {
  /** By their means, the lower first. */
  readonly components: readonly [Component, Component];
  /** How much the Bayesian information criterion of two is better than that of one; above 10 is called very strong. */
  readonly deltaBic: number;
}

/**
 * Smallest standard deviation of a component, on natural logarithms 2 %. Without a floor a component that shrinks onto
 * one repeated value would be infinitely likely.
 */
const MIN_DEVIATION = 0.02;
const MAX_STEPS = 300;
/** So many steps show which beginning is the best; only that one goes on. */
const FIRST_STEPS = 20;
/** Gain in log-likelihood, a sample, at which it has settled. */
const SETTLED = 1e-9;
/** Where the values are cut in two to begin with; the best of the ends is taken, so that nothing is drawn. */
const CUTS = [0.05, 0.15, 0.3, 0.5, 0.7, 0.85, 0.95];

/**
 * Fits two normal distributions by expectation and maximization, from several fixed beginnings.
 * @param sorted values in ascending order, at least two, with their weights
 */
export function fitMixture(sorted: Weighted): Mixture {
  const total = sum(sorted.weights);
  const one = componentOf(sorted, sorted.weights, total);
  const single = singleLikelihood(sorted, one);
  const begun = CUTS.map((cut) => climb(sorted, beginning(sorted, total, cut), total, FIRST_STEPS));
  const most = begun.reduce((left, right) => (right.likelihood > left.likelihood + 1e-9 ? right : left));
  const best = climb(sorted, most.components, total, MAX_STEPS);
  const [low, high] = [...best.components].sort((left, right) => left.mean - right.mean) as [Component, Component];
  // One has 2 parameters, two have 5.
  return { components: [low, high], deltaBic: 2 * (best.likelihood - single) - 3 * Math.log(total) };
}

const HALF_LOG_TWO_PI = 0.5 * log(2 * Math.PI);

/** Logarithm of the density of a normal distribution times its weight. */
export function logDensity({ mean, deviation, weight }: Component, value: number): number {
  const distance = (value - mean) / deviation;
  return log(weight) - log(deviation) - HALF_LOG_TWO_PI - 0.5 * distance * distance;
}

/** The share of the upper component at a value. */
export function upperShareAt([low, high]: readonly [Component, Component], value: number): number {
  return 1 / (1 + Math.exp(logDensity(low, value) - logDensity(high, value)));
}

type Pair = readonly [Component, Component];

function beginning(sorted: Weighted, total: number, cut: number): Pair {
  const first = new Float64Array(sorted.weights.length);
  let passed = 0;
  for (let index = 0; index < first.length; index++) {
    const weight = sorted.weights[index]!;
    first[index] = Math.min(weight, Math.max(0, cut * total - passed));
    passed += weight;
  }
  return pairOf(sorted, first, total);
}

interface Fit {
  readonly components: Pair;
  readonly likelihood: number;
}

function climb(sorted: Weighted, start: Pair, total: number, steps: number): Fit {
  const first = new Float64Array(sorted.weights.length);
  let components = start;
  let likelihood = expectation(sorted, components, first);
  for (let step = 0; step < steps; step++) {
    components = pairOf(sorted, first, total);
    const reached = expectation(sorted, components, first);
    if (reached - likelihood < SETTLED * total) return { components, likelihood: reached };
    likelihood = reached;
  }
  return { components, likelihood };
}

/** Writes to `first` what of each weight belongs to the first component, and gives the log-likelihood of the two. */
function expectation({ values, weights }: Weighted, [one, two]: Pair, first: Float64Array): number {
  const [oneTop, twoTop] = [logDensity(one, one.mean), logDensity(two, two.mean)];
  const [oneScale, twoScale] = [0.5 / one.deviation ** 2, 0.5 / two.deviation ** 2];
  let likelihood = 0;
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!;
    const difference = oneTop - oneScale * (value - one.mean) ** 2 - (twoTop - twoScale * (value - two.mean) ** 2);
    // The larger of the two is taken out of the sum, so that neither overflows.
    const smaller = exp(difference > 0 ? -difference : difference);
    const larger =
      difference > 0 ? oneTop - oneScale * (value - one.mean) ** 2 : twoTop - twoScale * (value - two.mean) ** 2;
    likelihood += weights[index]! * (larger + log(1 + smaller));
    first[index] = (weights[index]! * (difference > 0 ? 1 : smaller)) / (1 + smaller);
  }
  return likelihood;
}

function pairOf(sorted: Weighted, first: Float64Array, total: number): Pair {
  const second = first.map((weight, index) => sorted.weights[index]! - weight);
  return [componentOf(sorted, first, total), componentOf(sorted, second, total)];
}

/** A component without any weight keeps a trace of one, so that no logarithm is infinite. */
function componentOf({ values }: Weighted, weights: Float64Array, total: number): Component {
  const own = Math.max(sum(weights), 1e-12);
  let [mean, square] = [0, 0];
  for (let index = 0; index < values.length; index++) mean += (weights[index]! / own) * values[index]!;
  for (let index = 0; index < values.length; index++) square += (weights[index]! / own) * (values[index]! - mean) ** 2;
  return { mean, deviation: Math.max(Math.sqrt(square), MIN_DEVIATION), weight: own / total };
}

function singleLikelihood({ values, weights }: Weighted, one: Component): number {
  let likelihood = 0;
  for (let index = 0; index < values.length; index++) likelihood += weights[index]! * logDensity(one, values[index]!);
  return likelihood;
}

const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0);

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
