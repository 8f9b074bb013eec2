import { CloudWatchClient, DescribeAlarmsCommand, type MetricDataQuery } from "@aws-sdk/client-cloudwatch";
import { clientConfiguration, type AwsPlace } from "../kit/aws-client";
import type { CommandContext } from "../kit/context";
import { counted } from "../kit/figures";
import { metricDataPages, metricStat, type MetricDataCall, type NamedStatistic } from "../kit/metric-data";
import { canonical } from "../kit/value-text";
import { listCharts, type ChartRow, type NumberedChart, type Widget } from "./applied-dashboard";
import { isSearch } from "../kit/metric-expressions";

/** The times that a dashboard shows, in milliseconds since 1970. */
export interface Window {
  /** Included. */
  readonly startMs: number;
  /** Not included. */
  readonly endMs: number;
}

/** The value of a period: its begin in milliseconds since 1970, and the value. */
export type Point = readonly [ms: number, value: number];

/** One statistic of one metric over time, oldest period first. */
export interface MetricSeries extends NamedStatistic {
  readonly periodSeconds: number;
  readonly points: readonly Point[];
}

/** Two series with the same key are the same statistic of the same metric. */
export const seriesKey = (series: Omit<MetricSeries, "points">): string =>
  canonical([series.namespace, series.metric, series.dimensions, series.statistic, series.periodSeconds]);

/** CloudWatch's own result of an expression. A search has one for each metric that it found. */
interface Evaluated {
  /** Number of the widget and of its row, both from 0. */
  readonly widget: number;
  readonly row: number;
  readonly label: string;
  readonly points: readonly Point[];
}

/** What charts are drawn from. */
export interface Metrics {
  readonly series: readonly MetricSeries[];
  /** Expressions without a result are evaluated here. */
  readonly evaluated: readonly Evaluated[];
}

/** Reads what a dashboard shows of a window: metrics, results of expressions, and states of alarms by name. */
export async function readCloudWatch(
  { environment, signal, progress }: CommandContext,
  widgets: readonly Widget[],
  window: Window,
): Promise<Metrics & { readonly alarmStates: ReadonlyMap<string, string> }> {
  const calls = listQueries(widgets);
  const answers = await progress.step(
    "Read the metrics",
    () => Promise.all(calls.map((call) => readMetrics({ environment, ...call, ...window, signal }))),
    (all) => counted(all.flatMap(({ series }) => series).length, "metric"),
  );
  const arns = widgets.flatMap((widget) => (widget.type === "alarm" ? widget.arns : []));
  const regionOf = (arn: string) => arn.split(":")[3] ?? "";
  const states = await Promise.all(
    [...new Set(arns.map(regionOf))].map((region) => {
      const names = arns.filter((arn) => regionOf(arn) === region).map(alarmName);
      return readAlarmStates({ environment, region }, names, signal);
    }),
  );
  // Charts of two calls may have the same metric.
  const series = new Map(answers.flatMap((answer) => answer.series).map((each) => [seriesKey(each), each]));
  return {
    series: [...series.values()],
    evaluated: answers.flatMap(({ evaluated }) => evaluated),
    alarmStates: new Map(states.flatMap((each) => [...each])),
  };
}

/** The name in `arn:aws:cloudwatch:region:account:alarm:name`. */
export const alarmName = (arn: string): string => arn.split(":").slice(6).join(":") || arn;

/** One query of GetMetricData. */
export interface SeriesQuery extends Pick<ChartRow, "source" | "periodSeconds"> {
  /** Begins with a lower-case letter; letters, digits and _ only. */
  readonly id: string;
  /** Only for an expression: its label, as CloudWatch fills it in. */
  readonly label?: string;
  /** Only for an expression: number of the widget and of its row. */
  readonly of?: Pick<Evaluated, "widget" | "row">;
}

/** Charts of one call. With ten rows each they stay below the 500 queries that a call may have. */
const CHARTS_A_CALL = 40;

/**
 * What a dashboard asks of CloudWatch, by region, in calls of at most 500 queries. Each query is billed, so a metric of
 * several charts is asked once a call.
 */
export function listQueries(
  widgets: readonly Widget[],
): readonly { readonly region: string; readonly queries: readonly SeriesQuery[] }[] {
  const charts = listCharts(widgets);
  return [...new Set(charts.map(({ widget }) => widget.region))].sort().flatMap((region) => {
    const inRegion = charts.filter(({ widget }) => widget.region === region);
    const calls = Array.from({ length: Math.ceil(inRegion.length / CHARTS_A_CALL) }, (_, call) =>
      inRegion.slice(call * CHARTS_A_CALL, (call + 1) * CHARTS_A_CALL),
    );
    return calls.map((call) => ({ region, queries: listQueriesOfCharts(call) }));
  });
}

