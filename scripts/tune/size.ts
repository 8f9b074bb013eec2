import { percent } from "../kit/figures";
import { NEAR_FULL_PERCENT, CONFIDENCE } from "../analyze/analysis";
import { bootstrapMeans, percentileInterval, type Draws } from "../kit/random";
import { type Interval, mean, quantile } from "../kit/quantiles";
import { gb } from "../cost/compute";
import type { PriceBook } from "../cost/prices";

/** One run at one size, as a tuner takes it. */
export interface TuningRun {
  /** Size of the function; what Lambda calls MB is MiB. */
  readonly memoryMiB: number;
  /** Time of the handler; INIT is apart. Of a failed run whatever it took. */
  readonly durationMs: number;
  /** INIT or restore; null where the environment was warm. */
  readonly initMs: number | null;
  /** Milliseconds billed; null where they were not told. */
  readonly billedMs: number | null;
  /** Most that the environment had used by the end of the run; null where it was not told. */
  readonly usedMiB: number | null;
  /** Why it failed, in a few words; null where it did not. */
  readonly failure: string | null;
}

/**
 * Milliseconds that a run is billed: INIT counts (since 2025-08-01, for all packages), and a part of a millisecond is a
 * whole one.
 */
export function billedMsOf({ durationMs, initMs, billedMs }: TuningRun): number {
  return Math.max(billedMs ?? 0, Math.ceil(durationMs + (initMs ?? 0)));
}

/** Fewer warm runs say too little about a size. */
export const MIN_WARM_RUNS = 5;
/** A size of which more runs fail is left out; a few may be an agent's bad day. */
const MAX_FAILED_PERCENT = 10;
/** What a run that died of its memory says. */
const OUT_OF_MEMORY = /OutOfMemory|out of memory|signal: killed/i;

/** What the runs at one size show. */
export interface SizeFigures {
  readonly memoryMiB: number;
  /** Runs in all; those that failed; of the others those that started their environment, and those that did not. */
  readonly runs: number;
  readonly failed: number;
  readonly cold: number;
  readonly warm: number;
  /** Of the warm runs; null where there are none. */
  readonly time: WarmTime | null;
  /** Mean INIT of the cold runs; null where there are none. */
  readonly initMeanMs: number | null;
  /** Most that a run had used; null where no run tells. */
  readonly usedMiB: number | null;
  /** Why the size cannot be chosen; null where it can. */
  readonly leftOut: string | null;
}

/** Times of a size's warm runs, in milliseconds. */
export interface WarmTime {
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly meanMs: number;
  /** 95 %, by bootstrap. */
  readonly meanInterval: Interval;
  /** Mean of what is billed. */
  readonly billedMeanMs: number;
  /** Means of bootstrap samples. */
  readonly drawn: Float64Array;
}

/** Figures of the runs that had this size. */
export function sizeFigures(memoryMiB: number, runs: readonly TuningRun[], draws: Draws): SizeFigures {
  const good = runs.filter(({ failure }) => failure === null);
  const warm = good.filter(({ initMs }) => initMs === null);
  const inits = good.flatMap(({ initMs }) => (initMs === null ? [] : [initMs]));
  const used = runs.flatMap(({ usedMiB }) => (usedMiB === null ? [] : [usedMiB]));
  const usedMiB = used.length === 0 ? null : Math.max(...used);
  return {
    memoryMiB,
    runs: runs.length,
    failed: runs.length - good.length,
    cold: inits.length,
    warm: warm.length,
    time: warm.length === 0 ? null : warmTime(warm, draws),
    initMeanMs: inits.length === 0 ? null : mean(inits),
    usedMiB,
    leftOut: failedText(runs) ?? fullText(memoryMiB, usedMiB) ?? fewText(warm.length),
  };
}

function warmTime(warm: readonly TuningRun[], draws: Draws): WarmTime {
  const sorted = warm.map(({ durationMs }) => durationMs).sort((left, right) => left - right);
  const at = (share: number) => quantile(sorted, share);
  const drawn = bootstrapMeans(sorted, draws);
  return {
    p50Ms: at(0.5),
    p90Ms: at(0.9),
    p95Ms: at(0.95),
    p99Ms: at(0.99),
    meanMs: mean(sorted),
    meanInterval: percentileInterval(drawn, CONFIDENCE),
    billedMeanMs: mean(warm.map(billedMsOf)),
    drawn,
  };
}

function failedText(runs: readonly TuningRun[]): string | null {
  const failures = runs.flatMap(({ failure }) => (failure === null ? [] : [failure]));
  const share = (failures.length / runs.length) * 100;
  const starved = failures.find((failure) => OUT_OF_MEMORY.test(failure));
  if (starved === undefined && !(share > MAX_FAILED_PERCENT)) return null;
  return `${failures.length} of ${runs.length} runs failed (${starved ?? failures[0]}); allowed: ${MAX_FAILED_PERCENT} %, and none for want of memory`;
}

/** Of 80 % on a function is close to its limit: the next larger request ends it. */
function fullText(memoryMiB: number, usedMiB: number | null): string | null {
  const share = ((usedMiB ?? 0) / memoryMiB) * 100;
  return share < NEAR_FULL_PERCENT
    ? null
    : `a run used ${usedMiB} of ${memoryMiB} MB (${percent(share)}); allowed: below ${NEAR_FULL_PERCENT} %, so that there is room`;
}

function fewText(warm: number): string | null {
  return warm >= MIN_WARM_RUNS ? null : `there are ${warm} warm runs; allowed: from ${MIN_WARM_RUNS}`;
}

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
