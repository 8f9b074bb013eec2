import type { SourceNames } from "../../../stacks/settings";
import type { Looks } from "./looks";
import type { GateWindow } from "./window";

/** What CloudWatch answered to one query. */
export interface Series {
  /** `Complete`, or what went wrong: `PartialData`, `InternalError`, `Forbidden`. */
  readonly status: string;
  /** What CloudWatch says about it, such as that a metric could not be read. */
  readonly messages: readonly string[];
  /** Values by period, oldest first; empty where there was no data. */
  readonly values: readonly number[];
}

/** All answers about one window. */
export interface Readings {
  readonly window: GateWindow;
  /** Version of the worker that it is about; null = whatever ran. */
  readonly version: string | null;
  /** By query id. */
  readonly series: Readonly<Record<string, Series>>;
}

/** Executions that AWS allows the account in its region. */
export interface AccountLimits {
  readonly concurrentExecutions: number;
  readonly unreservedConcurrentExecutions: number;
}

/** US dollars of 1,000 tokens. */
export interface TokenPrices {
  readonly usdPer1000Input: number;
  readonly usdPer1000Output: number;
  /** True where nobody gave them. */
  readonly assumed: boolean;
}

/** What a candidate may be worse than its baseline. */
export interface RelativeLimits {
  /** Times the baseline's duration. */
  readonly maxLatencyRatio: number;
  /** Times the baseline's cost. */
  readonly maxCostRatio: number;
}

export const DEFAULT_LIMITS: RelativeLimits = { maxLatencyRatio: 1.25, maxCostRatio: 1.1 };

/** Everything that a verdict depends on: the same evidence gives the same verdict, byte for byte. */
export interface Evidence {
  readonly kind: "quickturn-gate-evidence";
  readonly format: 1;
  readonly names: SourceNames;
  /** In effect, those that the gate reads. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** KPIs that are judged; empty = all. */
  readonly only: readonly string[];
  /** null where no KPI needs it. */
  readonly account: AccountLimits | null;
  readonly tokenPrices: TokenPrices;
  readonly limits: RelativeLimits;
  readonly looks: Looks;
  readonly candidate: Readings;
  /** null = there is nothing to compare with. */
  readonly baseline: Readings | null;
}
