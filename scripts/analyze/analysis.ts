import {
  countAbove,
  countAtLeast,
  mean,
  quantile,
  quantileRanks,
  samplesForQuantile,
  wilsonInterval,
} from "../kit/quantiles";
import {
  binDurations,
  binPercentages,
  findClusters,
  samplePercentiles,
  type Bin,
  type Cluster,
  type CurvePoint,
} from "./distribution";
import { findModes, type Modality } from "./modes";
import { splitRuns, type RunSamples, type Split } from "./samples";

/** Confidence of every interval: two-sided. */
export const CONFIDENCE = 0.95;
/** From this percentage of its memory on, a function is close to its limit; the memory alarm has the same bound. */
export const NEAR_FULL_PERCENT = 80;

/** A percentile of the durations. */
export interface Percentile {
  readonly percentile: number;
  readonly valueMs: number;
  /** Bounds of its 95 % interval, which are durations of runs; null where there are too few runs. */
  readonly lowMs: number | null;
  readonly highMs: number | null;
  /** How many runs both bounds take. */
  readonly runsForInterval: number;
}

/** The runs that took longer than the threshold. */
interface OverThreshold extends Share {
  readonly thresholdMs: number;
  /** Durations of these runs; null where there are none. */
  readonly durations: {
    readonly minMs: number;
    readonly maxMs: number;
    readonly meanMs: number;
    readonly p50Ms: number;
    readonly p95Ms: number;
  } | null;
}

/** Some of the runs, and the 95 % interval of their share. */
interface Share {
  readonly count: number;
  readonly percent: number;
  readonly lowPercent: number;
  readonly highPercent: number;
}

/** Runs that started their environment. */
interface ColdStarts extends Share {
  readonly initP50Ms: number | null;
  readonly initP95Ms: number | null;
  /** Percentage of the billed time that is init; null where no line has the billed time. */
  readonly billedPercent: number | null;
}

/** Memory of the runs that had the same size. */
interface SizeMemory {
  readonly sizeMiB: number;
  readonly count: number;
  readonly usedP50MiB: number;
  readonly usedP99MiB: number;
  readonly usedMaxMiB: number;
  readonly maxPercent: number;
  readonly p99Percent: number;
  /** Runs that used 80 % of the size or more. */
  readonly nearFull: number;
}

/** Memory used, compared with the size. */
interface MemoryUse {
  /** The smallest size first. */
  readonly sizes: readonly SizeMemory[];
  /** Runs by the percentage of their size that they used. */
  readonly histogram: readonly Bin[];
}

/** How the runs ended. */
interface Endings {
  /** Runs whose line has a status. */
  readonly known: number;
  readonly timeouts: number;
  readonly errors: number;
  /** Median duration of the runs that the function's own time-out ended; null where there are none. */
  readonly timeoutMs: number | null;
  /** The ten most frequent, the most frequent first. */
  readonly errorTypes: readonly { readonly name: string; readonly count: number }[];
}

/** What the runs show. All durations are of the handler: init and restore are apart. */
export interface RunAnalysis {
  readonly count: number;
  readonly minMs: number;
  readonly maxMs: number;
  readonly meanMs: number;
  readonly percentiles: readonly Percentile[];
  /** P99 in units of P50; null where P50 is 0. */
  readonly p99ToP50: number | null;
  readonly overThreshold: OverThreshold;
  readonly cold: ColdStarts;
  readonly memory: MemoryUse;
  readonly endings: Endings;
  readonly modality: Modality;
  readonly clusters: readonly Cluster[];
  readonly splits: readonly Split[];
  /** The functions that the lines name. */
  readonly functions: readonly string[];
  readonly histogram: readonly Bin[];
  readonly curve: readonly CurvePoint[];
}

const PERCENTILES = [50, 90, 95, 99] as const;

/**
 * Analyses runs.
 * @param samples at least one
 * @param thresholdMs a run that takes longer counts as slow
 */
export function analyzeRuns(samples: RunSamples, thresholdMs: number): RunAnalysis {
  if (samples.count === 0) throw new Error("There is no run to analyze.");
  const sorted = samples.durationMs.slice().sort();
  const modality = findModes(sorted);
  const [p50, p99] = [quantile(sorted, 0.5), quantile(sorted, 0.99)];
  return {
    count: sorted.length,
    minMs: sorted[0]!,
    maxMs: sorted[sorted.length - 1]!,
    meanMs: mean(sorted),
    percentiles: PERCENTILES.map((percentile) => computePercentile(sorted, percentile)),
    p99ToP50: p50 > 0 ? p99 / p50 : null,
    overThreshold: summarizeSlowRuns(sorted, thresholdMs),
    cold: summarizeColdStarts(samples),
    memory: summarizeMemory(samples),
    endings: countEndings(samples),
    modality,
    clusters: findClusters(sorted),
    splits: splitRuns(samples, { thresholdMs, splitMs: modality.verdict === "two" ? modality.splitMs : null }),
    functions: [...countNames(samples, "function").keys()].sort(),
    histogram: binDurations(sorted),
    curve: samplePercentiles(sorted),
  };
}

