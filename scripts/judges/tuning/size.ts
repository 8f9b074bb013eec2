import { percent } from "../figures";
import { NEAR_FULL_PERCENT } from "../runs/memory";
import { CONFIDENCE } from "../runs/analysis";
import { bootstrapMeans, percentileInterval, type Draws } from "../statistics/bootstrap";
import type { Interval } from "../statistics/intervals";
import { mean, quantile } from "../statistics/quantiles";
import { billedMsOf, type TuningRun } from "./run";

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
