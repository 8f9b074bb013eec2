import { ONE_VCPU_MIB } from "../../stacks/contract/fixed";
import { chiSquaredQuantile, mean } from "../kit/quantiles";
import { standardError } from "../kit/random";
import type { WarmTime } from "./size";

/** Looked up once, because the sandbox of a test makes each lookup of a global slow, and a bootstrap takes many. */
const { min } = Math;

/** Mean time at one size, as measured. */
interface MeasuredMean {
  readonly memoryMiB: number;
  readonly meanMs: number;
  /** Standard error of the mean, in milliseconds, above 0. */
  readonly errorMs: number;
}

/** How time follows from memory. */
interface Curve {
  /** Time that no memory shortens. */
  readonly waitMs: number;
  /** Time of the computing, on one vCPU. */
  readonly workMs: number;
  /** vCPUs that the function can use; more memory than gives them shortens nothing. */
  readonly usedVcpus: number;
  /** Sum of the squared distances from the measured means, in standard errors. */
  readonly misfit: number;
}

/** Lambda gives six vCPUs at most (10,240 MB). */
const MAX_VCPUS = 6;

/**
 * Fits time = wait + work / share of CPU. Lambda gives CPU in proportion to memory, one vCPU at 1,769 MB, and a
 * function can use no more vCPUs than it has threads. Fitting all sizes together reduces the noise of each; neither
 * time is negative, because more memory makes nothing slower.
 * @param means at least two sizes
 */
export function fitCurve(means: readonly MeasuredMean[]): Curve {
  const fits = Array.from({ length: MAX_VCPUS }, (_, index) => fitWithVcpus(means, index + 1));
  return fits.reduce((best, fit) => (fit.misfit < best.misfit - 1e-9 ? fit : best));
}

/** Computes the milliseconds that the curve has at a size. */
export function computeTimeMs({ waitMs, workMs, usedVcpus }: Omit<Curve, "misfit">, memoryMiB: number): number {
  return waitMs + workMs / computeVcpus(memoryMiB, usedVcpus);
}

const computeVcpus = (memoryMiB: number, usedVcpus: number): number => min(memoryMiB / ONE_VCPU_MIB, usedVcpus);

/** Fits both times by weighted least squares, in closed form. */
function fitWithVcpus(means: readonly MeasuredMean[], usedVcpus: number): Curve {
  const sums = { w: 0, x: 0, y: 0, xx: 0, xy: 0 };
  for (const { memoryMiB, meanMs, errorMs } of means) {
    const [weight, slowness] = [1 / errorMs ** 2, 1 / computeVcpus(memoryMiB, usedVcpus)];
    sums.w += weight;
    sums.x += weight * slowness;
    sums.y += weight * meanMs;
    sums.xx += weight * slowness * slowness;
    sums.xy += weight * slowness * meanMs;
  }
  const spread = sums.w * sums.xx - sums.x * sums.x;
  // Where every size has all the CPU that the function uses, work and wait cannot be distinguished.
  const work = spread > 1e-9 * sums.w * sums.xx ? (sums.w * sums.xy - sums.x * sums.y) / spread : 0;
  const wait = (sums.y - work * sums.x) / sums.w;
  const times =
    work <= 0
      ? { waitMs: sums.y / sums.w, workMs: 0 }
      : wait < 0
        ? { waitMs: 0, workMs: sums.xy / sums.xx }
        : { waitMs: wait, workMs: work };
  const curve = { ...times, usedVcpus };
  return { ...curve, misfit: sumMisfits(means, ({ memoryMiB }) => computeTimeMs(curve, memoryMiB)) };
}

function sumMisfits(means: readonly MeasuredMean[], expectMs: (mean: MeasuredMean) => number): number {
  return means.reduce((sum, each) => sum + ((each.meanMs - expectMs(each)) / each.errorMs) ** 2, 0);
}

/**
 * Replaces times that are slower than at a smaller size: neighbours out of order get their mean (isotonic regression by
 * pooling adjacent violators). For functions that the curve does not fit.
 * @param means the smallest size first
 * @returns milliseconds in the same order
 */
