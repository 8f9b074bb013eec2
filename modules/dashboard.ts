import { CloudwatchDashboard } from "@cdktf/provider-aws/lib/cloudwatch-dashboard";
import { Construct } from "constructs";
import { jsonencoded } from "./expressions";

/** CloudWatch's grid is 24 columns wide: three charts a row. */
const WIDTH = 8;
const HEIGHT = 6;
const COLUMNS = 24 / WIDTH;

/** One chart. */
export interface Chart {
  readonly title: string;
  /** CloudWatch's own form: `[namespace, metric, dimension, value, ..., { stat, label }]`. */
  readonly metrics: readonly (readonly unknown[])[];
  /** Lines across the chart: thresholds and limits. Default: none. */
  readonly lines?: readonly { readonly label: string; readonly value: unknown }[];
}

export interface DashboardProps {
  readonly dashboardName: string;
  readonly region: string;
  readonly charts: readonly Chart[];
}

/** A CloudWatch dashboard, chart after chart, three a row. */
export class Dashboard extends Construct {
  readonly dashboard: CloudwatchDashboard;

  constructor(scope: Construct, id: string, { dashboardName, region, charts }: DashboardProps) {
    super(scope, id);
    const widgets = charts.map((chart, index) => widget(chart, index, region));
    this.dashboard = new CloudwatchDashboard(this, "dashboard", { dashboardName, dashboardBody: jsonencoded(this, "body", { widgets }) });
  }
}

function widget({ title, metrics, lines = [] }: Chart, index: number, region: string): object {
  return {
    type: "metric",
    x: (index % COLUMNS) * WIDTH,
    y: Math.floor(index / COLUMNS) * HEIGHT,
    width: WIDTH,
    height: HEIGHT,
    properties: { title, region, view: "timeSeries", period: 300, metrics, annotations: { horizontal: lines } },
  };
}
