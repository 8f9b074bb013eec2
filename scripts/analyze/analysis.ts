import { percentHistogram, type Bin, logHistogram, percentileCurve, type CurvePoint } from "./histogram";
import { countAtLeast, quantile, quantileRanks, samplesForQuantile, wilsonInterval, countAbove, mean } from "../kit/quantiles";
import type { RunSamples } from "./samples";
import { findModes, type Modality } from "./modes";
import { splitRuns, type Split, findClusters, type Cluster } from "./splits";

/** Share of its memory at which a function is close to its limit; the alarm table's own bound. */
export const NEAR_FULL_PERCENT = 80;

/** Memory of the runs that had the same size. */
export interface SizeMemory {
  readonly sizeMiB: number;
  readonly count: number;
  readonly usedP50MiB: number;
  readonly usedP99MiB: number;
  readonly usedMaxMiB: number;
  readonly maxPercent: number;
  readonly p99Percent: number;
  /** Runs at 80 % of the size or above. */
  readonly nearFull: number;
}

/** Memory used against the size. */
export interface MemoryUse {
  /** By size, the smallest first. */
  readonly sizes: readonly SizeMemory[];
  /** Runs by the percentage of their size that was used. */
  readonly histogram: readonly Bin[];
}

/** Memory of all runs, by the size they had. */
export function memoryUse(samples: RunSamples): MemoryUse {
  const { usedMiB, sizeMiB } = samples;
  const bySize = new Map<number, number>();
  const percentages = new Float32Array(samples.count);
  for (let index = 0; index < samples.count; index++) {
    const size = sizeMiB[index]!;
    bySize.set(size, (bySize.get(size) ?? 0) + 1);
    percentages[index] = (usedMiB[index]! / size) * 100;
  }
  const sizes = [...bySize.keys()].sort((left, right) => left - right);
  return {
    sizes: sizes.map((size) => ofSize(size, usedAt(samples, size, bySize.get(size)!))),
    histogram: percentHistogram(percentages),
  };
}

function usedAt({ usedMiB, sizeMiB }: RunSamples, size: number, count: number): Float32Array {
  const used = new Float32Array(count);
  for (let index = 0, at = 0; at < count; index++) if (sizeMiB[index] === size) used[at++] = usedMiB[index]!;
  return used.sort();
}

function ofSize(sizeMiB: number, sorted: Float32Array): SizeMemory {
  const [usedP50MiB, usedP99MiB, usedMaxMiB] = [quantile(sorted, 0.5), quantile(sorted, 0.99), quantile(sorted, 1)];
  return {
    sizeMiB,
    count: sorted.length,
    usedP50MiB,
    usedP99MiB,
    usedMaxMiB,
    maxPercent: (usedMaxMiB / sizeMiB) * 100,
    p99Percent: (usedP99MiB / sizeMiB) * 100,
    nearFull: countAtLeast(sorted, (NEAR_FULL_PERCENT * sizeMiB) / 100),
  };
}

/** The size that most runs had; of two, the larger. */
export function usualSize({ sizes }: MemoryUse): SizeMemory {
  return sizes.reduce((usual, size) => (size.count >= usual.count ? size : usual));
}

/** Confidence of every interval: two-sided. */
export const CONFIDENCE = 0.95;

/** A percentile of the durations. */
export interface Percentile {
  readonly percentile: number;
  readonly valueMs: number;
  /** Bounds of its 95 % interval, both of them durations of runs; null where there are too few runs for one. */
  readonly lowMs: number | null;
  readonly highMs: number | null;
  /** How many runs it takes for both bounds. */
  readonly runsForInterval: number;
}

/** The runs that took longer than the threshold. */
export interface OverThreshold {
  readonly thresholdMs: number;
  readonly count: number;
  readonly percent: number;
  readonly lowPercent: number;
  readonly highPercent: number;
  /** Of these runs alone; null where there are none. */
  readonly durations: {
    readonly minMs: number;
    readonly maxMs: number;
    readonly meanMs: number;
    readonly p50Ms: number;
    readonly p95Ms: number;
  } | null;
}

