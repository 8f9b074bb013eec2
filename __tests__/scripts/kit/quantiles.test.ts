import {
  chiSquaredQuantile,
  fisherTail,
  lowerTail,
  upperTail,
  quantileRanks,
  samplesForQuantile,
  wilsonInterval,
  normalQuantile,
  median,
  countAbove,
  countAtLeast,
  countWithin,
  mean,
  quantile,
} from "../../../scripts/kit/quantiles";
import fc from "fast-check";
import { seededRandom } from "../../../scripts/kit/random";

describe("chi squared", () => {
  test.each([
    [1, 0.95, 3.841],
    [1, 0.99, 6.635],
    [4, 0.99, 13.277],
    [10, 0.95, 18.307],
    [30, 0.99, 50.892],
  ])("with %d degrees and %d it is about %d, as tables have it", (degrees, probability, value) => {
    expect(Math.abs(chiSquaredQuantile(degrees, probability) / value - 1)).toBeLessThan(degrees === 1 ? 0.06 : 0.01);
  });

  test("it takes a degree of freedom", () =>
    expect(() => chiSquaredQuantile(0, 0.9)).toThrow("Degrees of freedom are 0; allowed: a whole number from 1."));
});

describe("intervals", () => {
  describe("Wilson's interval", () => {
    test("is SciPy's binomtest(k, n).proportion_ci(method='wilson')", () => {
      const known: readonly (readonly [number, number, number, number, number])[] = [
        [40, 44, 0.95, 0.7884076083340138, 0.9640778067726837],
        [0, 10, 0.95, 0, 0.27753279986288926],
        [10, 10, 0.95, 0.7224672001371109, 1],
        [1, 1_000, 0.95, 0.00017654637062607809, 0.0056425585979579355],
        [500, 1_000, 0.95, 0.4690696003681042, 0.5309303996318958],
        [1, 1, 0.95, 0.20654931437723745, 1],
        [3, 20, 0.99, 0.03878706050807168, 0.4355867202610557],
      ];
      for (const [successes, samples, confidence, low, high] of known) {
        expect(wilsonInterval({ successes, samples }, confidence).low).toBeCloseTo(low, 12);
        expect(wilsonInterval({ successes, samples }, confidence).high).toBeCloseTo(high, 12);
      }
    });

    test("holds the observed share, mirrors, and solves the score's equation at its bounds", () => {
      fc.assert(
        fc.property(
          fc.integer({ min: 1, max: 100_000 }),
          fc.double({ min: 0, max: 1, noNaN: true }),
          fc.double({ min: 0.5, max: 0.999, noNaN: true }),
          (samples, part, confidence) => {
            const successes = Math.round(part * samples);
            const { low, high } = wilsonInterval({ successes, samples }, confidence);
            const share = successes / samples;
            expect(low).toBeLessThanOrEqual(share + 1e-12);
            expect(high).toBeGreaterThanOrEqual(share - 1e-12);
            const mirrored = wilsonInterval({ successes: samples - successes, samples }, confidence);
            expect(mirrored.low).toBeCloseTo(1 - high, 9);
            const z = normalQuantile((1 + confidence) / 2);
            for (const bound of [low, high])
              if (bound > 1e-9 && bound < 1 - 1e-9)
                expect((share - bound) ** 2).toBeCloseTo((z ** 2 * bound * (1 - bound)) / samples, 9);
          },
        ),
      );
    });

    test("what cannot be is refused", () => {
      expect(() => wilsonInterval({ successes: 1, samples: 0 }, 0.95)).toThrow(
        "There are 0 samples; allowed: a whole number from 1.",
      );
      expect(() => wilsonInterval({ successes: 5, samples: 4 }, 0.95)).toThrow(
        "There are 5 successes in 4 samples; allowed: a whole number from 0 to 4.",
      );
      expect(() => wilsonInterval({ successes: 1, samples: 4 }, 95)).toThrow(
        "A confidence is 95; allowed: above 0 and below 1, such as 0.95.",
      );
    });
  });

  describe("ranks around a quantile", () => {
    test("are those that SciPy's binomial distribution gives", () => {
      const known: readonly (readonly [number, number, number | null, number | null])[] = [
        [44, 0.5, 16, 29],
        [44, 0.95, 39, null],
        [5, 0.5, null, null],
        [6, 0.5, 1, 6],
        [71, 0.95, 63, null],
        [72, 0.95, 64, 72],
        [367, 0.99, 359, null],
        [368, 0.99, 360, 368],
        [151, 0.9, 128, 144],
        [1_000, 0.99, 983, 997],
        [20_000, 0.95, 18_939, 19_061],
        [44, 0.05, null, 6],
      ];
      for (const [samples, share, low, high] of known)
        expect(quantileRanks(samples, share, 0.95)).toEqual({ low, high });
    });

    test("both exist from as many samples on as it says", () => {
      for (const share of [0.5, 0.9, 0.95, 0.99, 0.1]) {
        const needed = samplesForQuantile(share, 0.95);
        expect(Object.values(quantileRanks(needed, share, 0.95))).not.toContain(null);
        expect(Object.values(quantileRanks(needed - 1, share, 0.95))).toContain(null);
      }
    });

    test("hold the true quantile in 95 of 100 samples or more", () => {
      const random = seededRandom(7);
      for (const [samples, share] of [
        [60, 0.5],
        [200, 0.95],
      ] as const) {
        const { low, high } = quantileRanks(samples, share, 0.95);
        let held = 0;
        for (let trial = 0; trial < 2_000; trial++) {
          const sorted = Float64Array.from({ length: samples }, random).sort();
          if (sorted[low! - 1]! <= share && sorted[high! - 1]! >= share) held++;
        }
        expect(held / 2_000).toBeGreaterThan(0.945);
        expect(held / 2_000).toBeLessThan(0.98);
      }
    });

    test("a million samples take no time and no factorial", () => {
      const { low, high } = quantileRanks(1_000_000, 0.99, 0.95);
      expect(Math.abs(low! - (990_000 - 195))).toBeLessThanOrEqual(2); // 1.96 sqrt(n p (1 - p)) = 195
      expect(Math.abs(high! - (990_000 + 196))).toBeLessThanOrEqual(2);
    });

    test("what cannot be is refused", () => {
      expect(() => quantileRanks(0, 0.5, 0.95)).toThrow("There are 0 samples; allowed: a whole number from 1.");
      expect(() => quantileRanks(10, 1, 0.95)).toThrow("A quantile's share is 1; allowed: above 0 and below 1.");
    });
  });
});

