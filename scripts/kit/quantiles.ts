/** The middle of the values, or the mean of the two in the middle. Throws where there are none. */
export function median(values: readonly number[]): number {
  return quantile(Float64Array.from(values).sort(), 0.5);
}

/** Numbers in ascending order, of any kind of array. */
export type Sorted = ArrayLike<number>;

/**
 * Quantile of sorted values, linear between the two nearest: Hyndman and Fan's type 7, the default of R, NumPy and
 * spreadsheets (PERCENTILE.INC). It lies at 0-based rank (n - 1) p.
 * @param share from 0 to 1; 0.95 for P95
 * @throws where there are no values, or the share is out of range
 */
export function quantile(sorted: Sorted, share: number): number {
  if (sorted.length === 0) throw new Error("There is no quantile of no values.");
  if (!(share >= 0 && share <= 1))
    throw new Error(`A quantile's share is ${share}; allowed: from 0 to 1, such as 0.95 for P95.`);
  const rank = (sorted.length - 1) * share;
  const lower = Math.floor(rank);
  const below = sorted[lower]!;
  return lower + 1 < sorted.length ? below + (rank - lower) * (sorted[lower + 1]! - below) : below;
}

/** How many of the sorted values are above a bound. */
export function countAbove(sorted: Sorted, bound: number): number {
  return countFrom(sorted, (value) => value > bound);
}

/** How many of the sorted values are a bound or above it. */
export function countAtLeast(sorted: Sorted, bound: number): number {
  return countFrom(sorted, (value) => value >= bound);
}

/** How many of the sorted values lie from one bound to another, both included. */
export function countWithin(sorted: Sorted, from: number, to: number): number {
  return countAtLeast(sorted, from) - countAbove(sorted, to);
}

/** Counts the values from the first one that is meant on, as all behind it are. */
function countFrom(sorted: Sorted, isMeant: (value: number) => boolean): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isMeant(sorted[middle]!)) high = middle;
    else low = middle + 1;
  }
  return sorted.length - low;
}

/** Arithmetic mean. Throws where there are no values. */
export function mean(values: Sorted): number {
  if (values.length === 0) throw new Error("There is no mean of no values.");
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += values[index]!;
  return sum / values.length;
}

/* eslint-disable no-loss-of-precision -- the coefficients stand as they were published, so that they can be compared */
// Wichura, M. J. (1988), Algorithm AS 241: The Percentage Points of the Normal Distribution, Applied Statistics 37 (3):
// PPND16, about 1 part in 10^16. Highest power first.
const CENTRE = {
  above: [
    2.5090809287301226727e3, 3.3430575583588128105e4, 6.7265770927008700853e4, 4.5921953931549871457e4,
    1.3731693765509461125e4, 1.9715909503065514427e3, 1.3314166789178437745e2, 3.387132872796366608,
  ],
  below: [
    5.226495278852854561e3, 2.8729085735721942674e4, 3.930789580009271061e4, 2.1213794301586595867e4,
    5.3941960214247511077e3, 6.871870074920579083e2, 4.2313330701600911252e1, 1,
  ],
};
const SIDE = {
  above: [
    7.7454501427834140764e-4, 2.27238449892691845833e-2, 2.4178072517745061177e-1, 1.27045825245236838258,
    3.64784832476320460504, 5.7694972214606914055, 4.6303378461565452959, 1.42343711074968357734,
  ],
  below: [
    1.05075007164441684324e-9, 5.475938084995344946e-4, 1.51986665636164571966e-2, 1.4810397642748007459e-1,
    6.8976733498510000455e-1, 1.6763848301838038494, 2.05319162663775882187, 1,
  ],
};
const TAIL = {
  above: [
    2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.2426609473880784386e-3, 2.6532189526576123093e-2,
    2.9656057182850489123e-1, 1.7848265399172913358, 5.4637849111641143699, 6.6579046435011037772,
  ],
  below: [
    2.04426310338993978564e-15, 1.4215117583164458887e-7, 1.8463183175100546818e-5, 7.868691311456132591e-4,
    1.48753612908506148525e-2, 1.3692988092273580531e-1, 5.9983220655588793769e-1, 1,
  ],
};

