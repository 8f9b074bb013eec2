import { percentHistogram, type Bin } from "../statistics/histogram";
import { countAtLeast, quantile } from "../statistics/quantiles";
import type { RunSamples } from "./samples";

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
