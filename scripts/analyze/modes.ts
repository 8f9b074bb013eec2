import type { Sorted } from "../kit/quantiles";

/** Looked up once, because the sandbox of a test makes each lookup of a global slow, and a fit takes millions. */
const { abs, exp, log, max } = Math;

/** Values with the number of times that each occurs. */
interface Weighted {
  /** In ascending order. */
  readonly values: Float64Array;
  readonly weights: Float64Array;
}

/** One normal distribution of a mixture. */
interface Component {
  readonly mean: number;
  readonly deviation: number;
  /** From 0 to 1. */
  readonly weight: number;
}

/** The component with the lower mean first. */
type Pair = readonly [Component, Component];

/** Two normal distributions fitted to values, and their comparison with one. */
interface Mixture {
  readonly components: Pair;
  /** Advantage of two over one by the Bayesian information criterion; above 10 is called very strong. */
  readonly deltaBic: number;
}

/**
 * Smallest standard deviation of a component, 2 % on natural logarithms. Without it a component that shrinks to one
 * repeated value would be infinitely likely.
 */
const MIN_DEVIATION = 0.02;
const MAX_STEPS = 300;
/** Steps that show which start is the best; only that one continues. */
const FIRST_STEPS = 20;
/** The fit has converged where a step gains less log-likelihood for each value. */
const MIN_GAIN = 1e-9;
/** Shares of the values that the first component starts with; fixed ones, so that nothing is random. */
const STARTS = [0.05, 0.15, 0.3, 0.5, 0.7, 0.85, 0.95];

/**
 * Fits two normal distributions by expectation and maximization, from several fixed starts.
 * @param sorted at least two values
 */
export function fitMixture(sorted: Weighted): Mixture {
  const total = sum(sorted.weights);
  const single = fitComponent(sorted, sorted.weights, total);
  const fits = STARTS.map((share) => improvePair(sorted, splitAt(sorted, total * share, total), FIRST_STEPS));
  const best = fits.reduce((left, right) => (right.likelihood > left.likelihood + 1e-9 ? right : left));
  const { components, likelihood } = improvePair(sorted, best.components, MAX_STEPS);
  const [first, second] = components;
  // One distribution has 2 parameters, two have 5.
  const deltaBic = 2 * (likelihood - computeSingleLikelihood(sorted, single)) - 3 * Math.log(total);
  return { components: first.mean <= second.mean ? [first, second] : [second, first], deltaBic };
}

const HALF_LOG_TWO_PI = 0.5 * log(2 * Math.PI);

/** Computes the logarithm of a normal distribution's density times its weight. */
function computeLogDensity({ mean, deviation, weight }: Component, value: number): number {
  const distance = (value - mean) / deviation;
  return log(weight) - log(deviation) - HALF_LOG_TWO_PI - 0.5 * distance * distance;
}

function computeSingleLikelihood({ values, weights }: Weighted, single: Component): number {
  let likelihood = 0;
  for (let index = 0; index < values.length; index++)
    likelihood += weights[index]! * computeLogDensity(single, values[index]!);
  return likelihood;
}

/** Starts with the lowest values, up to a weight, in the first component, and the others in the second. */
function splitAt(sorted: Weighted, firstWeight: number, total: number): Pair {
  const first = new Float64Array(sorted.weights.length);
  let passed = 0;
  for (let index = 0; index < first.length; index++) {
    const weight = sorted.weights[index]!;
    first[index] = Math.min(weight, Math.max(0, firstWeight - passed));
    passed += weight;
  }
  return fitPair(sorted, first, total);
}

interface Fit {
  readonly components: Pair;
  readonly likelihood: number;
}

function improvePair(sorted: Weighted, start: Pair, maxSteps: number): Fit {
  const total = sum(sorted.weights);
  const first = new Float64Array(sorted.weights.length);
  let components = start;
  let likelihood = assignWeights(sorted, components, first);
  for (let step = 0; step < maxSteps; step++) {
    components = fitPair(sorted, first, total);
    const reached = assignWeights(sorted, components, first);
    if (reached - likelihood < MIN_GAIN * total) return { components, likelihood: reached };
    likelihood = reached;
  }
  return { components, likelihood };
}

/** Writes to `first` the part of each weight that belongs to the first component, and returns the log-likelihood. */
function assignWeights({ values, weights }: Weighted, [left, right]: Pair, first: Float64Array): number {
  const [leftTop, rightTop] = [computeLogDensity(left, left.mean), computeLogDensity(right, right.mean)];
  const [leftScale, rightScale] = [0.5 / left.deviation ** 2, 0.5 / right.deviation ** 2];
  let likelihood = 0;
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!;
    const leftLog = leftTop - leftScale * (value - left.mean) ** 2;
    const rightLog = rightTop - rightScale * (value - right.mean) ** 2;
    // The larger of the two is taken out of the sum, so that neither overflows.
    const smaller = exp(-abs(leftLog - rightLog));
    likelihood += weights[index]! * (max(leftLog, rightLog) + log(1 + smaller));
    first[index] = (weights[index]! * (leftLog > rightLog ? 1 : smaller)) / (1 + smaller);
  }
  return likelihood;
}

function fitPair(sorted: Weighted, first: Float64Array, total: number): Pair {
  const second = first.map((weight, index) => sorted.weights[index]! - weight);
  return [fitComponent(sorted, first, total), fitComponent(sorted, second, total)];
}