export function poolRisingTimes(means: readonly MeasuredMean[]): number[] {
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
 * - `falling`: it does not fit; the measured means count, pooled where they rise with memory.
 */
export type TimeModel = "flat" | "curve" | "falling";

/** A size with the times of its warm runs. */
export interface TimedSize {
  readonly memoryMiB: number;
  readonly time: WarmTime;
}

/** The same with the standard error of its mean, as a share of the mean. */
export interface WeighedSize extends TimedSize {
  readonly errorShare: number;
}

/** The time that is expected at each size. */
export interface ExpectedTimes {
  readonly model: TimeModel;
  /** Fitted for every model; with `flat` it bounds the difference that may have been missed. */
  readonly curve: Curve;
  /** Milliseconds, in the order of the sizes. */
  readonly timesMs: readonly number[];
}

/** Probability that chance alone rejects the curve, or makes a difference. */
const SIGNIFICANCE = 0.01;

/**
 * Derives the time at each size from all sizes together, so that one size's noise is not taken for its speed.
 * @param sizes at least two, the smallest first
 */
export function expectTimes(sizes: readonly WeighedSize[]): ExpectedTimes {
  const means = listMeans(sizes, ({ time }) => time.meanMs);
  const curve = fitCurve(means);
  const model = chooseModel(means, curve);
  return { model, curve, timesMs: applyModel(model, means, curve) };
}

/** Derives the times from one bootstrap sample, by a given model. */
export function expectDrawnTimes(sizes: readonly WeighedSize[], model: TimeModel, draw: number): number[] {
  const means = listMeans(sizes, ({ time }) => time.drawn[draw]!);
  return applyModel(model, means, fitCurve(means));
}

function chooseModel(means: readonly MeasuredMean[], curve: Curve): TimeModel {
  const levelMs = averageTimes(means);
  const flatMisfit = sumMisfits(means, () => levelMs);
  // The curve has two coefficients; its choice of vCPUs makes it fit slightly better than that.
  if (means.length > 2 && curve.misfit > chiSquaredQuantile(means.length - 2, 1 - SIGNIFICANCE)) return "falling";
  return flatMisfit - curve.misfit < chiSquaredQuantile(1, 1 - SIGNIFICANCE) ? "flat" : "curve";
}

function applyModel(model: TimeModel, means: readonly MeasuredMean[], curve: Curve): number[] {
  if (model === "falling") return poolRisingTimes(means);
  const levelMs = averageTimes(means);
  return means.map(({ memoryMiB }) => (model === "flat" ? levelMs : computeTimeMs(curve, memoryMiB)));
}

function averageTimes(means: readonly MeasuredMean[]): number {
  let [sum, weights] = [0, 0];
  for (const { meanMs, errorMs } of means) {
    sum += meanMs / errorMs ** 2;
    weights += 1 / errorMs ** 2;
  }
  return sum / weights;
}

/** Without a floor, sizes whose runs all took the same time would have infinite weight. */
const MIN_ERROR_SHARE = 0.001;

/**
 * Gives each size its error. A few runs estimate their mean's error badly, and too small where all happen to be fast:
 * half of the squared error is the size's own, the other half the mean of all sizes.
 */
export function weighSizes(sizes: readonly TimedSize[]): WeighedSize[] {
  const squares = sizes.map(({ time }) => (standardError(time.drawn) / time.meanMs) ** 2);
  const meanSquare = mean(squares);
  return sizes.map((size, index) => ({
    ...size,
    errorShare: Math.max(MIN_ERROR_SHARE, Math.sqrt((squares[index]! + meanSquare) / 2)),
  }));
}

function listMeans(sizes: readonly WeighedSize[], readMeanMs: (size: WeighedSize) => number): MeasuredMean[] {
  return sizes.map((size) => {
    const meanMs = readMeanMs(size);
    return { memoryMiB: size.memoryMiB, meanMs, errorMs: meanMs * size.errorShare };
  });
}
