import fc from "fast-check";
import { countAbove, countAtLeast, countWithin, mean, quantile } from "../../../../scripts/judges/statistics/quantiles";

test("quantiles are those of NumPy's default", () => {
  const values = [1, 2, 4, 8, 16];
  const expected = [1.4, 4, 12.8, 14.4, 15.68]; // numpy.quantile([1, 2, 4, 8, 16], [.1, .5, .9, .95, .99])
  [0.1, 0.5, 0.9, 0.95, 0.99].forEach((share, index) =>
    expect(quantile(values, share)).toBeCloseTo(expected[index]!, 10),
  );
});

test("a quantile lies within the values, reaches both ends, and never falls with the share", () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (values, one, other) => {
        const sorted = Float64Array.from(values).sort();
        const [low, high] = [Math.min(one, other), Math.max(one, other)];
        expect(quantile(sorted, 0)).toBe(sorted[0]);
        expect(quantile(sorted, 1)).toBe(sorted[sorted.length - 1]);
        expect(quantile(sorted, low)).toBeLessThanOrEqual(quantile(sorted, high) * (1 + 1e-12));
      },
    ),
  );
});

test("counts are those of a filter", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20)), fc.nat(22), fc.nat(22), (values, from, to) => {
      const sorted = [...values].sort((left, right) => left - right);
      expect(countAbove(sorted, from)).toBe(values.filter((value) => value > from).length);
      expect(countAtLeast(sorted, from)).toBe(values.filter((value) => value >= from).length);
      if (from <= to)
        expect(countWithin(sorted, from, to)).toBe(values.filter((value) => value >= from && value <= to).length);
    }),
  );
});

test("what has no answer is refused", () => {
  expect(() => quantile([], 0.5)).toThrow("There is no quantile of no values.");
  expect(() => quantile([1], 95)).toThrow("A quantile's share is 95; allowed: from 0 to 1, such as 0.95 for P95.");
  expect(() => mean([])).toThrow("There is no mean of no values.");
  expect(mean([1, 2, 6])).toBe(3);
});
