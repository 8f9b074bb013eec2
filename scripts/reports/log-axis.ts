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
