import { KPIS } from "../../stacks/contract/settings";
import type { NamedStatistic } from "../kit/metric-data";
import { canonical } from "../kit/value-text";
import {
  listCharts,
  type ChartRow,
  type ChartWidget,
  type Line,
  type NumberedChart,
  type Widget,
} from "./applied-dashboard";
import { seriesKey, type Metrics, type Point, type Window } from "./cloudwatch";
import { evaluateMath, fillLabel, findSeries, isSearch, parseSearch } from "../kit/metric-expressions";

/** A chart with its values. */
export interface ChartData {
  readonly widget: ChartWidget;
  /** Only series with a value in the window. */
  readonly series: readonly ChartSeries[];
  readonly lines: readonly LineCheck[];
  /** Known reasons why values are missing. */
  readonly notes: readonly string[];
}

/** The values of one series of a chart. */
export interface ChartSeries {
  readonly label: string;
  /** Oldest first; at least one. */
  readonly points: readonly Point[];
  readonly periodSeconds: number;
  readonly latest: number;
  readonly minimum: number;
  readonly maximum: number;
}

/** How the values of a chart compare with one of its lines. */
export interface LineCheck {
  readonly line: Line;
  /** The side on which a value is beyond the line. Undefined: the line is a mark that no value is compared with. */
  readonly beyond: "above" | "below" | undefined;
  /** Whether the latest value of any series is beyond it. */
  readonly now: boolean;
  /** Periods, of all series, with a value beyond it. */
  readonly periods: number;
  /** Periods, of all series, with a value. */
  readonly ofPeriods: number;
  /** The value farthest beyond it. Undefined where none is beyond. */
  readonly worst?: Point;
}

/** The values of every chart, by its number among the widgets. */
export function evaluateCharts(
  widgets: readonly Widget[],
  metrics: Metrics,
  window: Window,
): ReadonlyMap<number, ChartData> {
  return new Map(listCharts(widgets).map((chart) => [chart.number, evaluateChart({ ...chart, metrics, window })]));
}

interface Evaluation extends NumberedChart {
  readonly metrics: Metrics;
  readonly window: Window;
}

/** The values of a chart. A period that has not ended by the window's end is left out: its sum is too low. */
export function evaluateChart(evaluation: Evaluation): ChartData {
  const { widget } = evaluation;
  const notes = new Set<string>();
  const series = widget.rows.flatMap((row, index) => {
    if (!row.visible) return [];
    try {
      return new RowEvaluation(evaluation, row, notes).evaluate(index);
    } catch (cause) {
      notes.add((cause as Error).message);
      return [];
    }
  });
  const points = series.map((each) => each.points);
  return { widget, series, lines: checkLines(widget.title, widget.lines, points), notes: [...notes] };
}

/** The values of one row. */
class RowEvaluation {
  constructor(
    private readonly evaluation: Evaluation,
    private readonly row: ChartRow,
    private readonly notes: Set<string>,
  ) {}

  evaluate(index: number): ChartSeries[] {
    const { metrics, number } = this.evaluation;
    const { source } = this.row;
    // CloudWatch writes the latest value into the label; here it stands beside it.
    const label = this.row.label.replace(/\s*\[last \$\{LAST\}\]$/, "");
    if (!("expression" in source)) return this.createSeries(label, this.findPoints(source, this.row.periodSeconds));
    const evaluated = metrics.evaluated
      .filter((each) => each.widget === number && each.row === index && each.points.length > 0)
      .sort((left, right) => (left.label < right.label ? -1 : 1));
    const ofSearch = isSearch(source.expression);
    if (evaluated.length > 0)
      return evaluated.flatMap((each) => this.createSeries(ofSearch ? each.label : label, each.points));
    if (!ofSearch) return this.createSeries(label, this.evaluateMath(source.expression));
    return findSeries(parseSearch(source.expression), this.row.periodSeconds, metrics.series).flatMap((found) =>
      this.createSeries(fillLabel(label, found.dimensions), found.points),
    );
  }

