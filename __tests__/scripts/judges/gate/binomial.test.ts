import fc from "fast-check";
import { fisher, lowerTail, upperTail } from "../../../../scripts/judges/gate/binomial";

describe("known values", () => {
  test("of the binomial", () => {
    expect(upperTail(2, 30, 0.01)).toBeCloseTo(0.036148, 6);
    expect(upperTail(1, 30, 0.01)).toBeCloseTo(1 - 0.99 ** 30, 12);
    expect(lowerTail(0, 29, 0.1)).toBeCloseTo(0.9 ** 29, 12);
    expect(upperTail(10, 10, 0.5)).toBeCloseTo(1 / 1_024, 12);
    expect(lowerTail(5, 10, 0.5)).toBeCloseTo(638 / 1_024, 12);
  });

  test("of the tea lady (Fisher 1935): 4 of 4 by chance is 1 in 70, at least 3 of 4 is 17 in 70", () => {
    expect(fisher({ successes: 4, samples: 4 }, { successes: 0, samples: 4 })).toBeCloseTo(1 / 70, 12);
    expect(fisher({ successes: 3, samples: 4 }, { successes: 1, samples: 4 })).toBeCloseTo(17 / 70, 12);
  });

  test("at a million samples, where factorials are long out of range", () => {
    // Normal: ten standard errors are nothing, none is a half.
    expect(upperTail(500_000, 1_000_000, 0.5)).toBeCloseTo(0.5, 3);
    expect(upperTail(505_000, 1_000_000, 0.5)).toBeLessThan(1e-20);
    expect(fisher({ successes: 10_000, samples: 1_000_000 }, { successes: 10_000, samples: 1_000_000 })).toBeCloseTo(
      0.5,
      2,
    );
  });
});

test("a tail and what it leaves out are 1", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2_000 }),
      fc.nat(2_000),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (samples, drawn, share) => {
        const successes = 1 + (drawn % samples);
        return Math.abs(upperTail(successes, samples, share) + lowerTail(successes - 1, samples, share) - 1) < 1e-9;
      },
    ),
  );
});

test("the ends: at least none is sure, a share of 0 gives none, a share of 1 all", () => {
  expect([
    upperTail(0, 5, 0.3),
    upperTail(1, 5, 0),
    upperTail(5, 5, 1),
    lowerTail(5, 5, 0.3),
    lowerTail(4, 5, 1),
    lowerTail(0, 5, 0),
  ]).toEqual([1, 0, 1, 1, 0, 1]);
});

test.each([
  [() => upperTail(1, 0, 0.5), "A tail of 0 samples; allowed: a whole number from 1."],
  [() => upperTail(6, 5, 0.5), "A tail from 6 successes in 5 samples; allowed: a whole number from 0 to 5."],
  [() => lowerTail(1.5, 5, 0.5), "A tail from 1.5 successes in 5 samples; allowed: a whole number from 0 to 5."],
  [() => lowerTail(1, 5, 1.1), "A tail at the share 1.1; allowed: 0 to 1."],
  [
    () => fisher({ successes: 2, samples: 1 }, { successes: 0, samples: 1 }),
    "A tail from 2 successes in 1 samples; allowed: a whole number from 0 to 1.",
  ],
])("what is no count and no share is refused %#", (call, message) => expect(call).toThrow(message));
