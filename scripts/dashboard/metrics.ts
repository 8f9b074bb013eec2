import type { MetricSource, Widget } from "./body";

/** A SEARCH expression, read. */
export interface Search {
  readonly namespace: string;
  /** Exactly these dimensions a metric must have. */
  readonly dimensions: readonly string[];
  /** Values that they, or MetricName, must have. */
  readonly terms: Readonly<Record<string, string>>;
  readonly statistic: string;
}

export const isSearch = (expression: string): boolean => expression.startsWith("SEARCH(");

/**
 * Reads `SEARCH('{Namespace,Dimension,…} Name="value" …', 'Statistic')`: exact terms alone, which is what the dashboard
 * asks for (CloudWatch user guide, "Search expression syntax"). Throws on any other form.
 */
export function parseSearch(expression: string): Search {
  const [, schema, terms = "", statistic] =
    /^SEARCH\('\{([^{}']+)\}((?:\s+[\w.]+="[^"']*")*)\s*',\s*'([\w.()%:]+)'\s*\)$/.exec(expression) ?? [];
  const [namespace, ...dimensions] = schema?.split(",").map((part) => part.trim().replace(/^"(.*)"$/, "$1")) ?? [];
  if (namespace === undefined || statistic === undefined)
    throw new Error(
      `${expression} cannot be searched for here; allowed: SEARCH('{Namespace,Dimension} Name="value"', 'Statistic').`,
    );
  return {
    namespace,
    dimensions,
    statistic,
    terms: Object.fromEntries([...terms.matchAll(/([\w.]+)="([^"]*)"/g)].map(([, name, value]) => [name!, value!])),
  };
}

/** The series that a search finds among those there are, in an order that does not depend on theirs. */
export function found(
  { namespace, dimensions, terms, statistic }: Search,
  periodSeconds: number,
  series: readonly MetricSeries[],
): readonly MetricSeries[] {
  const fits = (each: MetricSeries) =>
    each.namespace === namespace &&
    each.statistic === statistic &&
    each.periodSeconds === periodSeconds &&
    Object.keys(each.dimensions).length === dimensions.length &&
    dimensions.every((name) => name in each.dimensions) &&
    Object.entries(terms).every(
      ([name, value]) =>
        (name === "MetricName" ? each.metric : name === "Namespace" ? each.namespace : each.dimensions[name]) === value,
    );
  return series.filter(fits).sort((left, right) => (sourceKey(left) < sourceKey(right) ? -1 : 1));
}

/** A value of a period: its begin in milliseconds since 1970, and the value. */
export type Point = readonly [ms: number, value: number];

/** One statistic of one metric over time, oldest period first. */
export interface MetricSeries extends MetricSource {
  readonly periodSeconds: number;
  readonly points: readonly Point[];
}

/** One entry of a metrics file: what it is of, then a value to each timestamp. */
export interface SavedSeries extends MetricSource {
  /** Seconds. */
  readonly period: number;
  /** ISO times with a zone, or seconds since 1970; begins of periods, in any order. */
  readonly timestamps: readonly (string | number)[];
  readonly values: readonly number[];
}

const ALLOWED =
  "a list of {namespace, metric, dimensions, statistic, period, timestamps, values}, or {MetricDataQueries, MetricDataResults} with what GetMetricData was asked and what it answered";

/** The series in a metrics file. Throws with the entry, the field, what was given and what is allowed. */
export function parseMetrics(document: unknown): readonly MetricSeries[] {
  const series = Array.isArray(document)
    ? document.map((entry: unknown, index) => saved(entry, `Entry ${index + 1}`))
    : ofGetMetricData(document);
  const known = new Map<string, number>();
  for (const [index, each] of series.entries()) {
    const twice = known.get(seriesKey(each));
    if (twice !== undefined)
      throw new Error(
        `Entries ${twice + 1} and ${index + 1} are both the ${each.statistic} of ${each.namespace} ${each.metric} in periods of ${each.periodSeconds} s; allowed: each once.`,
      );
    known.set(seriesKey(each), index);
  }
  return series;
}

/** What tells one series from another. */
export function seriesKey({ periodSeconds, ...source }: MetricSource & { readonly periodSeconds: number }): string {
  return JSON.stringify([sourceKey(source), source.statistic, periodSeconds]);
}

/** What tells one metric from another. */
export function sourceKey({ namespace, metric, dimensions }: Omit<MetricSource, "statistic">): string {
  return JSON.stringify([
    namespace,
    metric,
    ...Object.entries(dimensions).sort(([left], [right]) => (left < right ? -1 : 1)),
  ]);
}

/** As a metrics file holds it. */
export function savedSeries({
  namespace,
  metric,
  dimensions,
  statistic,
  periodSeconds,
  points,
}: MetricSeries): SavedSeries {
  return {
    namespace,
    metric,
    dimensions,
    statistic,
    period: periodSeconds,
    timestamps: points.map(([ms]) => new Date(ms).toISOString()),
    values: points.map(([, value]) => value),
  };
}

function saved(entry: unknown, name: string): MetricSeries {
  const all = record(entry, name);
  const [namespace, metric, statistic] = ["namespace", "metric", "statistic"].map((key) =>
    text(all[key], `${name}'s ${key}`),
  ) as [string, string, string];
  const dimensions = record(all["dimensions"] ?? {}, `${name}'s dimensions`);
  for (const [key, value] of Object.entries(dimensions)) text(value, `${name}'s dimension ${key}`);
  return {
    namespace,
    metric,
    statistic,
    dimensions: dimensions as Record<string, string>,
    periodSeconds: period(all["period"], name),
    points: points(all["timestamps"], all["values"], name),
  };
}

/** The answer alone names no metrics, so what was asked stands beside it. */
function ofGetMetricData(document: unknown): MetricSeries[] {
  const { MetricDataQueries: queries, MetricDataResults: results } = (document ?? {}) as {
    MetricDataQueries?: unknown;
    MetricDataResults?: unknown;
  };
  if (!Array.isArray(queries) || !Array.isArray(results))
    throw new Error(`It is ${shown(document)}; allowed: ${ALLOWED}.`);
  return queries.flatMap((query: unknown, index) => {
    const name = `Query ${index + 1}`;
    const { Id: id, MetricStat: asked } = record(query, name);
    // What CloudWatch made of an expression is made again here.
    if (asked === undefined) return [];
    const { Metric: metric, Period: periodSeconds, Stat: statistic } = record(asked, `${name}'s MetricStat`);
    const { Namespace: namespace, MetricName: metricName, Dimensions: pairs = [] } = record(metric, `${name}'s Metric`);
    if (!Array.isArray(pairs))
      throw new Error(`${name}'s Dimensions is ${shown(pairs)}; allowed: a list of {Name, Value}.`);
    const dimensions = Object.fromEntries(
      pairs.map((pair: unknown) => {
        const { Name: key, Value: value } = record(pair, `${name}'s dimension`);
        return [text(key, `${name}'s Name`), text(value, `${name}'s Value`)];
      }),
    );
    const answer = results.find((result: unknown) => record(result, "A result")["Id"] === id) as
      | { Timestamps?: unknown; Values?: unknown }
      | undefined;
    return [
      {
        namespace: text(namespace, `${name}'s Namespace`),
        metric: text(metricName, `${name}'s MetricName`),
        statistic: text(statistic, `${name}'s Stat`),
        dimensions,
        periodSeconds: period(periodSeconds, name),
        points: points(answer?.Timestamps ?? [], answer?.Values ?? [], name),
      },
    ];
  });
}

function points(timestamps: unknown, values: unknown, name: string): Point[] {
  if (!Array.isArray(timestamps) || !Array.isArray(values) || timestamps.length !== values.length) {
    const count = (list: unknown) => (Array.isArray(list) ? list.length : shown(list));
    throw new Error(
      `${name} has ${count(timestamps)} timestamps and ${count(values)} values; allowed: two lists of one length.`,
    );
  }
  const all = timestamps.map((timestamp: unknown, index): Point => {
    const value: unknown = values[index];
    if (typeof value !== "number" || !Number.isFinite(value))
      throw new Error(`${name}'s value ${index + 1} is ${shown(value)}; allowed: a number.`);
    return [timeOf(timestamp, `${name}'s timestamp ${index + 1}`), value];
  });
  return all.sort(([left], [right]) => left - right);
}

function timeOf(value: unknown, name: string): number {
  if (typeof value === "number" && Number.isFinite(value) && value >= 0 && value < 1e11) return value * 1_000;
  const ms =
    typeof value === "string" && /^\d{4}-\d{2}-\d{2}T[\d:.]+(Z|[+-]\d{2}:?\d{2})$/.test(value)
      ? Date.parse(value)
      : NaN;
  if (!Number.isFinite(ms))
    throw new Error(
      `${name} is ${shown(value)}; allowed: an ISO time with its zone, such as 2026-11-21T12:00:00Z, or seconds since 1970.`,
    );
  return ms;
}

function period(value: unknown, name: string): number {
  if (!Number.isInteger(value) || (value as number) < 1)
    throw new Error(`${name}'s period is ${shown(value)}; allowed: whole seconds from 1 on.`);
  return value as number;
}

function record(value: unknown, name: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Error(
      `${name} is ${shown(value)}; allowed: ${/^(Entry|Query|A result)[ \d]*$/.test(name) ? `an object of ${ALLOWED}` : "an object"}.`,
    );
  return value as Readonly<Record<string, unknown>>;
}

function text(value: unknown, name: string): string {
  if (typeof value !== "string" || value === "") throw new Error(`${name} is ${shown(value)}; allowed: text.`);
  return value;
}

const shown = (value: unknown): string => (JSON.stringify(value) ?? "missing").slice(0, 120);

/** One query of GetMetricData. */
export interface SeriesQuery {
  /** Begins with a lower-case letter; letters, digits and _ only. */
  readonly id: string;
  readonly periodSeconds: number;
  /** As CloudWatch fills it in. Default: its own. */
  readonly label?: string;
  readonly source: MetricSource | { readonly expression: string };
  /** Of an expression: number of the widget and of its row. */
  readonly of?: { readonly widget: number; readonly row: number };
}

/** Charts of one call: ten rows each are below the 500 queries that a call may have. */
const CHARTS_A_CALL = 40;

/**
 * What a dashboard asks of CloudWatch, by region, in calls of at most 500 queries. A metric is asked once a call,
 * however many charts have it: each is billed.
 */
export function seriesQueries(
  widgets: readonly Widget[],
): readonly { readonly region: string; readonly queries: readonly SeriesQuery[] }[] {
  const charts = widgets.flatMap((widget, number) => (widget.type === "metric" ? [{ widget, number }] : []));
  const regions = [...new Set(charts.map(({ widget }) => widget.region))].sort();
  return regions.flatMap((region) => {
    const here = charts.filter(({ widget }) => widget.region === region);
    const calls = Array.from({ length: Math.ceil(here.length / CHARTS_A_CALL) }, (_, index) =>
      here.slice(index * CHARTS_A_CALL, (index + 1) * CHARTS_A_CALL),
    );
    return calls.map((call) => ({ region, queries: queriesOf(call) }));
  });
}

function queriesOf(
  charts: readonly { readonly widget: Extract<Widget, { type: "metric" }>; readonly number: number }[],
): SeriesQuery[] {
  const metrics = new Map<string, SeriesQuery>();
  const expressions: SeriesQuery[] = [];
  for (const { widget, number } of charts) {
    const own = new Map<string, string>();
    for (const { id, source, periodSeconds } of widget.rows) {
      if ("expression" in source) continue;
      const key = seriesKey({ ...source, periodSeconds });
      const query = metrics.get(key) ?? { id: `q${metrics.size}`, source, periodSeconds };
      metrics.set(key, query);
      if (id !== undefined) own.set(id, query.id);
    }
    widget.rows.forEach(({ source, periodSeconds, label }, row) => {
      if (!("expression" in source)) return;
      // Ids are a chart's own; in a call they are everybody's.
      const expression = isSearch(source.expression)
        ? source.expression
        : source.expression.replaceAll(/\b[a-z]\w*\b/g, (id) => own.get(id) ?? id);
      expressions.push({
        id: `w${number}_${row}`,
        periodSeconds,
        label,
        source: { expression },
        of: { widget: number, row },
      });
    });
  }
  return [...metrics.values(), ...expressions];
}