/**
 * The value below which a standard normal variable stays with this probability. Throws outside of 0 to 1, and at both.
 */
export function normalQuantile(probability: number): number {
  if (!(probability > 0 && probability < 1))
    throw new Error(`A probability is ${probability}; allowed: above 0 and below 1.`);
  const centred = probability - 0.5;
  if (Math.abs(centred) <= 0.425) return centred * ratio(CENTRE, 0.180625 - centred * centred);
  const root = Math.sqrt(-Math.log(centred <= 0 ? probability : 1 - probability));
  const value = root <= 5 ? ratio(SIDE, root - 1.6) : ratio(TAIL, root - 5);
  return centred < 0 ? -value : value;
}

function ratio(
  { above, below }: { readonly above: readonly number[]; readonly below: readonly number[] },
  at: number,
): number {
  return polynomial(above, at) / polynomial(below, at);
}

const polynomial = (coefficients: readonly number[], at: number): number =>
  coefficients.reduce((sum, coefficient) => sum * at + coefficient, 0);

/**
 * The value below which a sum of so many squared standard normal variables stays with this probability: Wilson and
 * Hilferty's approximation (1931), good to about 1 % from three degrees of freedom on, and to 6 % with one.
 * @param degrees of freedom, at least 1
 */
export function chiSquaredQuantile(degrees: number, probability: number): number {
  if (!(Number.isInteger(degrees) && degrees >= 1))
    throw new Error(`Degrees of freedom are ${degrees}; allowed: a whole number from 1.`);
  const spread = 2 / (9 * degrees);
  return degrees * (1 - spread + normalQuantile(probability) * Math.sqrt(spread)) ** 3;
}

/** Two bounds, both included. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * Wilson's score interval of a share (Wilson 1927), without continuity correction: the shares p for which the observed
 * one is within z standard errors sqrt(p (1 - p) / n), where z is the two-sided normal quantile of the confidence. It
 * stays within 0 to 1, touches 0 where nothing succeeded and 1 where all did, and is useful from the first sample on.
 * @param confidence two-sided; 0.95 leaves 2.5 % on either side
 * @returns shares from 0 to 1
 */
export function wilsonInterval(tally: Tally, confidence: number): Interval {
  checkTally(tally);
  const { successes, samples } = tally;
  const squared = twoSided(confidence) ** 2;
  const share = successes / samples;
  const middle = (share + squared / (2 * samples)) / (1 + squared / samples);
  const half =
    Math.sqrt(squared * ((share * (1 - share)) / samples + squared / (4 * samples * samples))) /
    (1 + squared / samples);
  return {
    low: successes === 0 ? 0 : Math.max(0, middle - half),
    high: successes === samples ? 1 : Math.min(1, middle + half),
  };
}

/** 1-based ranks of sorted samples; null where no rank bounds the quantile at that confidence. */
export interface Ranks {
  readonly low: number | null;
  readonly high: number | null;
}

/**
 * The ranks between which a quantile of the population lies, whatever its distribution: the number of samples below it
 * is binomial (n, share). Equal tails: each bound alone is wrong with at most half of 1 - confidence. A bound does not
 * exist where even the smallest or the largest sample is too sure to be on the wrong side.
 * @param samples how many there are, at least 1
 * @param share of the quantile, above 0 and below 1
 */
export function quantileRanks(samples: number, share: number, confidence: number): Ranks {
  if (!(share > 0 && share < 1)) throw new Error(`A quantile's share is ${share}; allowed: above 0 and below 1.`);
  const chances = new Float64Array(samples + 1);
  let total = 0;
  walkChances(binomial({ successes: 0, samples }, share), (count, chance) => (total += chances[count] = chance));
  const tail = tailOf(confidence) * total;
  let [below, rank] = [0, 0];
  while (below + chances[rank]! <= tail) below += chances[rank++]!;
  // The quantile is under the sample of this rank or equal to it only if fewer than that many samples are under it.
  const low = rank === 0 ? null : rank;
  let [above, top] = [0, samples];
  while (above + chances[top]! <= tail) above += chances[top--]!;
  return { low, high: top >= samples ? null : top + 1 };
}