  private findPoints(source: NamedStatistic, periodSeconds: number): readonly Point[] {
    const { series } = this.evaluation.metrics;
    const found = series.find((each) => seriesKey(each) === seriesKey({ ...source, periodSeconds }));
    if (found) return found.points;
    const metricKey = (each: NamedStatistic) => canonical([each.namespace, each.metric, each.dimensions]);
    const others = series
      .filter((each) => metricKey(each) === metricKey(source))
      .map((each) => `${each.statistic} of ${each.periodSeconds} s`);
    if (others.length > 0)
      this.notes.add(
        `The metrics have ${source.metric} as ${[...new Set(others)].join(", ")}; this chart takes ` +
          `${source.statistic} of ${periodSeconds} s.`,
      );
    return [];
  }

  /** Periods that begin in the window and have ended by its end. */
  private selectPeriods(points: readonly Point[]): readonly Point[] {
    const { startMs, endMs } = this.evaluation.window;
    return points.filter(([ms]) => ms >= startMs && ms + this.row.periodSeconds * 1_000 <= endMs);
  }

  /** Metric math, period by period. */
  private evaluateMath(expression: string): Point[] {
    const valuesById = new Map<string, ReadonlyMap<number, number>>();
    for (const { id, source, periodSeconds } of this.evaluation.widget.rows)
      if (id !== undefined && !("expression" in source))
        valuesById.set(id, new Map(this.selectPeriods(this.findPoints(source, periodSeconds))));
    if (expression.includes("SERVICE_QUOTA"))
      this.notes.add("CloudWatch alone knows the service quota that this is a share of.");
    const [firstMs] = [...valuesById.values()].flatMap((values) => [...values.keys()]);
    return evaluateMath(expression, valuesById, this.listPeriods(firstMs));
  }

  /** Begins of all periods in the window, in step with a period that has a value. */
  private listPeriods(knownMs: number | undefined): number[] {
    if (knownMs === undefined) return [];
    const { startMs, endMs } = this.evaluation.window;
    const periodMs = this.row.periodSeconds * 1_000;
    const periods: number[] = [];
    for (let ms = startMs + ((knownMs - startMs) % periodMs); ms + periodMs <= endMs; ms += periodMs) periods.push(ms);
    return periods;
  }

  /** None where no period of the window has a value. */
  private createSeries(label: string, all: readonly Point[]): ChartSeries[] {
    const points = this.selectPeriods(all);
    const values = points.map(([, value]) => value);
    const latest = values.at(-1);
    if (latest === undefined) return [];
    // Not Math.min(...values): a long window has more values than a call takes arguments.
    const [minimum, maximum] = [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
    return [{ label, points, periodSeconds: this.row.periodSeconds, latest, minimum, maximum }];
  }
}

/** Compares the series of a chart with each of its lines. */
export function checkLines(
  title: string,
  lines: readonly Line[],
  series: readonly (readonly Point[])[],
): readonly LineCheck[] {
  const points = series.flat();
  return lines.map((line): LineCheck => {
    const beyond = findBadSide(title, line.label);
    /** How far a value is beyond the line; 0 or less where it is not. */
    const distance = ([, value]: Point) => {
      if (beyond === undefined) return 0;
      return beyond === "above" ? value - line.value : line.value - value;
    };
    const passed = points.filter((point) => distance(point) > 0);
    const [first] = passed;
    const worst = first && passed.reduce((far, point) => (distance(point) > distance(far) ? point : far), first);
    return {
      line,
      beyond,
      now: series.some((each) => each.slice(-1).some((latest) => distance(latest) > 0)),
      periods: passed.length,
      ofPeriods: points.length,
      ...(worst && { worst }),
    };
  });
}

/** CloudWatch's lines have no direction; the KPIs say which side is bad. */
function findBadSide(title: string, label: string): LineCheck["beyond"] {
  const kpi =
    KPIS.find(({ alarms }) => alarms.some(({ name }) => name === label)) ??
    KPIS.find((each) => `${each.title} (${each.unit})` === title);
  if (kpi) return kpi.better === "lower" ? "above" : "below";
  // The target of a capacity says what must be possible: neither more nor less of it is bad. Other lines are limits.
  return label === "target" ? undefined : "above";
}
