import type { Readings, Series } from "./evidence";
import { readId, type MetricRead } from "./reads";

/**
 * The answers about one window, asked by read. What went wrong in one is thrown, so that no KPI is judged by a part.
 */
export class ReadSeries {
  constructor(private readonly readings: Readings) {}

  /** Sum over the periods; null where there was no data. For `Sum` and `SampleCount`. */
  sum(read: MetricRead): number | null {
    const { values } = this.series(read);
    return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0);
  }

  /** Largest of all periods; null where there was no data. */
  maximum(read: MetricRead): number | null {
    const { values } = this.series(read);
    return values.length === 0 ? null : Math.max(...values);
  }

  /** The one value of a statistic that cannot be put together from parts; null where there was no data. */
  only(read: MetricRead): number | null {
    const { values } = this.series(read);
    if (values.length > 1)
      throw new EvidenceError(
        `${readId(read)} came in ${values.length} parts, and ${read.statistic} of parts cannot be put together; allowed: one value for the whole window`,
      );
    return values[0] ?? null;
  }

  /** Whether it was asked for at all: older evidence may lack it. */
  has(read: MetricRead): boolean {
    return this.readings.series[readId(read)] !== undefined;
  }

  private series(read: MetricRead): Series {
    const id = readId(read);
    const series = this.readings.series[id];
    if (!series) throw new EvidenceError(`${id} is not in the evidence`);
    if (series.status !== "Complete")
      throw new EvidenceError(
        `CloudWatch answered ${series.status} for ${id}${series.messages.length > 0 ? `: ${series.messages.join("; ")}` : ""}`,
      );
    if (series.messages.length > 0) throw new EvidenceError(`CloudWatch says of ${id}: ${series.messages.join("; ")}`);
    const bad = series.values.find((value) => !Number.isFinite(value));
    if (bad !== undefined) throw new EvidenceError(`${id} is ${bad}; allowed: a number`);
    return series;
  }
}

/** Evidence that cannot be judged: the KPI ends as an error. */
export class EvidenceError extends Error {
  override readonly name = "EvidenceError";
}
