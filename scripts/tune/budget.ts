import { gb } from "../cost/compute";
import type { Architecture } from "../cost/deployment";
import type { PriceBook } from "../cost/prices";
import { formatUsd } from "../cost/text";
import { MIN_WARM_RUNS } from "./size";

/** What is to be measured. */
export interface MeasuringPlan {
  readonly sizesMiB: readonly number[];
  /** Warm runs of each size; a cold one comes first. */
  readonly runsEach: number;
  /** The function's own time-out: no run is longer. */
  readonly timeoutSeconds: number;
  readonly architecture: Architecture;
  /** Dollars that a run costs outside of Lambda, such as its agents' tokens. */
  readonly runUsd: number;
}

/** A longer INIT is ended and repeated within the run (Lambda developer guide, "Lambda execution environment"). */
const MAX_INIT_SECONDS = 10;

export const countInvocations = ({ sizesMiB, runsEach }: MeasuringPlan): number => sizesMiB.length * (runsEach + 1);

/** Dollars where every run starts cold and takes the whole time-out: no measuring costs more. */
export function computeMaximumUsd(plan: MeasuringPlan, prices: PriceBook): number {
  const { sizesMiB, runsEach, timeoutSeconds, architecture, runUsd } = plan;
  const invocations = runsEach + 1;
  const gbSeconds = sizesMiB.reduce(
    (sum, size) => sum + gb(size) * invocations * (timeoutSeconds + MAX_INIT_SECONDS),
    0,
  );
  const total = sizesMiB.length * invocations;
  return (
    prices.cost(`lambdaGbSecond_${architecture}`, gbSeconds) + prices.cost("lambdaRequest", total) + total * runUsd
  );
}

/** Says why a plan exceeds the budget, and what to lower; undefined where it does not. */
export function refuseOverBudget(plan: MeasuringPlan, prices: PriceBook, budgetUsd: number): string | undefined {
  const usd = computeMaximumUsd(plan, prices);
  if (usd <= budgetUsd) return undefined;
  const affordableRuns = Math.floor((plan.runsEach + 1) * (budgetUsd / usd)) - 1;
  const advice =
    affordableRuns >= MIN_WARM_RUNS ? `give --runs ${affordableRuns}, fewer --sizes` : "give fewer or smaller --sizes";
  return (
    `${countInvocations(plan)} runs (${plan.sizesMiB.length} sizes) of up to ${plan.timeoutSeconds} s could cost ` +
    `${formatUsd(usd)}; allowed: --budget-usd ${budgetUsd}. To lower it ${advice}, or a shorter timeout of the ` +
    "function; else raise --budget-usd"
  );
}
