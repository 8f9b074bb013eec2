import type { ChartRow, ChartWidget, MetricSource } from "./body";
import { checkLines, type LineCheck } from "./applied-dashboard";
import { seriesKey, sourceKey, type MetricSeries, type Point, found, isSearch, parseSearch } from "./metrics";

/** The metrics of one period by id; undefined = no data. */
export type Period = (id: string) => number | undefined;

type Value = number | undefined;
/** What an expression is worth in a period; undefined = no data. */
export type Expression = (period: Period) => Value;

/**
 * CloudWatch metric math as far as alarms and dashboard use it: numbers, ids, `+ - * / >= > < <=`, FILL, IF, MAX over a
 * list, and SERVICE_QUOTA. No data stays no data, but for FILL; IF without a third argument gives none where its
 * condition is false (CloudWatch user guide, "Using math expressions"). Throws on anything else: an expression that is
 * not understood proves nothing.
 * @param quota what SERVICE_QUOTA gives; undefined where nobody knows it, which is no data
 */
export function metricMath(text: string, quota: number | undefined): Expression {
  const parser = new Parser(text.match(/[A-Za-z_]\w*|\d+(?:\.\d+)?|>=|<=|[-+*/()[\],<>]/g) ?? [], quota);
  if (text.replaceAll(/[A-Za-z_]\w*|\d+(?:\.\d+)?|>=|<=|[-+*/()[\],<>]|\s/g, "") !== "")
    throw new Error(`${text}: characters that metric math does not have`);
  return parser.whole();
}

const OPERATORS: readonly Readonly<Record<string, (left: number, right: number) => number>>[] = [
  {
    ">=": (a, b) => Number(a >= b),
    "<=": (a, b) => Number(a <= b),
    ">": (a, b) => Number(a > b),
    "<": (a, b) => Number(a < b),
  },
  { "+": (a, b) => a + b, "-": (a, b) => a - b },
  { "*": (a, b) => a * b, "/": (a, b) => a / b },
];

class Parser {
  private at = 0;

  constructor(
    private readonly tokens: readonly string[],
    private readonly quota: number | undefined,
  ) {}

  whole(): Expression {
    const expression = this.binary(0);
    if (this.at < this.tokens.length)
      throw new Error(`${this.tokens.join(" ")}: "${this.tokens[this.at]}" is one too many`);
    return expression;
  }

  private binary(level: number): Expression {
    const operators = OPERATORS[level];
    if (!operators) return this.term();
    let left = this.binary(level + 1);
    for (
      let operator = operators[this.tokens[this.at] ?? ""];
      operator;
      operator = operators[this.tokens[this.at] ?? ""]
    ) {
      this.at += 1;
      const [before, after, apply] = [left, this.binary(level + 1), operator];
      left = (period) => {
        const [a, b] = [before(period), after(period)];
        const value = a === undefined || b === undefined ? undefined : apply(a, b);
        return value === undefined || Number.isFinite(value) ? value : undefined;
      };
    }
    return left;
  }

  private term(): Expression {
    const token = this.next();
    if (token === "(") return this.closed(this.binary(0), ")");
    if (/^\d/.test(token)) return () => Number(token);
    if (this.tokens[this.at] === "(") return this.call(token);
    if (!/^[a-z]\w*$/.test(token)) throw new Error(`"${token}" is no id; CloudWatch wants a lower-case letter first`);
    return (period) => period(token);
  }

  private call(name: string): Expression {
    this.at += 1;
    const list = this.tokens[this.at] === "[";
    if (list) this.at += 1;
    const parts = [this.binary(0)];
    while (this.tokens[this.at] === ",") {
      this.at += 1;
      parts.push(this.binary(0));
    }
    if (list) this.closed(parts[0]!, "]");
    this.closed(parts[0]!, ")");
    const [first, second, third] = parts as [Expression, Expression?, Expression?];
    if (name === "FILL" && second) return (period) => first(period) ?? second(period);
    if (name === "IF" && second)
      return (period) =>
        first(period) === undefined ? undefined : first(period) !== 0 ? second(period) : third?.(period);
    if (name === "MAX" && list)
      return (period) =>
        parts
          .map((part) => part(period))
          .reduce((a, b) => (a === undefined ? b : b === undefined ? a : Math.max(a, b)));
    if (name === "SERVICE_QUOTA") return () => this.quota;
    throw new Error(`${name} with ${parts.length} arguments is not known here`);
  }

  private closed(expression: Expression, by: string): Expression {
    const token = this.next();
    if (token !== by) throw new Error(`"${token}" where "${by}" belongs`);
    return expression;
  }

  private next(): string {
    const token = this.tokens[this.at];
    if (token === undefined) throw new Error(`${this.tokens.join(" ")}: ends too early`);
    this.at += 1;
    return token;
  }
}

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
