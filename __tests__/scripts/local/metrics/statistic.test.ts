import { array, assert, double, integer, property, tuple } from "fast-check";
import { parseStatistic } from "../../../../scripts/local/metrics/statistic";

const of = (name: string, values: readonly number[]) =>
  parseStatistic(name)!([...values].sort((left, right) => left - right));
const KNOWN = [61.5, 84, 112, 165.2, 190, 230.2, 247.3];

test.each([
  ["SampleCount", 7],
  ["Sum", 1090.2],
  ["Average", 155.742857],
  ["Minimum", 61.5],
  ["Maximum", 247.3],
  // As numpy.percentile has them by default.
  ["p50", 165.2],
  ["p95", 242.17],
  ["p99", 246.274],
  ["p0", 61.5],
  ["p100", 247.3],
  ["p99.9", 247.1974],
  // Three of seven are at most 112; the lower bound itself is outside, the upper one inside.
  ["PR(:112)", 300 / 7],
  ["PR(112:)", 400 / 7],
  ["PR(61.5:112)", 200 / 7],
  ["PR(:0)", 0],
  ["PR(:1000)", 100],
])("%s of a known set", (name, expected) => expect(of(name, KNOWN)).toBeCloseTo(expected, 5));

test("of 99 quick ones and a slow one, the rank of the bound is 99 percent and the P99 lies between them", () => {
  const values = [...Array<number>(99).fill(100), 10_000];
  expect([of("PR(:5000)", values), of("p99", values), of("p95", values)]).toEqual([99, expect.closeTo(199, 6), 100]);
});

const values = array(double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 60 });

test("a rank is the share of samples above its lower and up to its upper bound", () => {
  assert(
    property(
      values,
      tuple(integer({ min: -1000, max: 1000 }), integer({ min: 1, max: 1000 })),
      (given, [low, width]) => {
        const within = given.filter((value) => value > low && value <= low + width).length;
        expect(of(`PR(${low}:${low + width})`, given)).toBeCloseTo((100 * within) / given.length, 9);
        expect(of(`PR(:${low})`, given) + of(`PR(${low}:)`, given)).toBeCloseTo(100, 9);
      },
    ),
  );
});

test("at most the percentile's share of the samples is below it, and percentiles ascend", () => {
  assert(
    property(values, integer({ min: 0, max: 100 }), integer({ min: 0, max: 100 }), (given, one, other) => {
      const percentile = of(`p${one}`, given);
      expect(given.filter((value) => value < percentile).length).toBeLessThanOrEqual(
        Math.ceil((given.length - 1) * (one / 100)) + 1,
      );
      expect(of(`p${Math.min(one, other)}`, given)).toBeLessThanOrEqual(of(`p${Math.max(one, other)}`, given));
    }),
  );
});

test.each(["tm90", "PR(:)", "PR(5:5)", "PR(9:5)", "p101", "p", "sum", "IQM", "toString", ""])(
  "%p is none that is computed here",
  (name) => expect(parseStatistic(name)).toBeUndefined(),
);
