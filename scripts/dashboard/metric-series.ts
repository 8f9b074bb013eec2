import type { MetricDataQuery } from "@aws-sdk/client-cloudwatch";
import type { Evaluated } from "./chart";
import type { MetricSeries, Point, SeriesQuery } from "./metrics";
import type { AwsPlace } from "../kit/aws-client";
import { metricDataPages, metricStat } from "../kit/metric-data";

export interface MetricSeriesRequest extends AwsPlace {
  /** At most 500. */
  readonly queries: readonly SeriesQuery[];
  /** Milliseconds since 1970, included. */
  readonly startMs: number;
  /** Milliseconds since 1970, not included. */
  readonly endMs: number;
  readonly signal: AbortSignal;
}

/** What CloudWatch has of metrics over time, and what it makes of expressions. */
export interface MetricSeriesAnswer {
  readonly series: readonly MetricSeries[];
  readonly evaluated: readonly Evaluated[];
}

/**
 * GetMetricData over time, with every page of it; cloudwatch.ts reads one value of a window. A search answers with a
 * series for each metric that it found, all under its id. Throws with the region and what it takes.
 */
export async function metricSeries(request: MetricSeriesRequest): Promise<MetricSeriesAnswer> {
  const found = new Map<string, { readonly id: string; readonly label: string; readonly points: Point[] }>();
  for await (const page of metricDataPages(
    { ...request, queries: request.queries.map(asked) },
    "; or give saved metrics by --metrics",
  )) {
    for (const {
      Id: id = "",
      Label: label = "",
      StatusCode: status = "Complete",
      Messages: messages = [],
      Timestamps: timestamps = [],
      Values: values = [],
    } of page.MetricDataResults ?? []) {
      if (status === "InternalError" || status === "Forbidden")
        throw new Error(
          `CloudWatch in ${request.region} answers ${status} to ${id} (${messages.map(({ Value: value }) => value).join(", ") || "without a reason"}). Ask again; it takes credentials with cloudwatch:GetMetricData.`,
        );
      const key = JSON.stringify([id, label]);
      const line = found.get(key) ?? { id, label, points: [] };
      found.set(key, line);
      // An emulator answers a percentile with a time and no value.
      timestamps.forEach(
        (time, index) => void (Number.isFinite(values[index]) && line.points.push([time.getTime(), values[index]!])),
      );
    }
  }
  return named(request.queries, [...found.values()]);
}

function named(
  queries: readonly SeriesQuery[],
  lines: readonly { readonly id: string; readonly label: string; readonly points: readonly Point[] }[],
): MetricSeriesAnswer {
  const series: MetricSeries[] = [];
  const evaluated: Evaluated[] = [];
  for (const { id, label, points } of lines) {
    const query = queries.find((each) => each.id === id);
    if (!query || points.length === 0) continue;
    const sorted = [...points].sort(([left], [right]) => left - right);
    if ("expression" in query.source) evaluated.push({ ...query.of!, label, points: sorted });
    else series.push({ ...query.source, periodSeconds: query.periodSeconds, points: sorted });
  }
  return { series, evaluated };
}

function asked({ id, label, source, periodSeconds }: SeriesQuery): MetricDataQuery {
  if ("expression" in source)
    return {
      Id: id,
      Expression: source.expression,
      Period: periodSeconds,
      ...(label === undefined ? {} : { Label: label }),
    };
  return { Id: id, MetricStat: metricStat(source, periodSeconds) };
}
