import { isMet, type Condition } from "../condition";
import type { Kpi, KpiAlarm, Severity, MetricReference } from "./kpi";
import { kpiQuery } from "./query";

/** A speed at which the error budget must not be spent. */
export interface BurnRate {
  /** Last part of the alarms' names: a contract. */
  readonly name: string;
  /** Times as fast as the budget allows. */
  readonly factor: number;
  /** The long window: long enough that the loss matters. */
  readonly longSeconds: number;
  /** The short window: short enough that the alarm ends soon after the failures. */
  readonly shortSeconds: number;
  readonly severity: Severity;
}

const HOUR = 3_600;

/**
 * An alarm rings when both windows burn: 2 % of a month's budget in an hour, 5 % in six hours, 10 % in a day (Google,
 * "The Site Reliability Workbook", chapter 5, table 5-8). Its three days are longer than an alarm's one period can be.
 */
export const BURN_RATES: readonly BurnRate[] = [
  { name: "error-budget-fast", factor: 14.4, longSeconds: HOUR, shortSeconds: 300, severity: "critical" },
  { name: "error-budget-steady", factor: 6, longSeconds: 6 * HOUR, shortSeconds: 1_800, severity: "critical" },
  { name: "error-budget-slow", factor: 3, longSeconds: 24 * HOUR, shortSeconds: 2 * HOUR, severity: "warning" },
];

/** 1 for a request that failed or expired, 0 for one that completed: its mean is the share that spends the budget. */
export const BURN_RATE_METRIC: MetricReference = { source: "deployment", metric: "RequestFailed" };

/** The highest share that a threshold can ask for: a mean above it cannot be told from "all requests". */
const HIGHEST_SHARE = 0.99;

/** Terraform expression: share of requests, from 0 to 1, above which the budget is spent `factor` times too fast. */
export function burnThreshold({ factor }: BurnRate, errorRatePercent: string): string {
  return `min(${HIGHEST_SHARE}, ${factor} * ${errorRatePercent} / 100)`;
}

/** Terraform expression: whether so many requests can fail at all. */
export function isReachable({ factor }: BurnRate, errorRatePercent: string): string {
  return `${factor} * ${errorRatePercent} / 100 < 1`;
}

/**
 * Whether an alarm exists: as the operator says by its name, else as `alarm_set` says. Without a number there is no
 * threshold and without a function nothing to watch, so the alarm is then absent.
 */
export function alarmExists({ when }: Kpi, { name, set }: KpiAlarm): Condition {
  const inSet: Condition =
    set === "full" ? { setting: "alarm_set", is: "full" } : { setting: "alarm_set", isNot: "none" };
  const isWanted: Condition = { entry: name, map: "alarms_enabled", otherwise: inSet };
  return { all: when !== undefined && ("isGiven" in when || "is" in when) ? [isWanted, when] : [isWanted] };
}

/** Whether the three alarms of a burn rate exist. */
export function burnRateExists({ name }: BurnRate): Condition {
  const inSet: Condition = { all: [{ isTrue: "alarm_burn_rates" }, { setting: "alarm_set", isNot: "none" }] };
  return { entry: name, map: "alarms_enabled", otherwise: inSet };
}

/**
 * Whether an alarm that exists calls anybody; undefined: always. An optimization is switched off in place, so its alarm
 * stays and is muted.
 */
export function alarmListens({ when }: Kpi): Condition | undefined {
  return when !== undefined && ("isTrue" in when || "isPositive" in when) ? when : undefined;
}

/** An alarm of a deployment, with what decides its price. */
interface ExistingAlarm {
  /** Last part of its name. */
  readonly name: string;
  /** Metrics that it reads; 0 for one over other alarms. */
  readonly metrics: number;
  readonly composite: boolean;
}

/**
 * The alarms that a deployment has.
 * @param settings values in effect by name, as the output `settings` has them
 */
export function existingAlarms(kpis: readonly Kpi[], settings: Readonly<Record<string, unknown>>): ExistingAlarm[] {
  const single = kpis.flatMap((kpi) =>
    kpi.alarms
      .filter((alarm) => isMet(alarmExists(kpi, alarm), settings))
      .map(({ name }) => ({ name, metrics: kpiQuery(kpi, () => "1")?.metrics.length ?? 0, composite: false })),
  );
  const burnRates = BURN_RATES.filter((rate) => isMet(burnRateExists(rate), settings));
  return [
    ...single,
    ...burnRates.flatMap(({ name }) => [
      { name: `${name}-long`, metrics: 1, composite: false },
      { name: `${name}-short`, metrics: 1, composite: false },
      { name, metrics: 0, composite: true },
    ]),
  ];
}
