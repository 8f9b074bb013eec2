import { ONE_VCPU_MIB } from "../analyze/causes";
import { chiSquaredQuantile, mean } from "../kit/quantiles";
import { standardError } from "../kit/random";
import type { WarmTime } from "./size";

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

/**
 * How time follows from memory:
 * - `flat`: no size is significantly faster than another.
 * - `curve`: wait + work / CPU fits.
 * - `falling`: it does not; the measured means stand, but for those that are slower than at a smaller size.
 */
export type TimeModel = "flat" | "curve" | "falling";

/** A size with its warm runs. */
export interface TimedSize {
  readonly memoryMiB: number;
  readonly time: WarmTime;
}

/** The same with the standard error of its mean, as a share of it. */
export interface WeighedSize extends TimedSize {
  readonly errorShare: number;
}

/** What time is expected at each size. */
export interface ExpectedTimes {
  readonly model: TimeModel;
  /** Of `flat` too, where it is what may still be there. */
  readonly curve: Curve;
  /** Milliseconds, in the order of the sizes. */
  readonly timesMs: readonly number[];
}

/** A model is given up, and a difference believed, where chance does it in one of a hundred measurements. */
const SIGNIFICANCE = 0.01;

/**
 * What the measured means say together: noise of one size is not taken for its speed.
 * @param sizes at least two, the smallest first
 */
export function expectedTimes(sizes: readonly WeighedSize[]): ExpectedTimes {
  const means = measuredMeans(
    sizes,
    sizes.map(({ time }) => time.meanMs),
  );
  const curve = fitCurve(means);
  const model = modelOf(means, curve);
  return { model, curve, timesMs: timesOf(model, means, curve) };
}

/** The times that the same model gives to means that were drawn anew. */
export function drawnTimes(sizes: readonly WeighedSize[], model: TimeModel, draw: number): number[] {
  const means = measuredMeans(
    sizes,
    sizes.map(({ time }) => time.drawn[draw]!),
  );
  return timesOf(model, means, fitCurve(means));
}

function modelOf(means: readonly MeasuredMean[], curve: Curve): TimeModel {
  const level = flatTime(means);
  const misfit = means.reduce((sum, { meanMs, errorMs }) => sum + ((meanMs - level) / errorMs) ** 2, 0);
  // The curve has two coefficients; that it has a choice of threads makes it fit a little better still.
  if (means.length > 2 && curve.misfit > chiSquaredQuantile(means.length - 2, 1 - SIGNIFICANCE)) return "falling";
  return misfit - curve.misfit < chiSquaredQuantile(1, 1 - SIGNIFICANCE) ? "flat" : "curve";
}

function timesOf(model: TimeModel, means: readonly MeasuredMean[], curve: Curve): number[] {
  if (model === "flat") return means.map(() => flatTime(means));
  return model === "curve" ? means.map(({ memoryMiB }) => timeAt(curve, memoryMiB)) : fallingTimes(means);
}

function flatTime(means: readonly MeasuredMean[]): number {
  const weights = means.map(({ errorMs }) => 1 / errorMs ** 2);
  return (
    means.reduce((sum, { meanMs }, index) => sum + meanMs * weights[index]!, 0) /
    weights.reduce((sum, weight) => sum + weight, 0)
  );
}

/** Without a floor, sizes whose runs are all equal would weigh without end. */
const LEAST_ERROR = 0.001;

/**
 * Weighs sizes by their errors. A few runs tell a mean's error badly, and where by chance they are all fast they tell a
 * small one: half of its square is the size's own, half that of all sizes.
 */
export function weighed(sizes: readonly TimedSize[]): WeighedSize[] {
  const squares = sizes.map(({ time }) => (standardError(time.drawn) / time.meanMs) ** 2);
  const ofAll = mean(squares);
  return sizes.map((size, index) => ({
    ...size,
    errorShare: Math.max(LEAST_ERROR, Math.sqrt((squares[index]! + ofAll) / 2)),
  }));
}

const measuredMeans = (sizes: readonly WeighedSize[], means: readonly number[]): MeasuredMean[] =>
  sizes.map(({ memoryMiB, errorShare }, index) => ({
    memoryMiB,
    meanMs: means[index]!,
    errorMs: means[index]! * errorShare,
  }));
