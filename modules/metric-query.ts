import type { CloudwatchMetricAlarmMetricQuery } from "@cdktf/provider-aws/lib/cloudwatch-metric-alarm";

/** A metric that an expression names by its id. */
export interface QueriedMetric {
  readonly id: string;
  /** CloudWatch's namespace. */
  readonly namespace: string;
  readonly metricName: string;
  readonly dimensions: Readonly<Record<string, string>>;
  /** `Average`, `Maximum`, `SampleCount`, `Sum`, or a percentile such as `p95`. */
  readonly statistic: string;
}

/** What CloudWatch computes of one period. */
export interface MetricQuery {
  readonly metrics: readonly QueriedMetric[];
  /** CloudWatch metric math over the metrics' ids. Default: the only metric's statistic itself. */
  readonly expression?: string;
}

/** Id of the expression's value, beside those of its metrics. */
const VALUE = "value";

/** The blocks of an alarm on an expression. @param label what the value is, for a person */
export function alarmQueries(
  { metrics, expression }: Required<MetricQuery>,
  periodSeconds: number,
  label: string,
): CloudwatchMetricAlarmMetricQuery[] {
  const read = metrics.map(({ id, namespace, metricName, dimensions, statistic }) => ({
    id,
    returnData: false,
    metric: { namespace, metricName, dimensions: { ...dimensions }, stat: statistic, period: periodSeconds },
  }));
  return [{ id: VALUE, expression, label, returnData: true }, ...read];
}

/** The rows of a dashboard's chart: the value, and its metrics hidden. @param label what the value is, for a person */
export function chartRows({ metrics, expression }: MetricQuery, label: string): unknown[][] {
  const row = ({ namespace, metricName, dimensions }: QueriedMetric, options: object) => [
    namespace,
    metricName,
    ...Object.entries(dimensions).flat(),
    options,
  ];
  if (expression === undefined) return metrics.map((metric) => row(metric, { stat: metric.statistic, label }));
  return [
    [{ id: VALUE, expression, label }],
    ...metrics.map((metric) => row(metric, { id: metric.id, stat: metric.statistic, visible: false })),
  ];
}