/** Runs that started their environment. */
export interface ColdStarts {
  readonly count: number;
  readonly percent: number;
  readonly lowPercent: number;
  readonly highPercent: number;
  readonly initP50Ms: number | null;
  readonly initP95Ms: number | null;
  /** Share of the billed time that is init; null where no line says what was billed. */
  readonly billedPercent: number | null;
}

/** How the runs ended. */
export interface Endings {
  /** Runs whose line has a status. */
  readonly known: number;
  readonly timeouts: number;
  readonly errors: number;
  /** The middle duration of the runs that ended by the function's own time-out. */
  readonly timeoutMs: number | null;
  /** By name, the most frequent first. */
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

const PERCENTILES = [50, 90, 95, 99];

/**
 * Analyses runs.
 * @param samples at least one
 * @param thresholdMs above which a run counts as slow
 */
export function analyzeRuns(samples: RunSamples, thresholdMs: number): RunAnalysis {
  if (samples.count === 0) throw new Error("There is no run to analyze.");
  const sorted = samples.durationMs.slice().sort();
  const percentiles = PERCENTILES.map((percentile) => percentileOf(sorted, percentile));
  const modality = findModes(sorted);
  const [p50, p99] = [quantile(sorted, 0.5), quantile(sorted, 0.99)];
  return {
    count: sorted.length,
    minMs: sorted[0]!,
    maxMs: sorted[sorted.length - 1]!,
    meanMs: mean(sorted),
    percentiles,
    p99ToP50: p50 > 0 ? p99 / p50 : null,
    overThreshold: overThreshold(sorted, thresholdMs),
    cold: coldStarts(samples),
    memory: memoryUse(samples),
    endings: endings(samples),
    modality,
    clusters: findClusters(sorted),
    splits: splitRuns(samples, thresholdMs, modality.verdict === "two" ? modality.splitMs : null),
    functions: [...countNames(samples, "function").keys()].sort(),
    histogram: logHistogram(sorted),
    curve: percentileCurve(sorted),
  };
}

function percentileOf(sorted: Float64Array, percentile: number): Percentile {
  const share = percentile / 100;
  const { low, high } = quantileRanks(sorted.length, share, CONFIDENCE);
  const at = (rank: number | null) => (rank === null ? null : sorted[rank - 1]!);
  return {
    percentile,
    valueMs: quantile(sorted, share),
    lowMs: at(low),
    highMs: at(high),
    runsForInterval: samplesForQuantile(share, CONFIDENCE),
  };
}

function overThreshold(sorted: Float64Array, thresholdMs: number): OverThreshold {
  const count = countAbove(sorted, thresholdMs);
  const over = sorted.subarray(sorted.length - count);
  const durations =
    count === 0
      ? null
      : {
          minMs: over[0]!,
          maxMs: over[count - 1]!,
          meanMs: mean(over),
          p50Ms: quantile(over, 0.5),
          p95Ms: quantile(over, 0.95),
        };
  return { thresholdMs, count, ...share(count, sorted.length), durations };
}

function share(count: number, of: number) {
  const { low, high } = wilsonInterval(count, of, CONFIDENCE);
  return { percent: (count / of) * 100, lowPercent: low * 100, highPercent: high * 100 };
}

function coldStarts(samples: RunSamples): ColdStarts {
  const { initMs, billedMs, durationMs } = samples;
  const inits = initMs.filter((ms) => !Number.isNaN(ms)).sort();
  let [billed, init] = [0, 0];
  for (let index = 0; index < samples.count; index++) {
    if (Number.isNaN(billedMs[index])) continue;
    billed += billedMs[index]!;
    // Before August 2025 init of a zip on a managed runtime was not billed: it is only where the billed time has room
    // for it.
    if (billedMs[index]! + 1 >= durationMs[index]! + initMs[index]!) init += initMs[index]!;
  }
  const of = (p: number) => (inits.length === 0 ? null : quantile(inits, p));
  return {
    count: inits.length,
    ...share(inits.length, samples.count),
    initP50Ms: of(0.5),
    initP95Ms: of(0.95),
    billedPercent: billed > 0 ? (init / billed) * 100 : null,
  };
}

function endings(samples: RunSamples): Endings {
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
