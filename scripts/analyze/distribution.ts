import { countAtLeast, countWithin, quantile, type Sorted } from "../kit/quantiles";

/** A bar of a histogram. `to` is excluded, except in the last bar. */
export interface Bin {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/** A point of the percentile curve. */
export interface CurvePoint {
  readonly percentile: number;
  readonly valueMs: number;
}

/** Shortest duration that has a place on a logarithmic axis, in milliseconds. */
const MIN_MS = 0.01;

/**
 * Counts durations in bins that are equally wide on a logarithmic scale. There are twice as many bins as the cube root
 * of the number of runs (Rice's rule), from 8 to 60.
 * @param sortedMs in ascending order, at least one
 */
export function binDurations(sortedMs: Sorted): Bin[] {
  const smallest = Math.max(sortedMs[0] ?? NaN, MIN_MS);
  const largest = Math.max(sortedMs[sortedMs.length - 1] ?? NaN, smallest);
  if (!(largest > 0)) throw new Error("There is no histogram of no durations.");
  // Equal durations get one bar around them.
  if (largest / smallest < 1.0001) return [{ from: smallest / 1.05, to: largest * 1.05, count: sortedMs.length }];
  const bins = Math.min(60, Math.max(8, Math.ceil(2 * Math.cbrt(sortedMs.length))));
  const edge = (index: number) => (index === bins ? largest : smallest * (largest / smallest) ** (index / bins));
  const countFrom = (index: number) => {
    if (index === 0) return sortedMs.length;
    return index === bins ? 0 : countAtLeast(sortedMs, edge(index));
  };
  return Array.from({ length: bins }, (_, index) => ({
    from: edge(index),
    to: edge(index + 1),
    count: countFrom(index) - countFrom(index + 1),
  }));
}

/** Counts percentages in bins of 5. The last one includes 100 and above. */
export function binPercentages(percentages: Sorted): Bin[] {
  const bins = Array.from({ length: 20 }, (_, index) => ({ from: index * 5, to: (index + 1) * 5, count: 0 }));
  for (let index = 0; index < percentages.length; index++)
    bins[Math.min(19, Math.floor(percentages[index]! / 5))]!.count++;
  return bins;
}

const CURVE_PERCENTILES = [
  0, 1, 2, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60, 65, 70, 75, 80, 85, 90, 92, 94, 95, 96, 97, 98, 99, 99.5,
  99.9, 100,
];

/** Samples the percentile curve. Percentiles that too few runs lie beyond are left out, except the extremes. */
export function samplePercentiles(sortedMs: Sorted): CurvePoint[] {
  return CURVE_PERCENTILES.filter((percentile) => {
    const beyondPercent = Math.min(percentile, 100 - percentile);
    return beyondPercent === 0 || (beyondPercent / 100) * sortedMs.length >= 0.5;
  }).map((percentile) => ({ percentile, valueMs: quantile(sortedMs, percentile / 100) }));
}

/** Many runs that took almost the same time. */
export interface Cluster {
  /** The round time, or the largest one. */
  readonly atMs: number;
  readonly kind: "round" | "largest";
  readonly count: number;
  /** Runs that the density around the cluster suggests. */
  readonly expected: number;
}

/** Common time-outs: 29 s is API Gateway's, and 123 s is what a stale connection took in the reports. */
const ROUND_MS = [1, 2, 3, 5, 10, 15, 20, 29, 30, 45, 60, 90, 120, 150, 180, 240, 300, 420, 600, 900].map(
  (seconds) => seconds * 1_000,
);

/** A time-out ends at its time or slightly later; shares of that time. */
const BEFORE = 0.005;
const AFTER = 0.015;
/** The density is measured on either side between these shares of the time. */
const NEAR = 0.03;
const FAR = 0.11;
const MIN_COUNT = 3;
const MIN_SHARE = 0.005;
const MIN_TIMES_EXPECTED = 4;

/**
 * Finds durations that are crowded at a round time or at the largest one, as the time-out of a dependency makes them.
 * It takes at least 3 runs, 0.5 % of all, and four times as many as the density around them suggests.
 * @param sortedMs in ascending order
 */
export function findClusters(sortedMs: Sorted): Cluster[] {
  const largest = sortedMs[sortedMs.length - 1];
  if (largest === undefined) return [];
  const round = ROUND_MS.flatMap((atMs) => findClusterAt(sortedMs, atMs, "round"));
  const isKnown = round.some(({ atMs }) => largest >= atMs * (1 - BEFORE) && largest <= atMs * (1 + AFTER));
  return isKnown ? round : [...round, ...findClusterAt(sortedMs, largest, "largest")];
}

function findClusterAt(sortedMs: Sorted, atMs: number, kind: Cluster["kind"]): Cluster[] {
  const countBetween = (from: number, to: number) => countWithin(sortedMs, atMs * from, atMs * to);
  // No run is longer than the largest, so a cluster there has one side only.
  const [after, sides] = kind === "round" ? [AFTER, 2] : [0, 1];
  const count = countBetween(1 - BEFORE, 1 + after);
  if (count < Math.max(MIN_COUNT, MIN_SHARE * sortedMs.length)) return [];
  const neighbours = countBetween(1 - FAR, 1 - NEAR) + (sides === 2 ? countBetween(1 + NEAR, 1 + FAR) : 0);
  const expected = (neighbours * (BEFORE + after)) / (sides * (FAR - NEAR));
  return count >= MIN_TIMES_EXPECTED * (expected + 0.5) ? [{ atMs, kind, count, expected }] : [];
}

/** A logarithmic axis of durations. ECharts' own has marks at powers of ten only, and most runs lie within one. */
export interface LogAxis {
  /** Logarithms to the base of ten, as are the marks. */
  readonly from: number;
  readonly to: number;
  readonly marks: readonly number[];
}

export const logarithm = (ms: number): number => Math.log10(Math.max(ms, MIN_MS));

/** Marks within a power of ten, the densest first. */
const STEPS = [[1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9], [1, 2, 3, 5, 7], [1, 2, 5], [1, 3], [1]];

/**
 * Creates an axis that holds all values, with round marks that are as dense as allowed.
 * @param values in milliseconds, above 0
 */
export function createLogAxis(values: readonly number[], maxMarks: number): LogAxis {
  const logs = values.map(logarithm);
  const [low, high] = [Math.min(...logs), Math.max(...logs)];
  const margin = Math.min(0.04, Math.max((high - low) * 0.04, 0.02));
  const [from, to] = [low - margin, high + margin];
  const powers = Array.from({ length: Math.floor(to) - Math.floor(from) + 1 }, (_, index) => Math.floor(from) + index);
  const candidates = STEPS.map((steps) =>
    powers
      .flatMap((power) => steps.map((step) => power + Math.log10(step)))
      .filter((mark) => mark >= from && mark <= to),
  );
  const sparsest = candidates[candidates.length - 1]!;
  const marks =
    candidates.find(({ length }) => length <= maxMarks) ??
    sparsest.filter((_, index) => index % Math.ceil(sparsest.length / maxMarks) === 0);
  return { from, to, marks };
}

/** Writes a mark without needless zeros: `500 ms`, `1.5 s`, `60 s`. */
export function formatLogMark(log: number): string {
  const ms = 10 ** log;
  return ms < 999.5 ? `${Number(ms.toPrecision(2))} ms` : `${Number((ms / 1_000).toPrecision(2))} s`;
}
