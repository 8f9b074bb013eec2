import { memoryUse, usualSize } from "../../../../scripts/judges/runs/memory";
import { samplesOf } from "../../../support/runs";

const use = memoryUse(
  samplesOf([
    ...[100, 200, 409, 410].map((maxMemoryUsedMiB) => ({ memorySizeMiB: 512, maxMemoryUsedMiB })),
    ...[300, 305].map((maxMemoryUsedMiB) => ({ memorySizeMiB: 1_024, maxMemoryUsedMiB })),
  ]),
);

test("memory is told by size, the smallest first, and 80 % of it is close", () => {
  expect(
    use.sizes.map(({ sizeMiB, count, usedMaxMiB, nearFull }) => ({ sizeMiB, count, usedMaxMiB, nearFull })),
  ).toEqual([
    { sizeMiB: 512, count: 4, usedMaxMiB: 410, nearFull: 1 }, // 409.6 MB are 80 %
    { sizeMiB: 1_024, count: 2, usedMaxMiB: 305, nearFull: 0 },
  ]);
  expect(use.sizes[0]!.maxPercent).toBeCloseTo(80.08, 2);
  expect(use.sizes[0]!.usedP50MiB).toBe(304.5);
});

test("every run is in the histogram, by its own size", () => {
  expect(use.histogram.filter(({ count }) => count > 0)).toEqual([
    { from: 15, to: 20, count: 1 },
    { from: 25, to: 30, count: 2 },
    { from: 35, to: 40, count: 1 },
    { from: 75, to: 80, count: 1 },
    { from: 80, to: 85, count: 1 },
  ]);
});

test("the usual size is that of most runs; of two, the larger", () => {
  expect(usualSize(use).sizeMiB).toBe(512);
  expect(usualSize(memoryUse(samplesOf([{ memorySizeMiB: 512 }, { memorySizeMiB: 1_024 }]))).sizeMiB).toBe(1_024);
});
