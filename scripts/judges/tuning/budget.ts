import { gb } from "../cost/compute";
import type { PriceBook } from "../prices";
import { MIN_WARM_RUNS } from "./size";

/** What is to be measured. */
export interface Measuring {
  readonly sizesMiB: readonly number[];
  /** Warm runs of each size; one more is the cold one. */
  readonly runsEach: number;
  /** The function's own time-out: no run is longer. */
  readonly timeoutSeconds: number;
  readonly architecture: "x86_64" | "arm64";
  /** Dollars of what a run asks of others, such as its agents' tokens. */
  readonly othersUsd: number;
}

/**
 * INIT that takes longer is ended and begun again within the run (Lambda developer guide, "Lambda execution
 * environment").
 */
const MAX_INIT_SECONDS = 10;

/** Invocations of a measuring. */
export const invocationsOf = ({ sizesMiB, runsEach }: Pick<Measuring, "sizesMiB" | "runsEach">): number =>
  sizesMiB.length * (runsEach + 1);

/** Dollars where every run takes all of its time and starts cold: it cannot become more. */
export function mostUsd(
  { sizesMiB, runsEach, timeoutSeconds, architecture, othersUsd }: Measuring,
  prices: PriceBook,
): number {
  const invocations = runsEach + 1;
  const gbSeconds = sizesMiB.reduce(
    (sum, size) => sum + gb(size) * invocations * (timeoutSeconds + MAX_INIT_SECONDS),
    0,
  );
  const all = sizesMiB.length * invocations;
  return prices.cost(`lambdaGbSecond_${architecture}`, gbSeconds) + prices.cost("lambdaRequest", all) + all * othersUsd;
}

/** Why a measuring is refused, and what to lower; undefined where it fits. */
export function overBudget(measuring: Measuring, prices: PriceBook, budgetUsd: number): string | undefined {
  const usd = mostUsd(measuring, prices);
  if (usd <= budgetUsd) return undefined;
  const runs = Math.floor((measuring.runsEach + 1) * (budgetUsd / usd)) - 1;
  const fewer = runs >= MIN_WARM_RUNS ? `give --runs ${runs}, fewer --sizes` : "give fewer or smaller --sizes";
  const { length } = measuring.sizesMiB;
  return `${invocationsOf(measuring)} runs (${length} sizes) of up to ${measuring.timeoutSeconds} s could cost ${dollars(usd)}; allowed: --budget-usd ${budgetUsd}. To lower it ${fewer}, or a shorter timeout of the function; else raise --budget-usd`;
}

/** Dollars for a person, with three figures and at least two behind the point. */
export function dollars(usd: number): string {
  return usd === 0
    ? "$0.00"
    : `$${usd >= 1 ? usd.toFixed(2) : Number(usd.toPrecision(3)).toFixed(Math.max(2, 2 - Math.floor(Math.log10(usd))))}`;
}
