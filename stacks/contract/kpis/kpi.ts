import type { MetricReference } from "./metric";

/** How a KPI's value comes out of metrics. `percent` kinds give 0 to 100. */
export type Measure =
  /** A percentile of a duration. Samples: the metric's own. */
  | { readonly kind: "percentile"; readonly metric: MetricReference; readonly percentile: number }
  /** The mean of a value. Samples: the metric's own. */
  | { readonly kind: "mean"; readonly metric: MetricReference }
  /** Percent of a metric that is 0 or 1 each time: its mean, times 100. Samples: the metric's own. */
  | { readonly kind: "share"; readonly metric: MetricReference }
  /** Percent of one sum in another; 0 where the other is. Samples: the other. */
  | { readonly kind: "ratio"; readonly part: readonly MetricReference[]; readonly whole: readonly MetricReference[] }
  /** The sum of counts; no data is 0. */
  | { readonly kind: "total"; readonly metrics: readonly MetricReference[] }
  /** The largest value; of several metrics the largest of all. */
  | { readonly kind: "peak"; readonly metrics: readonly MetricReference[] }
  /** Percent that the largest value, or the sum of a period, is of a number that a setting gives. */
  | {
      readonly kind: "fill";
      readonly metric: MetricReference;
      readonly statistic: "Maximum" | "Sum";
      readonly ofSetting: string;
    }
  /** Percent that the largest value is of an AWS quota of the account. */
  | { readonly kind: "quota"; readonly metric: MetricReference }
  /** Dollars a request, from what was used and AWS's prices. Only the gate computes it. */
  | { readonly kind: "cost" }
  /**
   * How many requests can run at once: a setting's number, or where that is -1 what the account has left. Only the gate
   * looks it up.
   */
  | { readonly kind: "capacity"; readonly ofSetting: string };

export type Severity = "info" | "warning" | "critical";

/** When a person is told. */
export interface KpiAlarm {
  /** Last part of its name and its construct id: a contract. */
  readonly name: string;
  readonly severity: Severity;
  /** Setting that holds the threshold, in the KPI's unit. */
  readonly thresholdSetting: string;
  /** Seconds of one period. */
  readonly periodSeconds: number;
  /** It rings when `datapointsToAlarm` of the last `evaluationPeriods` are beyond the threshold. */
  readonly evaluationPeriods: number;
  readonly datapointsToAlarm: number;
  /** What a period without data is. */
  readonly missing: "notBreaching" | "breaching" | "ignore";
  /** `essential` ones are there by default; `full` ones when `alarm_set` asks for them. */
  readonly set: "essential" | "full";
}

/**
 * What must hold for a KPI to mean anything; else its alarm is muted, or not there where a number or what it watches is
 * missing, and the gate leaves it out.
 */
export type Condition =
  /** The setting is true. */
  | { readonly isTrue: string }
  /** The setting is a number above 0. */
  | { readonly isPositive: string }
  /** The setting is not null. */
  | { readonly isGiven: string }
  /** The setting is this text: what is measured is there only then, and its alarm with it. */
  | { readonly of: string; readonly is: string };

/** Where on the dashboard it is drawn. */
export type Panel = "kpis" | "api" | "cache" | "functions" | "queue" | "tables" | "agents" | "tokens" | "cost";

/** Something that says how well the deployment does: the one definition for alarms, dashboard and gate. */
export interface Kpi {
  /** snake_case; the gate's and the dashboard's key. */
  readonly name: string;
  /** For a person; without its unit. */
  readonly title: string;
  readonly unit: "ms" | "s" | "percent" | "USD" | "count";
  /** Which way is good; alarms and gate stand on the other side. */
  readonly better: "lower" | "higher";
  readonly measure: Measure;
  /** Below so many samples a value says nothing: a period is no data, a gate is inconclusive. Default: 1. */
  readonly minimumSamples?: number;
  /**
   * Setting that holds what the gate asks for; null there, or none here: the gate shows the value and judges nothing.
   */
  readonly targetSetting?: string;
  readonly alarms: readonly KpiAlarm[];
  /** One sentence: what it means for callers when it is bad. */
  readonly meaning: string;
  /** Heading in RUNBOOK.md that says what to do. */
  readonly runbook: string;
  readonly panel: Panel;
  readonly when?: Condition;
}

/**
 * P of the P-th percentile needs ten samples beyond it: 10 / (1 - P) (CloudWatch user guide, "Percentile-based alarms
 * and low data samples").
 */
export function samplesForPercentile(percentile: number): number {
  // In whole numbers: 1 - 0.9 is a little less than 0.1.
  return Math.ceil(1_000 / (100 - percentile));
}

type Periods = Pick<KpiAlarm, "periodSeconds" | "evaluationPeriods" | "datapointsToAlarm" | "missing">;

/** Ten minutes of it, as the reports had their alarms: one slow request is no incident. No traffic is no failure. */
export const twoOfTwo = (periodSeconds = 300): Periods => ({
  periodSeconds,
  evaluationPeriods: 2,
  datapointsToAlarm: 2,
  missing: "notBreaching",
});

/** Two of three periods: a good one in between does not hide the bad ones. */
export const twoOfThree = (periodSeconds = 300): Periods => ({
  periodSeconds,
  evaluationPeriods: 3,
  datapointsToAlarm: 2,
  missing: "notBreaching",
});

/** At once: it should never happen. */
export const once = (periodSeconds = 300): Periods => ({
  periodSeconds,
  evaluationPeriods: 1,
  datapointsToAlarm: 1,
  missing: "notBreaching",
});

/** Something that must happen did not: no data is the bad news itself. */
export const silence = (periodSeconds: number): Periods => ({
  periodSeconds,
  evaluationPeriods: 1,
  datapointsToAlarm: 1,
  missing: "breaching",
});