/** A component without any weight keeps a trace of it, so that no logarithm is infinite. */
function fitComponent({ values }: Weighted, weights: Float64Array, total: number): Component {
  const own = Math.max(sum(weights), 1e-12);
  let [mean, square] = [0, 0];
  for (let index = 0; index < values.length; index++) mean += (weights[index]! / own) * values[index]!;
  for (let index = 0; index < values.length; index++) square += (weights[index]! / own) * (values[index]! - mean) ** 2;
  return { mean, deviation: Math.max(Math.sqrt(square), MIN_DEVIATION), weight: own / total };
}

const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0);

/** A peak of the distribution of durations. */
export interface Mode {
  /** Median of the mode's runs. */
  readonly centreMs: number;
  readonly sharePercent: number;
  /** Standard deviation of the natural logarithm: 0.1 is about 10 %. */
  readonly logDeviation: number;
}

/** Whether durations have one mode or two, by two methods. */
export interface Modality {
  /** `two` only where both methods say so, `unclear` where they differ. */
  readonly verdict: "one" | "two" | "unclear" | "too few";
  /** Both modes of the mixture, the faster first; they mean nothing where the verdict is `one`. Empty without a fit. */
  readonly modes: readonly Mode[];
  /** Duration at which a run belongs to either mode with the same probability. */
  readonly splitMs: number | null;
  /** Sarle's bimodality coefficient of the logarithms, corrected for few samples; above 5/9 means two. */
  readonly sarle: number | null;
  /** Advantage of two normal distributions of the logarithms over one; above 10 means two. */
  readonly deltaBic: number | null;
  /** Distance of the means in units of their deviations; above 2 means two. */
  readonly ashmanD: number | null;
  /** What the mixture was fitted to. */
  readonly fittedTo: string;
}

/** Fewer runs show no shape. */
const MIN_SAMPLES = 20;
/** Sarle's coefficient of a uniform distribution. */
const MIN_SARLE = 5 / 9;
const MIN_DELTA_BIC = 10;
/** A clean separation, after Ashman, Bird and Zepf (1994). */
const MIN_ASHMAN = 2;
/** A mode with a smaller share is a few outliers. */
const MIN_WEIGHT = 0.05;
/** More runs than these are fitted in this many bins. */
const MAX_POINTS = 2_048;
/** Lambda reports hundredths of a millisecond, and 0 has no logarithm. */
const MIN_MS = 0.01;

const NO_FIT = { modes: [], splitMs: null, sarle: null, deltaBic: null, ashmanD: null } as const;

/**
 * Looks for two modes in the logarithms of durations. Both methods must agree: in the durations themselves a long tail
 * looks like a second mode (45 to 98 % of unimodal log-normal samples), and a mixture alone finds two modes in 18 % of
 * exponential samples.
 * @param sortedMs in ascending order
 */
export function findModes(sortedMs: Sorted): Modality {
  if (sortedMs.length < MIN_SAMPLES) {
    const fittedTo = `nothing: ${sortedMs.length} of the ${MIN_SAMPLES} runs that it takes`;
    return { ...NO_FIT, verdict: "too few", fittedTo };
  }
  const logs = Float64Array.from(sortedMs, (ms) => Math.log(Math.max(ms, MIN_MS)));
  const sarle = computeSarle(logs);
  if (sarle === undefined) return { ...NO_FIT, verdict: "one", fittedTo: "nothing: all runs took the same time" };
  const { points, fittedTo } = binLogs(logs);
  const { components, deltaBic } = fitMixture(points);
  const ashmanD = computeAshman(components);
  const isMixture =
    deltaBic > MIN_DELTA_BIC && ashmanD > MIN_ASHMAN && components.every(({ weight }) => weight >= MIN_WEIGHT);
  return {
    verdict: sarle > MIN_SARLE !== isMixture ? "unclear" : isMixture ? "two" : "one",
    modes: components.map(({ mean, deviation, weight }) => ({
      centreMs: Math.exp(mean),
      sharePercent: weight * 100,
      logDeviation: deviation,
    })),
    splitMs: Math.exp(findSplit(components)),
    sarle,
    deltaBic,
    ashmanD,
    fittedTo,
  };
}

/**
 * (skewness² + 1) / (excess kurtosis + 3 (n - 1)² / ((n - 2)(n - 3))), with the sample skewness and kurtosis that are
 * corrected for bias (SAS, Pfister 2013). Undefined where all values are the same.
 */
export function computeSarle(values: Sorted): number | undefined {
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

function computeAshman([low, high]: Pair): number {
  return (Math.SQRT2 * (high.mean - low.mean)) / Math.hypot(low.deviation, high.deviation);
}

/** Finds where both components are equally likely, by halving; 60 halvings exceed the precision of a double. */
function findSplit([lower, upper]: Pair): number {
  let [low, high] = [lower.mean, upper.mean];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (computeLogDensity(lower, middle) > computeLogDensity(upper, middle)) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

function binLogs(logs: Float64Array): { readonly points: Weighted; readonly fittedTo: string } {
  if (logs.length <= MAX_POINTS)
    return { points: { values: logs, weights: new Float64Array(logs.length).fill(1) }, fittedTo: "every run" };
  const [from, to] = [logs[0]!, logs[logs.length - 1]!];
  const [weights, sums] = [new Float64Array(MAX_POINTS), new Float64Array(MAX_POINTS)];
  for (const log of logs) {
    const bin = Math.min(MAX_POINTS - 1, Math.floor(((log - from) / (to - from)) * MAX_POINTS));
    weights[bin]! += 1;
    sums[bin]! += log;
  }
  const filled = [...weights.keys()].filter((bin) => weights[bin]! > 0);
  const points = {
    values: Float64Array.from(filled, (bin) => sums[bin]! / weights[bin]!),
    weights: Float64Array.from(filled, (bin) => weights[bin]!),
  };
  return { points, fittedTo: `every run, in ${MAX_POINTS} bins of the logarithm, each at its mean` };
}
