import { CONFIDENCE, NEAR_FULL_PERCENT } from "../analyze/analysis";
import { percent } from "../kit/figures";
import { type Interval, mean, quantile } from "../kit/quantiles";
import { bootstrapMeans, percentileInterval, type Draws } from "../kit/random";
import { computeBilledMs, type TuningRun } from "./run";

/** Fewer warm runs say too little about a size. */
export const MIN_WARM_RUNS = 5;
/** A size with more failed runs is left out; fewer may be an agent's bad day. */
const MAX_FAILED_PERCENT = 10;
/** How a run that was killed for its memory fails. */
const OUT_OF_MEMORY = /OutOfMemory|out of memory|signal: killed/i;

/** What the runs at one size show. */
export interface SizeFigures {
  readonly memoryMiB: number;
  /** All runs; the failed ones; and of the others those that started their environment, and those that did not. */
  readonly runs: number;
  readonly failed: number;
  readonly cold: number;
  readonly warm: number;
  /** Times of the warm runs; null where there are none. */
  readonly time: WarmTime | null;
  /** Mean INIT of the cold runs; null where there are none. */
  readonly initMeanMs: number | null;
  /** Most memory that any run had used; null where no run says. */
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
  /** Mean of the billed time. */
  readonly billedMeanMs: number;
  /** Means of bootstrap samples. */
  readonly drawn: Float64Array;
}

/** Summarizes the runs of one size. */
export function summarizeSize(memoryMiB: number, runs: readonly TuningRun[], draws: Draws): SizeFigures {
  const good = runs.filter(({ failure }) => failure === null);
  const warm = good.filter(({ initMs }) => initMs === null);
  const inits = good.flatMap(({ initMs }) => initMs ?? []);
  const used = runs.flatMap(({ usedMiB }) => usedMiB ?? []);
  const usedMiB = used.length === 0 ? null : Math.max(...used);
  return {
    memoryMiB,
    runs: runs.length,
    failed: runs.length - good.length,
    cold: inits.length,
    warm: warm.length,
    time: warm.length === 0 ? null : summarizeTimes(warm, draws),
    initMeanMs: inits.length === 0 ? null : mean(inits),
    usedMiB,
    leftOut: refuseFailures(runs) ?? refuseFullMemory(memoryMiB, usedMiB) ?? refuseFewRuns(warm.length),
  };
}

function summarizeTimes(warm: readonly TuningRun[], draws: Draws): WarmTime {
  const sorted = warm.map(({ durationMs }) => durationMs).sort((left, right) => left - right);
  const drawn = bootstrapMeans(sorted, draws);
  return {
    p50Ms: quantile(sorted, 0.5),
    p90Ms: quantile(sorted, 0.9),
    p95Ms: quantile(sorted, 0.95),
    p99Ms: quantile(sorted, 0.99),
    meanMs: mean(sorted),
    meanInterval: percentileInterval(drawn, CONFIDENCE),
    billedMeanMs: mean(warm.map(computeBilledMs)),
    drawn,
  };
}

function refuseFailures(runs: readonly TuningRun[]): string | null {
  const failures = runs.flatMap(({ failure }) => failure ?? []);
  const outOfMemory = failures.find((failure) => OUT_OF_MEMORY.test(failure));
  if (outOfMemory === undefined && failures.length * 100 <= MAX_FAILED_PERCENT * runs.length) return null;
  return (
    `${failures.length} of ${runs.length} runs failed (${outOfMemory ?? failures[0]}); ` +
    `allowed: ${MAX_FAILED_PERCENT} %, and none for want of memory`
  );
}

/** From 80 % on a function is close to its limit: a slightly larger request would end it. */
function refuseFullMemory(memoryMiB: number, usedMiB: number | null): string | null {
  const usedPercent = ((usedMiB ?? 0) / memoryMiB) * 100;
  if (usedPercent < NEAR_FULL_PERCENT) return null;
  return (
    `a run used ${usedMiB} of ${memoryMiB} MB (${percent(usedPercent)}); ` +
    `allowed: below ${NEAR_FULL_PERCENT} %, so that there is room`
  );
}

function refuseFewRuns(warm: number): string | null {
  return warm >= MIN_WARM_RUNS ? null : `there are ${warm} warm runs; allowed: from ${MIN_WARM_RUNS}`;
}
