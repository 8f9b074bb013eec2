import { bootstrapMeans, percentileInterval, standardError, seededRandom } from "../../../scripts/kit/random";

describe("bootstrap", () => {
  const draws = (seed: number, resamples = 2_000) => ({ resamples, random: seededRandom(seed) });

  test("the standard error of a mean is the deviation by the square root of the number", () => {
    const values = Array.from({ length: 100 }, (_, index) => index);
    // Deviation of 0 to 99 is 28.87.
    expect(standardError(bootstrapMeans(values, draws(1)))).toBeCloseTo(2.887, 0);
  });

  test("its 95 % interval holds the true mean in about 95 of 100 measurements, be they skewed", () => {
    const random = seededRandom(3);
    const measurements = Array.from({ length: 300 }, () => Array.from({ length: 60 }, () => -Math.log(1 - random())));
    const holding = measurements.filter((values, index) => {
      const { low, high } = percentileInterval(bootstrapMeans(values, draws(index, 400)), 0.95);
      return low <= 1 && 1 <= high;
    });
    expect(holding.length / measurements.length).toBeGreaterThan(0.9);
    expect(holding.length / measurements.length).toBeLessThan(0.98);
  });

  test("the same seed draws the same, another does not", () => {
    expect(bootstrapMeans([1, 2, 4], draws(5, 20))).toEqual(bootstrapMeans([1, 2, 4], draws(5, 20)));
    expect(bootstrapMeans([1, 2, 4], draws(5, 20))).not.toEqual(bootstrapMeans([1, 2, 4], draws(6, 20)));
  });

  test("of no values there is none", () =>
    expect(() => bootstrapMeans([], draws(1))).toThrow("There is no bootstrap of no values."));
});

describe("seeded random", () => {
  const draw = (seed: number, count: number) => {
    const random = seededRandom(seed);
    return Array.from({ length: count }, random);
  };

  test("one seed gives the same numbers each time, another gives others", () => {
    expect(draw(7, 20)).toEqual(draw(7, 20));
    expect(draw(7, 20)).not.toEqual(draw(8, 20));
  });

  test("the numbers lie from 0 to below 1, about evenly", () => {
    const numbers = draw(1, 10_000);
    expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...numbers)).toBeLessThan(1);
    const tenths = Array.from(
      { length: 10 },
      (_, tenth) => numbers.filter((number) => Math.floor(number * 10) === tenth).length,
    );
    for (const count of tenths) expect(Math.abs(count - 1_000)).toBeLessThan(150);
  });
});
