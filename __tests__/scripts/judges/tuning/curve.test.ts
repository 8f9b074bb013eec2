import { fallingTimes, fitCurve, timeAt } from "../../../../scripts/judges/tuning/curve";

const SIZES = [128, 512, 1024, 1769, 3538, 7076];
const measured = (time: (vcpus: number) => number, error = 0.01) =>
  SIZES.map((memoryMiB) => ({ memoryMiB, meanMs: time(memoryMiB / 1_769), errorMs: time(memoryMiB / 1_769) * error }));

test("wait, work and threads are found where they are all that there is", () => {
  const curve = fitCurve(measured((vcpus) => 2_000 + 900 / Math.min(vcpus, 2)));
  expect(curve.waitMs).toBeCloseTo(2_000, 6);
  expect(curve.workMs).toBeCloseTo(900, 6);
  expect(curve.usedVcpus).toBe(2);
  expect(curve.misfit).toBeCloseTo(0, 6);
  expect(timeAt(curve, 7_076)).toBeCloseTo(2_450, 6);
});

test("more memory makes nothing slower: rising times are all wait", () => {
  const curve = fitCurve(measured((vcpus) => 1_000 + 10 * vcpus));
  expect(curve.workMs).toBe(0);
  expect(timeAt(curve, 128)).toBe(timeAt(curve, 7_076));
});

test("no wait is negative", () => {
  const curve = fitCurve(measured((vcpus) => 500 / vcpus ** 1.3));
  expect(curve.waitMs).toBeGreaterThanOrEqual(0);
  expect(curve.misfit).toBeGreaterThan(100);
});

test("sizes that have all the CPU it uses tell a wait and no work", () => {
  expect(
    fitCurve([
      { memoryMiB: 1_000, meanMs: 10, errorMs: 1 },
      { memoryMiB: 1_000, meanMs: 12, errorMs: 1 },
    ]),
  ).toMatchObject({ waitMs: 11, workMs: 0 });
});

test("neighbours out of order get their mean, weighed by their errors; others stay", () => {
  const of = (...means: (readonly [number, number])[]) =>
    fallingTimes(means.map(([meanMs, errorMs], index) => ({ memoryMiB: 128 * (index + 1), meanMs, errorMs })));
  expect(of([9, 1], [5, 1], [7, 1], [2, 1])).toEqual([9, 6, 6, 2]);
  expect(of([1, 1], [2, 1], [3, 1])).toEqual([2, 2, 2]);
  expect(of([5, 1], [8, 0.5])).toEqual([7.4, 7.4]);
});
