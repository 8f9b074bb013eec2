import { bestOf, wantedOf } from "../../../../scripts/judges/tuning/strategy";

const size = (memoryMiB: number, timeMs: number, usd: number) => ({ memoryMiB, timeMs, usd });
const sizes = [size(256, 4_000, 10), size(512, 2_000, 10.2), size(1024, 1_500, 15), size(2048, 1_490, 30)];

test("cost takes the fastest of those that cost about the least", () =>
  expect(bestOf("cost", sizes).memoryMiB).toBe(512));
test("speed takes the cheapest of those that take about the least time", () =>
  expect(bestOf("speed", sizes).memoryMiB).toBe(1024));
test("balanced weighs shares of the greatest cost and the longest time", () => {
  expect(sizes.map(wantedOf("balanced", sizes)).map((value) => Number(value.toFixed(3)))).toEqual([
    0.667, 0.42, 0.438, 0.686,
  ]);
  expect(bestOf("balanced", sizes).memoryMiB).toBe(512);
});
