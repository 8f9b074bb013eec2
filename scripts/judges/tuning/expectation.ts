import { chiSquaredQuantile } from "../statistics/chi-squared";
import { mean } from "../statistics/quantiles";
import { standardError } from "../statistics/bootstrap";
import { fallingTimes, fitCurve, timeAt, type Curve, type MeasuredMean } from "./curve";
import type { WarmTime } from "./size";

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
