import { CloudwatchDashboard } from "@cdktf/provider-aws/lib/cloudwatch-dashboard";
import { Construct } from "constructs";
import type { MetricQuery, QueriedMetric } from "./alarms";
import { expression, interpolate, jsonencoded, type Expression } from "./expressions";

/** CloudWatch's grid is 24 columns wide: three charts a row. */
const GRID = 24;
const WIDTH = 8;
const HEIGHT = 6;
const COLUMNS = GRID / WIDTH;

/** A line across a chart: a target, a threshold, a limit. */
export interface ChartLine {
  readonly label: string;
  /** Where it is null there is no line. */
  readonly value: Expression;
  /** `#rrggbb`. */
  readonly color: string;
}

/** One chart. */
export interface Chart {
  readonly title: string;
  /** CloudWatch's own form: `[namespace, metric, dimension, value, ..., { stat, label }]`. */
  readonly metrics: readonly (readonly unknown[])[];
  /** Unit of the values, for the axis. */
  readonly unit: string;
  /** Seconds. Default: 300. */
  readonly periodSeconds?: number;
  /** Default: none. */
  readonly lines?: readonly ChartLine[];
}

/** Charts about one thing, below a line of Markdown. */
export interface DashboardSection {
  readonly heading: string;
  readonly charts: readonly Chart[];
}

interface DashboardProps {
  readonly dashboardName: string;
  readonly region: string;
  /** Markdown at the top. */
  readonly introduction: string;
  /** List of the ARNs of the alarms whose state is shown. */
  readonly alarmArns: Expression;
  readonly sections: readonly DashboardSection[];
}

/** A CloudWatch dashboard: an introduction, the state of the alarms, then the sections, three charts a row. */
export class Dashboard extends Construct {
  readonly dashboard: CloudwatchDashboard;
  private y = 0;

  constructor(
    scope: Construct,
    id: string,
    { dashboardName, region, introduction, alarmArns, sections }: DashboardProps,
  ) {
    super(scope, id);
    const widgets = [
      this.addRow("text", 4, { markdown: introduction }),
      this.addRow("alarm", 5, { title: "Alarms", alarms: interpolate(alarmArns) }),
      ...sections.flatMap(({ heading, charts }) => [
        this.addRow("text", 1, { markdown: heading }),
        ...this.addCharts(charts, region),
      ]),
    ];
    this.dashboard = new CloudwatchDashboard(this, "dashboard", {
      dashboardName,
      dashboardBody: jsonencoded(this, "body", { widgets }),
    });
  }

  /** Adds a widget over the whole width below the others. */
  private addRow(type: string, height: number, properties: object): object {
    const widget = { type, x: 0, y: this.y, width: GRID, height, properties };
    this.y += height;
    return widget;
  }

  private addCharts(charts: readonly Chart[], region: string): object[] {
    const top = this.y;
    this.y += Math.ceil(charts.length / COLUMNS) * HEIGHT;
    return charts.map((chart, index) => ({
      type: "metric",
      x: (index % COLUMNS) * WIDTH,
      y: top + Math.floor(index / COLUMNS) * HEIGHT,
      width: WIDTH,
      height: HEIGHT,
      properties: chartProperties(chart, region),
    }));
  }
}

function chartProperties({ title, metrics, unit, periodSeconds = 300, lines = [] }: Chart, region: string): object {
  return {
    title,
    region,
    view: "timeSeries",
    period: periodSeconds,
    metrics,
    yAxis: { left: { label: unit, min: 0, showUnits: false } },
    ...(lines.length > 0 && { annotations: { horizontal: interpolate(linesWithValue(lines)) } }),
  };
}

/** List of the lines that have a value: CloudWatch refuses one without. */
function linesWithValue(lines: readonly ChartLine[]): Expression {
  const list = lines.map(({ label, value, color }) => `{ label = "${label}", value = ${value}, color = "${color}" }`);
  return expression`[for line in [${list.join(", ")}] : line if line.value != null]`;
}

/** The rows of a dashboard's chart: the value, and its metrics hidden. @param label what the value is, for a person */
export function chartRows({ metrics, expression }: MetricQuery, label: string): unknown[][] {
  const row = ({ namespace, metric, dimensions }: QueriedMetric, options: object) => [
    namespace,
    metric,
    ...Object.entries(dimensions).flat(),
    options,
  ];
  if (expression === undefined) return metrics.map((metric) => row(metric, { stat: metric.statistic, label }));
  return [
    [{ id: "value", expression, label }],
    ...metrics.map((metric) => row(metric, { id: metric.id, stat: metric.statistic, visible: false })),
  ];
}
