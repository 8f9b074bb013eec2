import { ONE_VCPU_MIB } from "../runs/causes";

const { min } = Math;

/** Mean time at one size, as measured. */
export interface MeasuredMean {
  readonly memoryMiB: number;
  readonly meanMs: number;
  /** Of the mean, in milliseconds, above 0. */
  readonly errorMs: number;
}

/** Time as it follows from memory: what waits, and what computes. */
export interface Curve {
  /** Time that no memory shortens. */
  readonly waitMs: number;
  /** Time of what computes, on one vCPU. */
  readonly workMs: number;
  /** vCPUs that it makes use of: more memory than they take shortens nothing. */
  readonly usedVcpus: number;
  /** Sum of the squared distances from what was measured, in standard errors. */
  readonly misfit: number;
}

/** Lambda gives six at most (10,240 MB). */
const MOST_VCPUS = 6;

/**
 * Fits time = wait + work / share of CPU. Lambda gives CPU in proportion to memory, one vCPU at 1,769 MB, and a
 * function uses no more of them than it has threads. All sizes speak about the two times, so that a size's own noise
 * decides less. Neither is negative: more memory makes nothing slower.
 * @param means at least two sizes
 */
export function fitCurve(means: readonly MeasuredMean[]): Curve {
  const fits = Array.from({ length: MOST_VCPUS }, (_, index) => fitWith(means, index + 1));
  return fits.reduce((best, fit) => (fit.misfit < best.misfit - 1e-9 ? fit : best));
}

/** Milliseconds that the curve has at a size. */
export function timeAt({ waitMs, workMs, usedVcpus }: Omit<Curve, "misfit">, memoryMiB: number): number {
  return waitMs + workMs / cpuShare(memoryMiB, usedVcpus);
}

const cpuShare = (memoryMiB: number, usedVcpus: number): number => min(memoryMiB / ONE_VCPU_MIB, usedVcpus);

/** Weighted least squares of two coefficients, in closed form. */
function fitWith(means: readonly MeasuredMean[], usedVcpus: number): Curve {
  const sums = { w: 0, x: 0, y: 0, xx: 0, xy: 0 };
  for (const { memoryMiB, meanMs, errorMs } of means) {
    const [weight, slowness] = [1 / errorMs ** 2, 1 / cpuShare(memoryMiB, usedVcpus)];
    sums.w += weight;
    sums.x += weight * slowness;
    sums.y += weight * meanMs;
    sums.xx += weight * slowness * slowness;
    sums.xy += weight * slowness * meanMs;
  }
  const spread = sums.w * sums.xx - sums.x * sums.x;
  // All sizes have the CPU that it uses: they cannot tell work from wait.
  const work = spread > 1e-9 * sums.w * sums.xx ? (sums.w * sums.xy - sums.x * sums.y) / spread : 0;
  const wait = (sums.y - work * sums.x) / sums.w;
  const kept =
    work <= 0
      ? { waitMs: sums.y / sums.w, workMs: 0 }
      : wait < 0
        ? { waitMs: 0, workMs: sums.xy / sums.xx }
        : { waitMs: wait, workMs: work };
  const misfit = means.reduce(
    (sum, { memoryMiB, meanMs, errorMs }) =>
      sum + ((meanMs - timeAt({ ...kept, usedVcpus }, memoryMiB)) / errorMs) ** 2,
    0,
  );
  return { ...kept, usedVcpus, misfit };
}

/**
 * The times themselves, but for those that are slower than at a smaller size: neighbours out of order get their mean
 * (isotonic regression by pooling adjacent violators). For a function that the curve does not fit.
 * @param means the smallest size first
 * @returns milliseconds in the same order
 */
export function fallingTimes(means: readonly MeasuredMean[]): number[] {
  const blocks: { ms: number; weight: number; sizes: number }[] = [];
  for (const { meanMs, errorMs } of means) {
    blocks.push({ ms: meanMs, weight: 1 / errorMs ** 2, sizes: 1 });
    while (blocks.length > 1 && blocks[blocks.length - 2]!.ms <= blocks[blocks.length - 1]!.ms) {
      const [right, left] = [blocks.pop()!, blocks.pop()!];
      const weight = left.weight + right.weight;
      blocks.push({
        ms: (left.ms * left.weight + right.ms * right.weight) / weight,
        weight,
        sizes: left.sizes + right.sizes,
      });
    }
  }
  return blocks.flatMap(({ ms, sizes }) => Array.from({ length: sizes }, () => ms));
}