/** How many samples a quantile needs until both of its bounds exist. */
export function samplesForQuantile(share: number, confidence: number): number {
  return Math.ceil(Math.log(tailOf(confidence)) / Math.log(Math.max(share, 1 - share)) - 1e-12);
}

/** Of `samples` draws, `successes` succeeded. */
export interface Tally {
  readonly successes: number;
  readonly samples: number;
}

/**
 * Chance of at least so many successes where each draw succeeds with `share`. Exact: at 30 samples the normal
 * approximation takes two failures of a service that fails in 1 % for more than chance, which does that in 3.6 %.
 */
export function upperTail(tally: Tally, share: number): number {
  return sumShare(binomial(tally, share), (count) => count >= tally.successes);
}

/** Chance of at most so many successes where each draw succeeds with `share`. */
export function lowerTail(tally: Tally, share: number): number {
  return sumShare(binomial(tally, share), (count) => count <= tally.successes);
}

/**
 * Fisher's exact test, one-sided: chance that of all successes of both at least so many fall to the first, if both
 * succeed equally often.
 */
export function fisherTail(first: Tally, second: Tally): number {
  checkTally(first);
  checkTally(second);
  const all = first.successes + second.successes;
  const hypergeometric: Distribution = {
    mode: Math.floor(((first.samples + 1) * (all + 1)) / (first.samples + second.samples + 2)),
    least: Math.max(0, all - second.samples),
    most: Math.min(all, first.samples),
    ratio: (count) => ((first.samples - count) * (all - count)) / ((count + 1) * (second.samples - all + count + 1)),
  };
  return sumShare(hypergeometric, (count) => count >= first.successes);
}

/** A distribution of whole numbers with one peak, at `mode`. */
interface Distribution {
  readonly mode: number;
  readonly least: number;
  readonly most: number;
  /** Chance of `count` + 1 in units of that of `count`. */
  readonly ratio: (count: number) => number;
}

function binomial(tally: Tally, share: number): Distribution {
  checkTally(tally);
  if (!(share >= 0 && share <= 1)) throw new Error(`Each draw succeeds with ${share}; allowed: 0 to 1.`);
  const { samples } = tally;
  const odds = share / (1 - share);
  return {
    mode: Math.min(samples, Math.floor((samples + 1) * share)),
    least: 0,
    most: samples,
    ratio: (count) => ((samples - count) / (count + 1)) * odds,
  };
}

/** Chances below this multiple of the largest one are left out. */
const NEGLIGIBLE = 1e-100;

/** Visits chances in units of the largest one. Each follows from its neighbour, so that no factorial is needed. */
function walkChances({ mode, least, most, ratio }: Distribution, visit: (count: number, chance: number) => void): void {
  visit(mode, 1);
  for (let count = mode, chance = 1; count > least && chance > NEGLIGIBLE; ) visit(--count, (chance /= ratio(count)));
  for (let count = mode, chance = 1; count < most && chance > NEGLIGIBLE; )
    visit(count + 1, (chance *= ratio(count++)));
}

function sumShare(distribution: Distribution, isMeant: (count: number) => boolean): number {
  let [meant, total] = [0, 0];
  walkChances(distribution, (count, chance) => {
    total += chance;
    if (isMeant(count)) meant += chance;
  });
  return meant / total;
}

function checkTally({ successes, samples }: Tally): void {
  if (!(Number.isInteger(samples) && samples >= 1))
    throw new Error(`There are ${samples} samples; allowed: a whole number from 1.`);
  if (!(Number.isInteger(successes) && successes >= 0 && successes <= samples))
    throw new Error(
      `There are ${successes} successes in ${samples} samples; allowed: a whole number from 0 to ${samples}.`,
    );
}

function twoSided(confidence: number): number {
  return normalQuantile(1 - tailOf(confidence));
}

function tailOf(confidence: number): number {
  if (!(confidence > 0 && confidence < 1))
    throw new Error(`A confidence is ${confidence}; allowed: above 0 and below 1, such as 0.95.`);
  return (1 - confidence) / 2;
}
