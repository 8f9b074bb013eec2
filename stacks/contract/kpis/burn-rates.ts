import type { Severity } from "./kpi";
import type { MetricReference } from "./metric";

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
