import { samplesForPercentile, type Kpi, type Condition } from "./kpi";
import type { MetricReference } from "./metric";
import { BURN_RATES } from "./burn-rates";

/** What CloudWatch makes of a period's samples. */
export type Statistic = "Average" | "Maximum" | "SampleCount" | "Sum" | `p${number}`;

/** A metric that an expression names by its id. */
export interface QueriedMetric {
  /** `m0`, `m1`, ... in the order of the expression. */
  readonly id: string;
  readonly reference: MetricReference;
  readonly statistic: Statistic;
}

/** What an alarm, or a chart, computes of one period. */
export interface KpiQuery {
  readonly metrics: readonly QueriedMetric[];
  /** CloudWatch metric math over their ids. None: the only metric's statistic itself. */
  readonly expression?: string;
}

/** The metric whose quota is that of the account's concurrency (Lambda developer guide, "Monitoring concurrency"). */
const QUOTA_OF: MetricReference = { source: "account", metric: "ConcurrentExecutions" };

/**
 * How CloudWatch computes a KPI in one period; undefined where only the gate can (costs, capacities). Periods with
 * fewer than `minimumSamples` have no value. `settingValue` puts a setting's value into an expression.
 */
export function kpiQuery(kpi: Kpi, settingValue: (setting: string) => string): KpiQuery | undefined {
  const { measure } = kpi;
  const ids = new Ids();
  const build = (expression: string): KpiQuery => ({ metrics: ids.metrics, expression });
  if (measure.kind === "percentile") return percentile(kpi, measure.metric, measure.percentile);
  if (measure.kind === "mean") return single(measure.metric, "Average");
  if (measure.kind === "peak")
    return measure.metrics.length === 1
      ? single(measure.metrics[0]!, "Maximum")
      : build(`MAX([${measure.metrics.map((metric) => filled(ids.of(metric, "Maximum"))).join(", ")}])`);
  if (measure.kind === "total")
    return isPlain(measure.metrics) ? single(measure.metrics[0]!, "Sum") : build(sum(ids, measure.metrics));
  if (measure.kind === "share") {
    const mean = ids.of(measure.metric, "Average");
    if ((kpi.minimumSamples ?? 1) <= 1) return build(`100*${mean}`);
    return build(enough(kpi, ids.of(measure.metric, "SampleCount"), `100*${mean}`));
  }
  if (measure.kind === "ratio") {
    const part = sum(ids, measure.part);
    const whole = sum(ids, measure.whole);
    return build(enough(kpi, `(${whole})`, `100*(${part})/(${whole})`));
  }
  if (measure.kind === "fill")
    return build(`100*${ids.of(measure.metric, measure.statistic)}/${settingValue(measure.ofSetting)}`);
  if (measure.kind === "quota")
    return build(`100*${ids.of(measure.metric, "Maximum")}/SERVICE_QUOTA(${ids.of(QUOTA_OF, "Maximum")})`);
  return undefined;
}

/**
 * CloudWatch itself leaves out periods with too few samples for a percentile; where fewer than that are enough for us,
 * an expression says so.
 */
function percentile(kpi: Kpi, metric: MetricReference, p: number): KpiQuery {
  const { minimumSamples = 1 } = kpi;
  if (minimumSamples <= 1 || minimumSamples >= samplesForPercentile(p)) return single(metric, `p${p}`);
  const ids = new Ids();
  const value = ids.of(metric, `p${p}`);
  const expression = enough(kpi, ids.of(metric, "SampleCount"), value);
  return { metrics: ids.metrics, expression };
}

const single = (reference: MetricReference, statistic: Statistic): KpiQuery => ({
  metrics: [{ id: "m0", reference, statistic }],
});

/**
 * One metric whose silence the alarm's own treatment of missing data tells. DynamoDB's are ignored there whatever it
 * says (PutMetricAlarm), so theirs is filled.
 */
const isPlain = (metrics: readonly MetricReference[]): boolean =>
  metrics.length === 1 && !/_table$/.test(metrics[0]!.source);

/** No data is 0: a sum with one part missing would be no sum. */
const filled = (id: string): string => `FILL(${id}, 0)`;

const sum = (ids: Ids, metrics: readonly MetricReference[]): string =>
  metrics.map((metric) => filled(ids.of(metric, "Sum"))).join("+");

/** Without a third argument IF gives no data where its condition is false. */
const enough = ({ minimumSamples = 1 }: Kpi, samples: string, value: string): string =>
  `IF(${samples}>=${minimumSamples}, ${value})`;

/** Gives each metric and statistic one id, however often it is named: CloudWatch bills each. */
class Ids {
  readonly metrics: QueriedMetric[] = [];

  of(reference: MetricReference, statistic: Statistic): string {
    const same = this.metrics.find(
      (known) => known.statistic === statistic && JSON.stringify(known.reference) === JSON.stringify(reference),
    );
    if (same) return same.id;
    const id = `m${this.metrics.length}`;
    this.metrics.push({ id, reference, statistic });
    return id;
  }
}

/** An alarm that there is, with what decides its price. */
export interface AlarmThere {
  /** Last part of its name. */
  readonly name: string;
  /** Metrics that it reads; 0 for one over other alarms. */
  readonly metrics: number;
  readonly composite: boolean;
}

/**
 * The alarms that a deployment has under some settings: what the stack's Terraform expressions come to, for who reckons
 * without Terraform. `settings`: values in effect by name, as the output `settings` has them.
 */
export function alarmsThere(kpis: readonly Kpi[], settings: Readonly<Record<string, unknown>>): AlarmThere[] {
  const set = settings["alarm_set"];
  const byName = (settings["alarms_enabled"] ?? {}) as Readonly<Record<string, boolean>>;
  const single = kpis.flatMap((kpi) =>
    kpi.alarms
      .filter(
        (alarm) =>
          (byName[alarm.name] ?? (alarm.set === "full" ? set === "full" : set !== "none")) && canBe(kpi.when, settings),
      )
      .map(
        ({ name }): AlarmThere => ({
          name,
          metrics: kpiQuery(kpi, () => "1")?.metrics.length ?? 0,
          composite: false,
        }),
      ),
  );
  const burning = BURN_RATES.filter(
    ({ name }) => byName[name] ?? (settings["alarm_burn_rates"] === true && set !== "none"),
  );
  return [...single, ...burning.flatMap(({ name }) => windowsOf(name))];
}

const windowsOf = (name: string): AlarmThere[] => [
  { name: `${name}-long`, metrics: 1, composite: false },
  { name: `${name}-short`, metrics: 1, composite: false },
  { name, metrics: 0, composite: true },
];

/**
 * Without a number there is no threshold, and without a function nothing to watch. What is only switched off leaves its
 * alarm there, muted.
 */
function canBe(when: Condition | undefined, settings: Readonly<Record<string, unknown>>): boolean {
  if (when !== undefined && "is" in when) return settings[when.of] === when.is;
  return when === undefined || !("isGiven" in when) || (settings[when.isGiven] ?? null) !== null;
}
