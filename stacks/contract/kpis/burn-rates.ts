import type { Severity } from "./kpi";
import type { MetricReference } from "./metric";

/** How fast the error budget may go before somebody is told. */
export interface BurnRate {
  /** Last part of the alarms' names: a contract. */
  readonly name: string;
  /** Times as fast as the budget allows. */
  readonly factor: number;
  /** Seconds: long enough that it matters. */
  readonly longSeconds: number;
  /** Seconds: short enough that it rings no longer once the failures have ended. */
  readonly shortSeconds: number;
  readonly severity: Severity;
}

const HOUR = 3_600;

/**
 * Both windows must burn. 2 % of a month's budget in an hour, 5 % in six hours, 10 % in a day (Google, "The Site
 * Reliability Workbook", chapter 5, table 5-8). Its fourth, three days, is longer than an alarm's one period can be.
 */
export const BURN_RATES: readonly BurnRate[] = [
  { name: "error-budget-fast", factor: 14.4, longSeconds: HOUR, shortSeconds: 300, severity: "critical" },
  { name: "error-budget-steady", factor: 6, longSeconds: 6 * HOUR, shortSeconds: 1_800, severity: "critical" },
  { name: "error-budget-slow", factor: 3, longSeconds: 24 * HOUR, shortSeconds: 2 * HOUR, severity: "warning" },
];

/**
 * 1 for a request that failed or expired, 0 for one that completed: its mean is the share that the budget is spent on.
 */
export const BURN_RATE_METRIC: MetricReference = { source: "deployment", metric: "RequestFailed" };

/**
 * Share of all requests beyond which no mean can be told from "all of them": what is asked for above it is asked for
 * here.
 */
const HIGHEST_SHARE = 0.99;

/**
 * Terraform expression: share of the requests, from 0 to 1, above which the budget goes `factor` times as fast as it
 * may.
 */
export function burnThreshold({ factor }: BurnRate, errorRatePercent: string): string {
  return `min(${HIGHEST_SHARE}, ${factor} * ${errorRatePercent} / 100)`;
}

/** Terraform expression: whether that many requests can fail at all. */
export function reachable({ factor }: BurnRate, errorRatePercent: string): string {
  return `${factor} * ${errorRatePercent} / 100 < 1`;
}
