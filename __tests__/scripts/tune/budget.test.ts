import { PriceBook } from "../../../scripts/cost/prices";
import { computeMaximumUsd, refuseOverBudget } from "../../../scripts/tune/budget";

const prices = new PriceBook("us-east-1");
const plan = {
  sizesMiB: [1_024, 2_048],
  runsEach: 19,
  timeoutSeconds: 90,
  architecture: "arm64",
  runUsd: 0,
} as const;

test("the maximum is that every run takes the whole time-out and ten seconds of INIT", () => {
  // 20 runs each of 100 s at 1 GB and 2 GB are 6,000 GB-s.
  expect(computeMaximumUsd(plan, prices)).toBeCloseTo(6_000 * 0.0000133334 + 40 * 2e-7, 9);
  expect(computeMaximumUsd({ ...plan, runUsd: 0.1 }, prices)).toBeCloseTo(6_000 * 0.0000133334 + 40 * 2e-7 + 4, 9);
});

test("a plan over the budget is refused with the number of runs that fit, or with the advice to take fewer sizes", () => {
  expect(refuseOverBudget(plan, prices, 0.09)).toBeUndefined();
  expect(refuseOverBudget(plan, prices, 0.04)).toBe(
    "40 runs (2 sizes) of up to 90 s could cost $0.0800; allowed: --budget-usd 0.04. To lower it give --runs 8, fewer --sizes, or a shorter timeout of the function; else raise --budget-usd",
  );
  expect(refuseOverBudget({ ...plan, runsEach: 8 }, prices, 0.04)).toBeUndefined();
  expect(refuseOverBudget(plan, prices, 0.01)).toContain("To lower it give fewer or smaller --sizes,");
});
