import type { SettingName } from "../settings";
import { samplesForPercentile, type Kpi, type MetricReference } from "./kpi";

/** What CloudWatch makes of a period's samples. */
type Statistic = "Average" | "Maximum" | "SampleCount" | "Sum" | `p${number}`;

/** A metric that an expression names by its id. */
interface KpiMetric {
  /** `m0`, `m1`, ... in the order of the expression. */
  readonly id: string;
  readonly reference: MetricReference;
  readonly statistic: Statistic;
}

/** What an alarm, or a chart, computes of one period. */
interface KpiQuery {
  readonly metrics: readonly KpiMetric[];
  /** CloudWatch metric math over the metrics' ids. Default: the only metric's statistic itself. */
  readonly expression?: string;
}

/** The metric whose quota is the account's concurrency (Lambda developer guide, "Monitoring concurrency"). */
const CONCURRENCY: MetricReference = { source: "account", metric: "ConcurrentExecutions" };

/**
 * How CloudWatch computes a KPI in one period; undefined where only the gate can (costs, capacities). Periods with
 * fewer than `minimumSamples` have no value.
 * @param settingText gives a setting's value as text inside an expression
 */
export function kpiQuery(kpi: Kpi, settingText: (setting: SettingName) => string): KpiQuery | undefined {
  const { measure, minimumSamples = 1 } = kpi;
  const metrics = new MetricList();
  const read = (metric: MetricReference, statistic: Statistic) => metrics.add(metric, statistic);
  const query = (expression: string): KpiQuery => ({ metrics: metrics.listed, expression });
  switch (measure.kind) {
    case "percentile": {
      const { metric, percentile } = measure;
      // CloudWatch itself leaves out periods with too few samples for a percentile.
      if (minimumSamples <= 1 || minimumSamples >= samplesForPercentile(percentile))
        return singleMetric(metric, `p${percentile}`);
      const value = read(metric, `p${percentile}`);
      return query(requireSamples(minimumSamples, read(metric, "SampleCount"), value));
    }
    case "mean":
      return singleMetric(measure.metric, "Average");
    case "peak":
      return measure.metrics.length === 1
        ? singleMetric(measure.metrics[0]!, "Maximum")
        : query(`MAX([${measure.metrics.map((metric) => fillWithZero(read(metric, "Maximum"))).join(", ")}])`);
    case "total":
      return canStayUnfilled(measure.metrics)
        ? singleMetric(measure.metrics[0]!, "Sum")
        : query(sumMetrics(metrics, measure.metrics));
    case "share": {
      const percent = `100*${read(measure.metric, "Average")}`;
      if (minimumSamples <= 1) return query(percent);
      return query(requireSamples(minimumSamples, read(measure.metric, "SampleCount"), percent));
    }
    case "ratio": {
      const part = sumMetrics(metrics, measure.part);
      const whole = sumMetrics(metrics, measure.whole);
      return query(requireSamples(minimumSamples, `(${whole})`, `100*(${part})/(${whole})`));
    }
    case "fill":
      return query(`100*${read(measure.metric, measure.statistic)}/${settingText(measure.ofSetting)}`);
    case "quota":
      return query(`100*${read(measure.metric, "Maximum")}/SERVICE_QUOTA(${read(CONCURRENCY, "Maximum")})`);
    case "cost":
    case "capacity":
      return undefined;
  }
}

const singleMetric = (reference: MetricReference, statistic: Statistic): KpiQuery => ({
  metrics: [{ id: "m0", reference, statistic }],
});

/**
 * Whether the alarm's own treatment of missing data is enough. DynamoDB's missing data is ignored whatever the alarm
 * says (PutMetricAlarm), so it is filled.
 */
const canStayUnfilled = (metrics: readonly MetricReference[]): boolean =>
  metrics.length === 1 && !/_table$/.test(metrics[0]!.source);

/** Missing data counts as 0: a sum with one part missing has no value. */
const fillWithZero = (id: string): string => `FILL(${id}, 0)`;

const sumMetrics = (list: MetricList, metrics: readonly MetricReference[]): string =>
  metrics.map((metric) => fillWithZero(list.add(metric, "Sum"))).join("+");

/** Without a third argument IF gives no data where its condition is false. */
const requireSamples = (minimum: number, samples: string, value: string): string =>
  `IF(${samples}>=${minimum}, ${value})`;

/** Gives each metric and statistic one id, however often it is read: CloudWatch bills each. */
class MetricList {
  readonly listed: KpiMetric[] = [];

  /** The id of a metric, which is added where it is not listed yet. */
  add(reference: MetricReference, statistic: Statistic): string {
    const same = this.listed.find(
      (known) => known.statistic === statistic && JSON.stringify(known.reference) === JSON.stringify(reference),
    );
    if (same) return same.id;
    const id = `m${this.listed.length}`;
    this.listed.push({ id, reference, statistic });
    return id;
  }
}
