import fc from "fast-check";
import {
  binDurations,
  binPercentages,
  createLogAxis,
  formatLogMark,
  samplePercentiles,
} from "../../../scripts/analyze/histogram";

describe("histogram", () => {
  const durations = fc
    .array(fc.double({ min: 0, max: 900_000, noNaN: true }), { minLength: 1, maxLength: 300 })
    .map((values) => Float64Array.from(values).sort());

  test("every duration is in one bin, and the bins touch", () => {
    fc.assert(
      fc.property(durations, (sorted) => {
        const bins = binDurations(sorted);
        expect(bins.reduce((sum, { count }) => sum + count, 0)).toBe(sorted.length);
        for (let index = 1; index < bins.length; index++) expect(bins[index]!.from).toBe(bins[index - 1]!.to);
      }),
    );
  });

  test("a bin counts the durations in it, and all bins have the same width on a logarithmic scale", () => {
    const sorted = Float64Array.from({ length: 1_000 }, (_, index) => 1_000 * 1.01 ** index);
    const bins = binDurations(sorted);
    expect(bins).toHaveLength(20);
    for (const { from, to, count } of bins) {
      expect(count).toBe(sorted.filter((value) => value >= from && (value < to || to === sorted[999])).length);
      expect(to / from).toBeCloseTo(bins[0]!.to / bins[0]!.from, 9);
    }
  });

  test("equal durations make one bar around them", () => {
    const [bin, ...others] = binDurations([60_000, 60_000]);
    expect(others).toEqual([]);
    expect(bin).toMatchObject({ count: 2 });
    expect(bin!.from).toBeLessThan(60_000);
  });

  test("no durations are refused", () =>
    expect(() => binDurations([])).toThrow("There is no histogram of no durations."));

  test("percentages are counted in bins of 5, and those above 100 in the last bin", () => {
    const bins = binPercentages([0, 4.9, 5, 99, 100, 104]);
    expect(bins.filter(({ count }) => count > 0)).toEqual([
      { from: 0, to: 5, count: 2 },
      { from: 5, to: 10, count: 1 },
      { from: 95, to: 100, count: 3 },
    ]);
  });

  test("the curve goes from the smallest to the largest, and omits percentiles that too few runs lie beyond", () => {
    const curve = samplePercentiles([1, 2, 3, 4]);
    expect(curve[0]).toEqual({ percentile: 0, valueMs: 1 });
    expect(curve[curve.length - 1]).toEqual({ percentile: 100, valueMs: 4 });
    expect(curve.map(({ percentile }) => percentile)).not.toContain(99);
    expect(
      samplePercentiles(Float64Array.from({ length: 1_000 }, (_, index) => index)).map(({ percentile }) => percentile),
    ).toContain(99.9);
  });
});

describe("log axis", () => {
  const texts = (values: readonly number[], most: number) => createLogAxis(values, most).marks.map(formatLogMark);

  test("marks are round, and as dense as allowed", () => {
    expect(texts([61_500, 247_300], 5)).toEqual(["70 s", "100 s", "200 s"]);
    expect(texts([61_500, 247_300], 11)).toEqual(["60 s", "70 s", "80 s", "90 s", "100 s", "150 s", "200 s"]);
    expect(texts([1, 900_000], 8)).toEqual(["1 ms", "10 ms", "100 ms", "1 s", "10 s", "100 s"]);
  });

  test("the axis holds every value with a margin, and has no more marks than allowed", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.01, max: 900_000, noNaN: true }), { minLength: 1 }),
        fc.integer({ min: 2, max: 12 }),
        (values, most) => {
          const { from, to, marks } = createLogAxis(values, most);
          expect(from).toBeLessThan(Math.log10(Math.min(...values)));
          expect(to).toBeGreaterThan(Math.log10(Math.max(...values)));
          expect(marks.length).toBeLessThanOrEqual(most);
          for (const mark of marks) expect(mark >= from && mark <= to).toBe(true);
        },
      ),
    );
  });

  test("a mark has its unit and no needless zeros", () =>
    expect([0.01, 1, 999.9, 1_500, 60_000].map((ms) => formatLogMark(Math.log10(ms)))).toEqual([
      "0.01 ms",
      "1 ms",
      "1 s",
      "1.5 s",
      "60 s",
    ]));
});
