import { PriceBook } from "../../../../scripts/judges/prices";
import { dollars, mostUsd, overBudget } from "../../../../scripts/judges/tuning/budget";

const prices = new PriceBook("us-east-1");
const measuring = {
  sizesMiB: [1_024, 2_048],
  runsEach: 19,
  timeoutSeconds: 90,
  architecture: "arm64",
  othersUsd: 0,
} as const;

test("at most, every run takes its whole time-out and ten seconds of INIT", () => {
  // 20 runs each of 100 s at 1 GB and 2 GB are 6,000 GB-s.
  expect(mostUsd(measuring, prices)).toBeCloseTo(6_000 * 0.0000133334 + 40 * 2e-7, 9);
  expect(mostUsd({ ...measuring, othersUsd: 0.1 }, prices)).toBeCloseTo(6_000 * 0.0000133334 + 40 * 2e-7 + 4, 9);
});

test("what could cost more is refused with how many runs fit; with too few of them, with fewer sizes", () => {
  expect(overBudget(measuring, prices, 0.09)).toBeUndefined();
  expect(overBudget(measuring, prices, 0.04)).toBe(
    "40 runs (2 sizes) of up to 90 s could cost $0.0800; allowed: --budget-usd 0.04. To lower it give --runs 8, fewer --sizes, or a shorter timeout of the function; else raise --budget-usd",
  );
  expect(overBudget({ ...measuring, runsEach: 8 }, prices, 0.04)).toBeUndefined();
  expect(overBudget(measuring, prices, 0.01)).toContain("To lower it give fewer or smaller --sizes,");
});

test.each([
  [0, "$0.00"],
  [0.08001, "$0.0800"],
  [0.5, "$0.500"],
  [12.345, "$12.35"],
])("%d dollars are %s", (usd, text) => expect(dollars(usd)).toBe(text));
