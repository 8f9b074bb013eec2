import { parseMetricMath } from "../../scripts/kit/metric-expressions";

/** A metric's value at a time. */
export interface Sample {
  readonly metric: WatchedMetric;
  /** Seconds since the beginning. */
  readonly atSeconds: number;
  readonly value: number;
}

export interface WatchedMetric {
  readonly namespace: string;
  readonly metric: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

/** An alarm as the synthesized stack has it, its Terraform expressions replaced by values. */
export interface AlarmBlock {
  readonly namespace?: string;
  readonly metric_name?: string;
  readonly dimensions?: Readonly<Record<string, string>>;
  readonly statistic?: string;
  readonly extended_statistic?: string;
  readonly evaluate_low_sample_count_percentiles?: string;
  readonly period?: number;
  readonly metric_query?: readonly {
    readonly id: string;
    readonly expression?: string;
    readonly return_data: boolean;
    readonly metric?: {
      readonly namespace: string;
      readonly metric_name: string;
      readonly dimensions: Readonly<Record<string, string>>;
      readonly stat: string;
      readonly period: number;
    };
  }[];
  readonly comparison_operator: string;
  readonly threshold: number;
  readonly evaluation_periods: number;
  readonly datapoints_to_alarm: number;
  readonly treat_missing_data: string;
}

/** Identity of a metric. */
export const keyOf = ({ namespace, metric, dimensions }: WatchedMetric): string =>
  `${namespace} ${metric} ${JSON.stringify(Object.entries(dimensions).sort())}`;

/** Seconds of the alarm's one period. Throws where its metrics have several. */
export function periodOf(alarm: AlarmBlock): number {
  const periods = new Set([
    ...(alarm.period === undefined ? [] : [alarm.period]),
    ...(alarm.metric_query ?? []).flatMap(({ metric }) => metric?.period ?? []),
  ]);
  if (periods.size !== 1) throw new Error(`An alarm has one period; this has ${[...periods].join(", ")}`);
  return [...periods][0]!;
}

/**
 * Whether an alarm that was quiet rings at `endSeconds`, as CloudWatch evaluates it: the last `evaluation_periods`
 * periods, of which `datapoints_to_alarm` are beyond the threshold (CloudWatch user guide, "Evaluating an alarm" and
 * "Configuring how alarms treat missing data").
 */
export function rings(alarm: AlarmBlock, samples: readonly Sample[], endSeconds: number, quota = 1_000): boolean {
  const period = periodOf(alarm);
  const value = valueOf(alarm, quota);
  const beyond = Array.from({ length: alarm.evaluation_periods }, (_, index) => {
    const [from, to] = [endSeconds - (index + 1) * period, endSeconds - index * period];
    const point = value(samples.filter(({ atSeconds }) => atSeconds >= from && atSeconds < to));
    return point === undefined ? alarm.treat_missing_data === "breaching" : isBeyond(alarm, point);
  });
  return beyond.filter(Boolean).length >= alarm.datapoints_to_alarm;
}

function isBeyond({ comparison_operator: operator, threshold }: AlarmBlock, value: number): boolean {
  if (operator === "GreaterThanThreshold") return value > threshold;
  if (operator === "LessThanThreshold") return value < threshold;
  throw new Error(`${operator} is not known here`);
}

function valueOf(alarm: AlarmBlock, quota: number): (samples: readonly Sample[]) => number | undefined {
  const { metric_query: queries } = alarm;
  if (!queries) {
    const metric = { namespace: alarm.namespace!, metric: alarm.metric_name!, dimensions: alarm.dimensions! };
    const stat = alarm.extended_statistic ?? alarm.statistic!;
    const least = alarm.evaluate_low_sample_count_percentiles === "ignore" ? 1_000 / (100 - Number(stat.slice(1))) : 0;
    // A period that CloudWatch ignores leaves the state as it was: quiet.
    return (samples) =>
      statistic("SampleCount", metric, samples)! < least ? undefined : statistic(stat, metric, samples);
  }
  const returned = queries.filter((query) => query.return_data);
  if (returned.length !== 1 || returned[0]?.expression === undefined)
    throw new Error("An alarm on queries returns exactly one, an expression");
  const compute = parseMetricMath(returned[0].expression, quota);
  return (samples) =>
    compute((id) => {
      const query = queries.find((candidate) => candidate.id === id)?.metric;
      if (!query)
        throw new Error(
          `${returned[0]!.expression} names ${id}; the alarm has ${queries.map((each) => each.id).join(", ")}`,
        );
      const metric = { namespace: query.namespace, metric: query.metric_name, dimensions: query.dimensions };
      const count = statistic("SampleCount", metric, samples)!;
      return count === 0 ? undefined : statistic(query.stat, metric, samples);
    });
}

/** A statistic of a period's samples; SampleCount is 0 where there are none, the others are undefined. */
function statistic(stat: string, metric: WatchedMetric, samples: readonly Sample[]): number | undefined {
  const values = samples
    .filter((sample) => keyOf(sample.metric) === keyOf(metric))
    .map(({ value }) => value)
    .sort((a, b) => a - b);
  if (stat === "SampleCount") return values.length;
  if (values.length === 0) return undefined;
  const sum = values.reduce((a, b) => a + b, 0);
  if (stat === "Sum") return sum;
  if (stat === "Average") return sum / values.length;
  if (stat === "Maximum") return values.at(-1);
  const percentile = /^p(\d+)$/.exec(stat)?.[1];
  if (percentile === undefined) throw new Error(`${stat} is not known here`);
  return values[Math.ceil((Number(percentile) / 100) * values.length) - 1];
}
