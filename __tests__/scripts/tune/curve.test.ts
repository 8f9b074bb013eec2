import {
  computeTimeMs,
  expectDrawnTimes,
  expectTimes,
  fitCurve,
  poolRisingTimes,
  weighSizes,
} from "../../../scripts/tune/curve";
import { summarizeSize } from "../../../scripts/tune/size";
import { seededRandom } from "../../../scripts/kit/random";
import { drawRuns, SHAPES } from "../../support/tuning-data";

describe("curve", () => {
  const SIZES = [128, 512, 1024, 1769, 3538, 7076];
  const measured = (time: (vcpus: number) => number, error = 0.01) =>
    SIZES.map((memoryMiB) => ({
      memoryMiB,
      meanMs: time(memoryMiB / 1_769),
      errorMs: time(memoryMiB / 1_769) * error,
    }));

  test("wait, work and threads of a function that follows the curve are found", () => {
    const curve = fitCurve(measured((vcpus) => 2_000 + 900 / Math.min(vcpus, 2)));
    expect(curve.waitMs).toBeCloseTo(2_000, 6);
    expect(curve.workMs).toBeCloseTo(900, 6);
    expect(curve.usedVcpus).toBe(2);
    expect(curve.misfit).toBeCloseTo(0, 6);
    expect(computeTimeMs(curve, 7_076)).toBeCloseTo(2_450, 6);
  });

  test("times that rise with memory are all wait, because more memory makes nothing slower", () => {
    const curve = fitCurve(measured((vcpus) => 1_000 + 10 * vcpus));
    expect(curve.workMs).toBe(0);
    expect(computeTimeMs(curve, 128)).toBe(computeTimeMs(curve, 7_076));
  });

  test("no wait is negative", () => {
    const curve = fitCurve(measured((vcpus) => 500 / vcpus ** 1.3));
    expect(curve.waitMs).toBeGreaterThanOrEqual(0);
    expect(curve.misfit).toBeGreaterThan(100);
  });

  test("sizes that have all the CPU that is used give a wait and no work", () => {
    expect(
      fitCurve([
        { memoryMiB: 1_000, meanMs: 10, errorMs: 1 },
        { memoryMiB: 1_000, meanMs: 12, errorMs: 1 },
      ]),
    ).toMatchObject({ waitMs: 11, workMs: 0 });
  });

  test("neighbours out of order get their mean, weighed by their errors, and others stay", () => {
    const of = (...means: (readonly [number, number])[]) =>
      poolRisingTimes(means.map(([meanMs, errorMs], index) => ({ memoryMiB: 128 * (index + 1), meanMs, errorMs })));
    expect(of([9, 1], [5, 1], [7, 1], [2, 1])).toEqual([9, 6, 6, 2]);
    expect(of([1, 1], [2, 1], [3, 1])).toEqual([2, 2, 2]);
    expect(of([5, 1], [8, 0.5])).toEqual([7.4, 7.4]);
  });
});

describe("expected times", () => {
  const sizesOf = (name: string, runsEach: number, seed = 11) => {
    const runs = drawRuns(SHAPES.find((shape) => shape.name === name)!, runsEach, seededRandom(seed));
    const memories = [...new Set(runs.map(({ memoryMiB }) => memoryMiB))];
    return weighSizes(
      memories.map((memoryMiB) => ({
        memoryMiB,
        time: summarizeSize(
          memoryMiB,
          runs.filter((run) => run.memoryMiB === memoryMiB),
          { resamples: 200, random: seededRandom(1) },
        ).time!,
      })),
    );
  };

  test("a function that only waits is flat, and has one time at all sizes", () => {
    const { model, timesMs } = expectTimes(sizesOf("waits for agents (8 s)", 40));
    expect(model).toBe("flat");
    expect(new Set(timesMs).size).toBe(1);
    expect(timesMs[0]).toBeGreaterThan(7_600);
    expect(timesMs[0]).toBeLessThan(8_400);
  });

  test("wait and work are found more precisely than the mean of one size", () => {
    const { model, curve } = expectTimes(sizesOf("waits 4 s, computes 1 s", 40));
    expect(model).toBe("curve");
    expect(Math.abs(curve.waitMs - 4_000)).toBeLessThan(200);
    expect(Math.abs(curve.workMs - 1_000)).toBeLessThan(100);
  });

  test("a function that the curve does not fit gets falling times", () => {
    const { model, timesMs } = expectTimes(sizesOf("thrashes where memory is short", 60));
    expect(model).toBe("falling");
    expect([...timesMs].sort((left, right) => right - left)).toEqual(timesMs);
  });

  test("bootstrap samples get the times of the given model", () => {
    const sizes = sizesOf("waits for agents (8 s)", 40);
    expect(new Set(expectDrawnTimes(sizes, "flat", 3)).size).toBe(1);
    expect(expectDrawnTimes(sizes, "curve", 3)[0]).not.toBe(expectDrawnTimes(sizes, "curve", 4)[0]);
  });

  test("sizes whose runs are all equal have an error above 0", () => {
    const time = sizesOf("waits for agents (8 s)", 10)[0]!.time;
    const equal = { ...time, drawn: time.drawn.map(() => time.meanMs) };
    expect(
      weighSizes([
        { memoryMiB: 128, time: equal },
        { memoryMiB: 256, time: equal },
      ]).map(({ errorShare }) => errorShare),
    ).toEqual([0.001, 0.001]);
  });
});
