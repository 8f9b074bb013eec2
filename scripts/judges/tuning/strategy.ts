/**
 * What is wanted: the least dollars, the least time, or the least of both in equal parts. The names are those of
 * aws-lambda-power-tuning.
 */
export const STRATEGIES = ["cost", "speed", "balanced"] as const;
export type Strategy = (typeof STRATEGIES)[number];

/** What one size is expected to take. */
export interface Expected {
  readonly memoryMiB: number;
  readonly timeMs: number;
  /** Dollars of one run, the INIT of a share of them in it. */
  readonly usd: number;
}

/** Sizes that differ by less than this share are taken for equal: a bill or a caller would not notice. */
export const SAME_SHARE = 0.03;

/**
 * The best size under a strategy. Of those within 3 % of the least cost the fastest, of those within 3 % of the least
 * time the cheapest, and of those that are best in balance too.
 * @param sizes at least one
 */
export function bestOf<T extends Expected>(strategy: Strategy, sizes: readonly T[]): T {
  const wanted = wantedOf(strategy, sizes);
  const least = Math.min(...sizes.map(wanted));
  const equal = sizes.filter((size) => wanted(size) <= least * (1 + SAME_SHARE));
  const other = strategy === "cost" ? (size: Expected) => size.timeMs : (size: Expected) => size.usd;
  return equal.reduce((best, size) => (other(size) < other(best) ? size : best));
}

/**
 * What a strategy wants little of. In balance: half of the share of the greatest cost, half of that of the longest
 * time.
 */
export function wantedOf(strategy: Strategy, sizes: readonly Expected[]): (size: Expected) => number {
  if (strategy === "cost") return ({ usd }) => usd;
  if (strategy === "speed") return ({ timeMs }) => timeMs;
  const [mostMs, mostUsd] = [Math.max(...sizes.map(({ timeMs }) => timeMs)), Math.max(...sizes.map(({ usd }) => usd))];
  return ({ timeMs, usd }) => 0.5 * (usd / mostUsd) + 0.5 * (timeMs / mostMs);
}
