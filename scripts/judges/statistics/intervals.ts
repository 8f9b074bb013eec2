import { normalQuantile } from "./normal-quantile";

/** Two bounds, both included. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * Wilson's score interval of a share (Wilson 1927), without continuity correction: the shares p for which the observed
 * one is within z standard errors sqrt(p (1 - p) / n), where z is the two-sided normal quantile of the confidence. It
 * stays within 0 to 1, touches 0 where nothing succeeded and 1 where all did, and is useful from the first sample on.
 * @param successes from 0 to `samples`
 * @param samples at least 1
 * @param confidence two-sided; 0.95 leaves 2.5 % on either side
 * @returns shares from 0 to 1
 */
export function wilson(successes: number, samples: number, confidence: number): Interval {
  if (!(Number.isInteger(samples) && samples >= 1))
    throw new Error(`An interval of a share of ${samples} samples; allowed: a whole number from 1.`);
  if (!(Number.isInteger(successes) && successes >= 0 && successes <= samples)) {
    throw new Error(
      `An interval of ${successes} successes in ${samples} samples; allowed: a whole number from 0 to ${samples}.`,
    );
  }
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
  if (!(Number.isInteger(samples) && samples >= 1))
    throw new Error(`Ranks of ${samples} samples; allowed: a whole number from 1.`);
  if (!(share > 0 && share < 1)) throw new Error(`A quantile's share is ${share}; allowed: above 0 and below 1.`);
  const tail = tailOf(confidence);
  const { first, chances } = binomial(samples, share);
  let [below, rank] = [0, first];
  while (below + chances[rank - first]! <= tail) below += chances[rank++ - first]!;
  // The quantile is under the sample of this rank or equal to it only if fewer than that many samples are under it.
  const low = rank === 0 ? null : rank;
  let [above, top] = [0, first + chances.length - 1];
  while (above + chances[top - first]! <= tail) above += chances[top-- - first]!;
  return { low, high: top >= samples ? null : top + 1 };
}

/** How many samples a quantile needs until both of its bounds exist. */
export function samplesForQuantile(share: number, confidence: number): number {
  return Math.ceil(Math.log(tailOf(confidence)) / Math.log(Math.max(share, 1 - share)) - 1e-12);
}

/**
 * Chances of the counts around the middle of a binomial distribution, up to those that no sum of doubles would feel.
 * Each follows from its neighbour, so that no factorial is needed, and their sum is then made 1.
 */
function binomial(samples: number, share: number): { readonly first: number; readonly chances: Float64Array } {
  const odds = share / (1 - share);
  const mode = Math.min(samples, Math.floor((samples + 1) * share));
  const [down, up]: [number[], number[]] = [[], []];
  for (let count = mode, chance = 1; count > 0 && chance > 1e-20; count--)
    down.push((chance *= count / ((samples - count + 1) * odds)));
  for (let count = mode, chance = 1; count < samples && chance > 1e-20; count++)
    up.push((chance *= ((samples - count) * odds) / (count + 1)));
  const chances = Float64Array.from([...down.reverse(), 1, ...up]);
  const sum = chances.reduce((total, chance) => total + chance, 0);
  return { first: mode - down.length, chances: chances.map((chance) => chance / sum) };
}

function twoSided(confidence: number): number {
  return normalQuantile(1 - tailOf(confidence));
}

function tailOf(confidence: number): number {
  if (!(confidence > 0 && confidence < 1))
    throw new Error(`A confidence is ${confidence}; allowed: above 0 and below 1, such as 0.95.`);
  return (1 - confidence) / 2;
}