/** Finds one of the analysis's percentiles. */
export function findPercentile({ percentiles }: RunAnalysis, wanted: (typeof PERCENTILES)[number]): Percentile {
  return percentiles.find(({ percentile }) => percentile === wanted)!;
}

/** Finds the size that most runs had; of two equally frequent ones the larger. */
export function findUsualSize({ sizes }: MemoryUse): SizeMemory {
  return sizes.reduce((usual, size) => (size.count >= usual.count ? size : usual));
}

function computePercentile(sorted: Float64Array, percentile: number): Percentile {
  const share = percentile / 100;
  const { low, high } = quantileRanks(sorted.length, share, CONFIDENCE);
  return {
    percentile,
    valueMs: quantile(sorted, share),
    lowMs: low === null ? null : sorted[low - 1]!,
    highMs: high === null ? null : sorted[high - 1]!,
    runsForInterval: samplesForQuantile(share, CONFIDENCE),
  };
}

function summarizeSlowRuns(sorted: Float64Array, thresholdMs: number): OverThreshold {
  const count = countAbove(sorted, thresholdMs);
  const slow = sorted.subarray(sorted.length - count);
  const durations =
    count === 0
      ? null
      : {
          minMs: slow[0]!,
          maxMs: slow[count - 1]!,
          meanMs: mean(slow),
          p50Ms: quantile(slow, 0.5),
          p95Ms: quantile(slow, 0.95),
        };
  return { thresholdMs, ...computeShare(count, sorted.length), durations };
}

function computeShare(count: number, total: number): Share {
  const { low, high } = wilsonInterval({ successes: count, samples: total }, CONFIDENCE);
  return { count, percent: (count / total) * 100, lowPercent: low * 100, highPercent: high * 100 };
}

function summarizeColdStarts(samples: RunSamples): ColdStarts {
  const { initMs, billedMs, durationMs } = samples;
  const inits = initMs.filter((ms) => !Number.isNaN(ms)).sort();
  let [billed, init] = [0, 0];
  for (let index = 0; index < samples.count; index++) {
    if (Number.isNaN(billedMs[index])) continue;
    billed += billedMs[index]!;
    // Before August 2025 init of a zip on a managed runtime was not billed, so init counts only where the billed time
    // has room for it.
    if (billedMs[index]! + 1 >= durationMs[index]! + initMs[index]!) init += initMs[index]!;
  }
  return {
    ...computeShare(inits.length, samples.count),
    initP50Ms: inits.length === 0 ? null : quantile(inits, 0.5),
    initP95Ms: inits.length === 0 ? null : quantile(inits, 0.95),
    billedPercent: billed > 0 ? (init / billed) * 100 : null,
  };
}

function summarizeMemory({ usedMiB, sizeMiB }: RunSamples): MemoryUse {
  const sizes = [...new Set(sizeMiB)].sort((left, right) => left - right);
  return {
    sizes: sizes.map((size) => summarizeSize(size, usedMiB.filter((_, index) => sizeMiB[index] === size).sort())),
    histogram: binPercentages(usedMiB.map((used, index) => (used / sizeMiB[index]!) * 100)),
  };
}

function summarizeSize(sizeMiB: number, sortedUsedMiB: Float32Array): SizeMemory {
  const [usedP50MiB, usedP99MiB, usedMaxMiB] = [
    quantile(sortedUsedMiB, 0.5),
    quantile(sortedUsedMiB, 0.99),
    quantile(sortedUsedMiB, 1),
  ];
  return {
    sizeMiB,
    count: sortedUsedMiB.length,
    usedP50MiB,
    usedP99MiB,
    usedMaxMiB,
    maxPercent: (usedMaxMiB / sizeMiB) * 100,
    p99Percent: (usedP99MiB / sizeMiB) * 100,
    nearFull: countAtLeast(sortedUsedMiB, (NEAR_FULL_PERCENT * sizeMiB) / 100),
  };
}

function countEndings(samples: RunSamples): Endings {
  const timeouts: number[] = [];
  let [known, errors] = [0, 0];
  for (let index = 0; index < samples.count; index++) {
    const status = samples.statusAt(index);
    if (status !== "unknown") known++;
    if (status === "timeout") timeouts.push(samples.durationMs[index]!);
    if (status === "error") errors++;
  }
  const errorTypes = [...countNames(samples, "errorType")].map(([name, count]) => ({ name, count }));
  errorTypes.sort((left, right) => right.count - left.count || (left.name < right.name ? -1 : 1));
  const sorted = Float64Array.from(timeouts).sort();
  return {
    known,
    timeouts: timeouts.length,
    errors,
    timeoutMs: sorted.length > 0 ? quantile(sorted, 0.5) : null,
    errorTypes: errorTypes.slice(0, 10),
  };
}

function countNames(samples: RunSamples, kind: "function" | "errorType"): Map<string, number> {
  const counts = new Map<string, number>();
  for (let index = 0; index < samples.count; index++) {
    const name = samples.nameAt(kind, index);
    if (name !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}
