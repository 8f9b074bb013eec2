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
