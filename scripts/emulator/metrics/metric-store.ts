/** One measured value of one metric. */
export interface Sample {
  /** Such as `AWS/Lambda`. */
  readonly namespace: string;
  readonly metric: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly value: number;
  /** Milliseconds since 1970, in the time of the metrics. */
  readonly atMs: number;
}

/** A metric with exactly these dimensions. */
export type MetricName = Pick<Sample, "namespace" | "metric" | "dimensions">;

interface Line {
  readonly atMs: number[];
  readonly values: number[];
}

/** Samples of a metric that are kept: a bound for a run of days. CloudWatch keeps no samples at all. */
export const KEPT_SAMPLES = 200_000;

/** Of a full metric so many of the oldest make room at once, so that not each new sample moves all others. */
const DROPPED_AT_ONCE = KEPT_SAMPLES / 10;

/** Every sample by metric: percentiles and ranks are exact then. */
export class MetricStore {
  private readonly lines = new Map<string, Line>();

  record({ value, atMs, ...name }: Sample): void {
    const key = keyOf(name);
    const line = this.lines.get(key) ?? { atMs: [], values: [] };
    this.lines.set(key, line);
    line.atMs.push(atMs);
    line.values.push(value);
    if (line.values.length <= KEPT_SAMPLES) return;
    line.atMs.splice(0, DROPPED_AT_ONCE);
    line.values.splice(0, DROPPED_AT_ONCE);
  }

  /**
   * The values of a metric by period, ascending within each. Periods without samples are left out.
   * @param startMs included, as the start of the first period
   * @param endMs not included
   * @returns period's start in milliseconds since 1970 to values, in the order of time
   */
  byPeriod(name: MetricName, startMs: number, endMs: number, periodMs: number): ReadonlyMap<number, readonly number[]> {
    const periods = new Map<number, number[]>();
    const line = this.lines.get(keyOf(name));
    line?.values.forEach((value, index) => {
      const atMs = line.atMs[index]!;
      if (atMs < startMs || atMs >= endMs) return;
      const start = startMs + Math.floor((atMs - startMs) / periodMs) * periodMs;
      const values = periods.get(start) ?? [];
      periods.set(start, values);
      values.push(value);
    });
    const inOrder = [...periods].sort(([left], [right]) => left - right);
    return new Map(inOrder.map(([start, values]) => [start, values.sort((left, right) => left - right)]));
  }
}

/** CloudWatch tells metrics apart by all their dimensions, in any order. */
function keyOf({ namespace, metric, dimensions }: MetricName): string {
  return JSON.stringify([
    namespace,
    metric,
    ...Object.entries(dimensions).sort(([left], [right]) => (left < right ? -1 : 1)),
  ]);
}
