import { countAtLeast, quantile, type Sorted } from "../kit/quantiles";

/** A bar of a histogram: from, included, to, left out but in the last one. */
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

/**
 * Counts durations in bins that are equally wide on a logarithmic scale. How many bins follows from how many runs
 * (twice the cube root, after Rice), from 8 to 60.
 * @param sortedMs in ascending order, at least one
 */
export function logHistogram(sortedMs: Sorted): Bin[] {
  const smallest = Math.max(sortedMs[0] ?? NaN, 0.01);
  const largest = Math.max(sortedMs[sortedMs.length - 1] ?? NaN, smallest);
  if (!(largest > 0)) throw new Error("There is no histogram of no durations.");
  // All the same: one bar around it.
  if (largest / smallest < 1.0001) return [{ from: smallest / 1.05, to: largest * 1.05, count: sortedMs.length }];
  const bins = Math.min(60, Math.max(8, Math.ceil(2 * Math.cbrt(sortedMs.length))));
  const edge = (index: number) => (index === bins ? largest : smallest * (largest / smallest) ** (index / bins));
  const atLeast = (index: number) =>
    index === 0 ? sortedMs.length : index === bins ? 0 : countAtLeast(sortedMs, edge(index));
  return Array.from({ length: bins }, (_, index) => ({
    from: edge(index),
    to: edge(index + 1),
    count: atLeast(index) - atLeast(index + 1),
  }));
}

/** Counts percentages in bins of 5; the last one, from 100 on, is for more than all. */
export function percentHistogram(percentages: Sorted): Bin[] {
  const bins = Array.from({ length: 20 }, (_, index) => ({ from: index * 5, to: (index + 1) * 5, count: 0 }));
  for (let index = 0; index < percentages.length; index++)
    bins[Math.min(19, Math.floor(percentages[index]! / 5))]!.count++;
  return bins;
}

const CURVE = [
  0, 1, 2, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60, 65, 70, 75, 80, 85, 90, 92, 94, 95, 96, 97, 98, 99, 99.5,
  99.9, 100,
];

/** The durations at fixed percentiles. Beyond what so many runs can show, only the largest value itself. */
export function percentileCurve(sortedMs: Sorted): CurvePoint[] {
  const shown = CURVE.filter(
    (percentile) =>
      percentile === 0 || percentile === 100 || (Math.min(percentile, 100 - percentile) / 100) * sortedMs.length >= 0.5,
  );
  return shown.map((percentile) => ({ percentile, valueMs: quantile(sortedMs, percentile / 100) }));
}

/** Durations on a logarithmic axis: ECharts' own has marks at powers of ten only, and most runs lie within one. */
export interface LogAxis {
  /** Logarithms to the base of ten. */
  readonly from: number;
  readonly to: number;
  /** Where its marks are. */
  readonly marks: readonly number[];
}

/** The steps within a power of ten, the densest first. */
const STEPS = [[1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9], [1, 2, 3, 5, 7], [1, 2, 5], [1, 3], [1]];

/**
 * An axis over some values, with round marks: as dense as there is room for.
 * @param values in milliseconds, above 0
 * @param most marks
 */
export function logAxis(values: readonly number[], most: number): LogAxis {
  const logs = values.map((value) => Math.log10(Math.max(value, 0.01)));
  const [low, high] = [Math.min(...logs), Math.max(...logs)];
  const margin = Math.min(0.04, Math.max((high - low) * 0.04, 0.02));
  const [from, to] = [low - margin, high + margin];
  const candidates = STEPS.map((steps) => marksOf(steps, from, to));
  return {
    from,
    to,
    marks: candidates.find((marks) => marks.length <= most) ?? thinned(candidates[candidates.length - 1]!, most),
  };
}

function marksOf(steps: readonly number[], from: number, to: number): number[] {
  const powers = Array.from({ length: Math.floor(to) - Math.floor(from) + 1 }, (_, index) => Math.floor(from) + index);
  return powers
    .flatMap((power) => steps.map((step) => power + Math.log10(step)))
    .filter((mark) => mark >= from && mark <= to);
}

function thinned(marks: readonly number[], most: number): number[] {
  const every = Math.ceil(marks.length / most);
  return marks.filter((_, index) => index % every === 0);
}

/** A mark's text, without needless zeros: `500 ms`, `1.5 s`, `60 s`. */
export function markText(log: number): string {
  const ms = 10 ** log;
  return ms < 999.5 ? `${Number(ms.toPrecision(2))} ms` : `${Number((ms / 1_000).toPrecision(2))} s`;
}
