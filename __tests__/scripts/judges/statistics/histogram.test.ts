import fc from "fast-check";
import { logHistogram, percentHistogram, percentileCurve } from "../../../../scripts/judges/statistics/histogram";

const durations = fc
  .array(fc.double({ min: 0, max: 900_000, noNaN: true }), { minLength: 1, maxLength: 300 })
  .map((values) => Float64Array.from(values).sort());

test("every duration is in one bin, and the bins touch", () => {
  fc.assert(
    fc.property(durations, (sorted) => {
      const bins = logHistogram(sorted);
      expect(bins.reduce((sum, { count }) => sum + count, 0)).toBe(sorted.length);
      for (let index = 1; index < bins.length; index++) expect(bins[index]!.from).toBe(bins[index - 1]!.to);
    }),
  );
});

test("a bin counts what lies in it, and bins are as wide as each other on a logarithmic scale", () => {
  const sorted = Float64Array.from({ length: 1_000 }, (_, index) => 1_000 * 1.01 ** index);
  const bins = logHistogram(sorted);
  expect(bins).toHaveLength(20);
  for (const { from, to, count } of bins) {
    expect(count).toBe(sorted.filter((value) => value >= from && (value < to || to === sorted[999])).length);
    expect(to / from).toBeCloseTo(bins[0]!.to / bins[0]!.from, 9);
  }
});

test("equal durations make one bar around them", () => {
  const [bin, ...others] = logHistogram([60_000, 60_000]);
  expect(others).toEqual([]);
  expect(bin).toMatchObject({ count: 2 });
  expect(bin!.from).toBeLessThan(60_000);
});

test("no durations are refused", () =>
  expect(() => logHistogram([])).toThrow("There is no histogram of no durations."));

test("percentages are counted by fives, and more than all of it in the last bin", () => {
  const bins = percentHistogram([0, 4.9, 5, 99, 100, 104]);
  expect(bins.filter(({ count }) => count > 0)).toEqual([
    { from: 0, to: 5, count: 2 },
    { from: 5, to: 10, count: 1 },
    { from: 95, to: 100, count: 3 },
  ]);
});

test("the curve rises from the smallest to the largest, and leaves out percentiles that so few runs do not show", () => {
  const curve = percentileCurve([1, 2, 3, 4]);
  expect(curve[0]).toEqual({ percentile: 0, valueMs: 1 });
  expect(curve[curve.length - 1]).toEqual({ percentile: 100, valueMs: 4 });
  expect(curve.map(({ percentile }) => percentile)).not.toContain(99);
  expect(
    percentileCurve(Float64Array.from({ length: 1_000 }, (_, index) => index)).map(({ percentile }) => percentile),
  ).toContain(99.9);
});