describe("median", () => {
  test.each([
    [[3], 3],
    [[3, 1, 2], 2],
    [[10, 9, 1, 2], 5.5],
  ])("the median of %j is %d", (values, expected) => expect(median(values)).toBe(expected));

  test("no values have no median", () => expect(() => median([])).toThrow("There is no quantile of no values."));
});

describe("normal quantile", () => {
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
      expect(() => normalQuantile(probability)).toThrow(
        `A probability is ${probability}; allowed: above 0 and below 1.`,
      );
  });
});

describe("quantiles", () => {
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
});

describe("tails", () => {
  describe("are known", () => {
    test("of the binomial", () => {
      expect(upperTail({ successes: 2, samples: 30 }, 0.01)).toBeCloseTo(0.036148, 6);
      expect(upperTail({ successes: 1, samples: 30 }, 0.01)).toBeCloseTo(1 - 0.99 ** 30, 12);
      expect(lowerTail({ successes: 0, samples: 29 }, 0.1)).toBeCloseTo(0.9 ** 29, 12);
      expect(upperTail({ successes: 10, samples: 10 }, 0.5)).toBeCloseTo(1 / 1_024, 12);
      expect(lowerTail({ successes: 5, samples: 10 }, 0.5)).toBeCloseTo(638 / 1_024, 12);
    });

    test("of the tea lady (Fisher 1935): 4 of 4 by chance is 1 in 70, at least 3 of 4 is 17 in 70", () => {
      expect(fisherTail({ successes: 4, samples: 4 }, { successes: 0, samples: 4 })).toBeCloseTo(1 / 70, 12);
      expect(fisherTail({ successes: 3, samples: 4 }, { successes: 1, samples: 4 })).toBeCloseTo(17 / 70, 12);
    });

    test("at a million samples, where factorials are long out of range", () => {
      // Normal: ten standard errors are nothing, none is a half.
      expect(upperTail({ successes: 500_000, samples: 1_000_000 }, 0.5)).toBeCloseTo(0.5, 3);
      expect(upperTail({ successes: 505_000, samples: 1_000_000 }, 0.5)).toBeLessThan(1e-20);
      expect(
        fisherTail({ successes: 10_000, samples: 1_000_000 }, { successes: 10_000, samples: 1_000_000 }),
      ).toBeCloseTo(0.5, 2);
    });
  });

  test("a tail and its complement add up to 1", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2_000 }),
        fc.nat(2_000),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (samples, drawn, share) => {
          const successes = 1 + (drawn % samples);
          return (
            Math.abs(
              upperTail({ successes, samples }, share) + lowerTail({ successes: successes - 1, samples }, share) - 1,
            ) < 1e-9
          );
        },
      ),
    );
  });

  test("at least no success is certain, a share of 0 gives none, a share of 1 gives all", () => {
    expect([
      upperTail({ successes: 0, samples: 5 }, 0.3),
      upperTail({ successes: 1, samples: 5 }, 0),
      upperTail({ successes: 5, samples: 5 }, 1),
      lowerTail({ successes: 5, samples: 5 }, 0.3),
      lowerTail({ successes: 4, samples: 5 }, 1),
      lowerTail({ successes: 0, samples: 5 }, 0),
    ]).toEqual([1, 0, 1, 1, 0, 1]);
  });

  test.each([
    [() => upperTail({ successes: 1, samples: 0 }, 0.5), "There are 0 samples; allowed: a whole number from 1."],
    [
      () => upperTail({ successes: 6, samples: 5 }, 0.5),
      "There are 6 successes in 5 samples; allowed: a whole number from 0 to 5.",
    ],
    [
      () => lowerTail({ successes: 1.5, samples: 5 }, 0.5),
      "There are 1.5 successes in 5 samples; allowed: a whole number from 0 to 5.",
    ],
    [() => lowerTail({ successes: 1, samples: 5 }, 1.1), "Each draw succeeds with 1.1; allowed: 0 to 1."],
    [
      () => fisherTail({ successes: 2, samples: 1 }, { successes: 0, samples: 1 }),
      "There are 2 successes in 1 samples; allowed: a whole number from 0 to 1.",
    ],
  ])("impossible counts and shares are refused %#", (call, message) => expect(call).toThrow(message));
});
