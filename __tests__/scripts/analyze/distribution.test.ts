import fc from "fast-check";
import {
  binDurations,
  binPercentages,
  createLogAxis,
  findClusters,
  formatLogMark,
  samplePercentiles,
} from "../../../scripts/analyze/distribution";
import { normalQuantile } from "../../../scripts/kit/quantiles";
import { seededRandom } from "../../../scripts/kit/random";

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

describe("clusters", () => {
  const smooth = (count: number, medianMs: number, deviation: number) =>
    Array.from({ length: count }, (_, index) => medianMs * Math.exp(deviation * normalQuantile((index + 0.5) / count)));
  const sorted = (values: readonly number[]) => Float64Array.from(values).sort();

  test("runs that end at a round time are a cluster, with the number that chance would give", () => {
    const [found, ...others] = findClusters(
      sorted([...smooth(300, 8_000, 0.6), ...Array.from({ length: 12 }, (_, index) => 60_004 + index * 11)]),
    );
    expect(others).toEqual([]);
    expect(found).toMatchObject({ atMs: 60_000, kind: "round", count: 12 });
    expect(found!.expected).toBeLessThan(1);
  });

  test("runs that end at the largest value are a cluster, even where it is not round", () => {
    expect(findClusters(sorted([...smooth(100, 8_000, 0.3), 77_770, 77_774, 77_790, 77_800]))).toEqual([
      { atMs: 77_800, kind: "largest", count: 4, expected: 0 },
    ]);
  });

  test("smooth durations have no cluster for any median", () => {
    for (const medianMs of [1_000, 5_000, 29_000, 30_000, 60_000, 120_000, 300_000])
      for (const deviation of [0.15, 0.3, 0.8])
        expect(findClusters(sorted(smooth(2_000, medianMs, deviation)))).toEqual([]);
  });

  test("chance alone makes clusters in at most 10 of 100 sets", () => {
    const random = seededRandom(9);
    const sets = Array.from({ length: 100 }, () =>
      findClusters(
        sorted(Array.from({ length: 300 }, () => 25_000 * Math.exp(0.5 * normalQuantile(random() + 1e-12)))),
      ),
    );
    expect(sets.filter((clusters) => clusters.length > 0).length).toBeLessThanOrEqual(10);
  });

  test("two runs are no cluster, and no runs have none", () => {
    expect(findClusters([60_000, 60_100])).toEqual([]);
    expect(findClusters([])).toEqual([]);
  });
});
