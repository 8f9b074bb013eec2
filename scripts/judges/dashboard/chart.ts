import { metricMath } from "../metric-math";
import type { ChartRow, ChartWidget, MetricSource } from "./body";
import { checkLines, type LineCheck } from "./lines";
import { seriesKey, sourceKey, type MetricSeries, type Point } from "./metrics";
import { found, isSearch, parseSearch } from "./search";

/** Times that a dashboard shows. */
export interface Window {
  /** Milliseconds since 1970, included. */
  readonly startMs: number;
  /** Milliseconds since 1970, not included. */
  readonly endMs: number;
}

/** What CloudWatch itself made of an expression: one line, or one for each metric that a search found. */
export interface Evaluated {
  /** Number of the widget in the body, from 0, and of the row in it. */
  readonly widget: number;
  readonly row: number;
  readonly label: string;
  readonly points: readonly Point[];
}

/** What the charts are drawn from. */
export interface Metrics {
  readonly series: readonly MetricSeries[];
  /** Of expressions. Default: they are evaluated here. */
  readonly evaluated: readonly Evaluated[];
}

/** One line of a chart. */
export interface ChartSeries {
  readonly label: string;
  /** Oldest first; at least one. */
  readonly points: readonly Point[];
  readonly periodSeconds: number;
  readonly latest: number;
  readonly minimum: number;
  readonly maximum: number;
}

/** A chart with its values. */
export interface ChartData {
  readonly widget: ChartWidget;
  /** Those with a value in the window. */
  readonly series: readonly ChartSeries[];
  readonly lines: readonly LineCheck[];
  /** Why there is nothing, or not all, where that is known. */
  readonly notes: readonly string[];
}

/** The values of a chart in a window. Periods that have not ended by its end are left out: half a sum is none. */
export function chartData(widget: ChartWidget, number: number, metrics: Metrics, window: Window): ChartData {
  const notes: string[] = [];
  const series = widget.rows.flatMap((row, index) => {
    if (!row.visible) return [];
    try {
      return rowSeries({ widget, number, metrics, window, notes }, row, index);
    } catch (cause) {
      notes.push((cause as Error).message);
      return [];
    }
  });
  return {
    widget,
    series,
    lines: checkLines(
      widget.title,
      widget.lines,
      series.map(({ points }) => points),
    ),
    notes: [...new Set(notes)],
  };
}

interface Around {
  readonly widget: ChartWidget;
  readonly number: number;
  readonly metrics: Metrics;
  readonly window: Window;
  readonly notes: string[];
}

function rowSeries(around: Around, row: ChartRow, index: number): ChartSeries[] {
  const { metrics, number, window } = around;
  const label = row.label.replace(/\s*\[last \$\{LAST\}\]$/, "");
  if (!("expression" in row.source))
    return asSeries(label, row, within(valuesOf(around, row.source, row.periodSeconds), row, window));
  const evaluated = metrics.evaluated.filter(
    (each) => each.widget === number && each.row === index && each.points.length > 0,
  );
  if (evaluated.length > 0) {
    // Of what CloudWatch puts into a label only the name is wanted: the value stands beside it.
    return [...evaluated]
      .sort((left, right) => (left.label < right.label ? -1 : 1))
      .flatMap((each) =>
        asSeries(
          isSearch((row.source as { expression: string }).expression) ? each.label : label,
          row,
          within(each.points, row, window),
        ),
      );
  }
  if (isSearch(row.source.expression)) {
    const hits = found(parseSearch(row.source.expression), row.periodSeconds, metrics.series);
    return hits.flatMap((hit) => asSeries(searchLabel(row.label, hit), row, within(hit.points, row, window)));
  }
  return asSeries(label, row, expressionPoints(around, row, row.source.expression));
}

/** `${PROP('Dim.Agent')}` is the agent's name. */
const searchLabel = (label: string, { dimensions }: MetricSeries): string =>
  label.replaceAll(/\$\{PROP\('Dim\.(\w+)'\)\}/g, (whole, name: string) => dimensions[name] ?? whole);

function valuesOf({ metrics, notes }: Around, source: MetricSource, periodSeconds: number): readonly Point[] {
  const exact = metrics.series.find((each) => seriesKey(each) === seriesKey({ ...source, periodSeconds }));
  if (exact) return exact.points;
  const others = metrics.series.filter((each) => sourceKey(each) === sourceKey(source));
  if (others.length > 0)
    notes.push(
      `The metrics have ${source.metric} as ${[...new Set(others.map((each) => `${each.statistic} of ${each.periodSeconds} s`))].join(", ")}; this chart takes ${source.statistic} of ${periodSeconds} s.`,
    );
  return [];
}

/** Periods that begin in the window and have ended by its end. */
const within = (
  points: readonly Point[],
  { periodSeconds }: { readonly periodSeconds: number },
  { startMs, endMs }: Window,
): Point[] => points.filter(([ms]) => ms >= startMs && ms + periodSeconds * 1_000 <= endMs);

/**
 * Metric math period by period. Where none of its metrics has a value there is none: FILL fills gaps, it does not make
 * data.
 */
function expressionPoints(around: Around, row: ChartRow, expression: string): Point[] {
  const { widget, window, notes } = around;
  const byId = new Map<string, ReadonlyMap<number, number>>();
  for (const { id, source, periodSeconds } of widget.rows) {
    if (id !== undefined && !("expression" in source))
      byId.set(id, new Map(within(valuesOf(around, source, periodSeconds), row, window)));
  }
  const evaluate = metricMath(expression, undefined);
  if (expression.includes("SERVICE_QUOTA"))
    notes.push("CloudWatch alone knows the service quota that this is a share of.");
  const used = [...new Set(expression.match(/\b[a-z]\w*\b/g) ?? [])];
  const unknown = used.filter((id) => !byId.has(id));
  if (unknown.length > 0)
    throw new Error(
      `${expression} names ${unknown.join(", ")}; allowed: ids of metrics in this chart (${[...byId.keys()].join(", ")}).`,
    );
  const times = used.flatMap((id) => [...byId.get(id)!.keys()]);
  return grid(times, row.periodSeconds * 1_000, window).flatMap((ms): Point[] => {
    const value = evaluate((id) => byId.get(id)?.get(ms));
    return value === undefined ? [] : [[ms, value]];
  });
}

/** Begins of all periods in the window, in step with those that have values. */
function grid(times: readonly number[], periodMs: number, { startMs, endMs }: Window): number[] {
  const [first] = times;
  if (first === undefined) return [];
  const begin = first - Math.floor((first - startMs) / periodMs) * periodMs;
  return Array.from(
    { length: Math.max(0, Math.floor((endMs - begin) / periodMs)) },
    (_, index) => begin + index * periodMs,
  );
}

function asSeries(label: string, { periodSeconds }: ChartRow, points: readonly Point[]): ChartSeries[] {
  if (points.length === 0) return [];
  const values = points.map(([, value]) => value);
  // Not Math.min(...values): a long window has more values than a call takes arguments.
  const [minimum, maximum] = [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
  return [{ label, points, periodSeconds, latest: values.at(-1)!, minimum, maximum }];
}