function listQueriesOfCharts(charts: readonly NumberedChart[]): SeriesQuery[] {
  const metrics = new Map<string, SeriesQuery>();
  const expressions: SeriesQuery[] = [];
  for (const { widget, number } of charts) {
    // An id is unique in its chart; a query's id must be unique in the call.
    const queryIds = new Map<string, string>();
    for (const { id, source, periodSeconds } of widget.rows) {
      if ("expression" in source) continue;
      const key = seriesKey({ ...source, periodSeconds });
      const query = metrics.get(key) ?? { id: `q${metrics.size}`, source, periodSeconds };
      metrics.set(key, query);
      if (id !== undefined) queryIds.set(id, query.id);
    }
    for (const [row, { source, periodSeconds, label }] of widget.rows.entries()) {
      if (!("expression" in source)) continue;
      const expression = isSearch(source.expression)
        ? source.expression
        : source.expression.replaceAll(/\b[a-z]\w*\b/g, (id) => queryIds.get(id) ?? id);
      const of = { widget: number, row };
      expressions.push({ id: `w${number}_${row}`, periodSeconds, label, source: { expression }, of });
    }
  }
  return [...metrics.values(), ...expressions];
}

/**
 * Asks GetMetricData, with all its pages. A search answers with one result for each metric that it found, all under its
 * id. Throws with the region and the permission that it takes.
 */
export async function readMetrics(
  call: Omit<MetricDataCall, "queries"> & { readonly queries: readonly SeriesQuery[] },
): Promise<Metrics> {
  const results = new Map<string, { readonly id: string; readonly label: string; readonly points: Point[] }>();
  const queries = call.queries.map(createMetricDataQuery);
  for await (const page of metricDataPages({ ...call, queries }, "; or give saved metrics by --metrics"))
    for (const result of page.MetricDataResults ?? []) {
      const { Id: id = "", Label: label = "", StatusCode: status, Messages: messages = [] } = result;
      if (status === "InternalError" || status === "Forbidden")
        throw new Error(
          `CloudWatch in ${call.region} answers ${status} to ${id} ` +
            `(${messages.map(({ Value: reason }) => reason).join(", ") || "without a reason"}). Ask again; it takes ` +
            "credentials with cloudwatch:GetMetricData.",
        );
      const key = JSON.stringify([id, label]);
      const points: Point[] = results.get(key)?.points ?? [];
      results.set(key, { id, label, points });
      for (const [index, time] of (result.Timestamps ?? []).entries()) {
        const value = result.Values?.[index];
        // An emulator answers a percentile with a time and no value.
        if (value !== undefined && Number.isFinite(value)) points.push([time.getTime(), value]);
      }
    }
  const [series, evaluated]: [MetricSeries[], Evaluated[]] = [[], []];
  for (const { id, label, points } of results.values()) {
    const query = call.queries.find((each) => each.id === id);
    if (query === undefined || points.length === 0) continue;
    points.sort(([left], [right]) => left - right);
    const { source, periodSeconds, of } = query;
    if (!("expression" in source)) series.push({ ...source, periodSeconds, points });
    else if (of !== undefined) evaluated.push({ ...of, label, points });
  }
  return { series, evaluated };
}

function createMetricDataQuery({ id, label, source, periodSeconds }: SeriesQuery): MetricDataQuery {
  return "expression" in source
    ? { Id: id, Expression: source.expression, Period: periodSeconds, Label: label }
    : { Id: id, MetricStat: metricStat(source, periodSeconds) };
}

/** Names that DescribeAlarms takes at once (CloudWatch API reference). */
const NAMES_A_CALL = 100;

/**
 * The states of alarms by name: OK, ALARM or INSUFFICIENT_DATA. An alarm that does not exist is left out. Throws with
 * the region and the permission that it takes.
 */
export async function readAlarmStates(
  place: AwsPlace,
  names: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const client = new CloudWatchClient(clientConfiguration(place, "CLOUDWATCH"));
  const states = new Map<string, string>();
  try {
    for (let from = 0; from < names.length; from += NAMES_A_CALL) {
      const { MetricAlarms: metric = [], CompositeAlarms: composite = [] } = await client.send(
        new DescribeAlarmsCommand({
          AlarmNames: names.slice(from, from + NAMES_A_CALL),
          AlarmTypes: ["MetricAlarm", "CompositeAlarm"],
          MaxRecords: NAMES_A_CALL,
        }),
        { abortSignal: signal },
      );
      for (const { AlarmName: name, StateValue: state } of [...metric, ...composite])
        if (name !== undefined && state !== undefined) states.set(name, state);
    }
    return states;
  } catch (cause) {
    if (signal.aborted) throw cause;
    const { name, message } = cause as Error;
    throw new Error(
      `CloudWatch in ${place.region} does not answer DescribeAlarms (${name}: ${message}). It takes credentials with ` +
        "cloudwatch:DescribeAlarms; or give saved metrics by --metrics.",
      { cause },
    );
  } finally {
    client.destroy();
  }
}
