import fc from "fast-check";
import { normalQuantile } from "../../../../scripts/judges/statistics/normal-quantile";

test("it gives the values of Python's statistics.NormalDist().inv_cdf, in the middle and far out", () => {
  const known: readonly (readonly [number, number])[] = [
    [0.5, 0],
    [0.975, 1.9599639845400536],
    [0.995, 2.5758293035489],
    [0.001, -3.090232306167813],
    [1e-10, -6.361340902404056],
    [1e-300, -37.0470962993612],
    [0.9999, 3.7190164854557084],
  ];
  for (const [probability, value] of known) expect(normalQuantile(probability)).toBeCloseTo(value, 12);
});

test("it rises, and is symmetric", () => {
  const probability = fc.double({ min: 1e-9, max: 0.5, noNaN: true });
  fc.assert(
    fc.property(probability, probability, (one, other) => {
      if (one < other) expect(normalQuantile(one)).toBeLessThanOrEqual(normalQuantile(other));
      expect(normalQuantile(1 - one)).toBeCloseTo(-normalQuantile(one), 5);
    }),
  );
});

test("0, 1 and what lies outside are refused", () => {
  for (const probability of [0, 1, -1, 2, NaN])
    expect(() => normalQuantile(probability)).toThrow(`A probability is ${probability}; allowed: above 0 and below 1.`);
});
