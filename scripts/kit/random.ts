import { type Interval, mean, quantile, type Sorted } from "./quantiles";

const { imul } = Math;

/**
 * Makes a generator of numbers from 0 to below 1 that repeats for the same seed: mulberry32, by Tommy Ettinger (public
 * domain). It is good enough for simulations, and never for secrets.
 */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const { floor } = Math;

/** What a bootstrap draws with. */
export interface Draws {
  /** How many samples are drawn. */
  readonly resamples: number;
  /** Numbers from 0 to below 1; seeded, so that the same runs give the same interval. */
  readonly random: () => number;
}

/**
 * Computes the means of samples that are drawn with replacement from the values, each as large as their number (Efron's
 * bootstrap). Their spread shows how much the mean would vary if it were measured again, for any distribution.
 * @param values at least one
 */
export function bootstrapMeans(values: ArrayLike<number>, { resamples, random }: Draws): Float64Array {
  if (values.length === 0) throw new Error("There is no bootstrap of no values.");
  return Float64Array.from({ length: resamples }, () => {
    let sum = 0;
    for (let drawn = 0; drawn < values.length; drawn++) sum += values[floor(random() * values.length)]!;
    return sum / values.length;
  });
}

/**
 * Finds the middle interval of a bootstrap's results, with equal tails; a confidence of 0.95 leaves 2.5 % on each side.
 */
export function percentileInterval(drawn: ArrayLike<number>, confidence: number): Interval {
  const sorted: Sorted = Float64Array.from(drawn).sort();
  return { low: quantile(sorted, (1 - confidence) / 2), high: quantile(sorted, (1 + confidence) / 2) };
}

/** Computes the standard error of a figure: the standard deviation of its bootstrap's results. */
export function standardError(drawn: ArrayLike<number>): number {
  const centre = mean(drawn);
  return Math.sqrt(mean(Float64Array.from(drawn, (value) => (value - centre) ** 2)));
}
