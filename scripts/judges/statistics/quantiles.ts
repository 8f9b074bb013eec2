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
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! > bound) high = middle;
    else low = middle + 1;
  }
  return sorted.length - low;
}

/** How many of the sorted values lie from one bound to another, both included. */
export function countWithin(sorted: Sorted, from: number, to: number): number {
  return countAtLeast(sorted, from) - countAbove(sorted, to);
}

/** How many of the sorted values are a bound or above it. */
export function countAtLeast(sorted: Sorted, bound: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! >= bound) high = middle;
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
