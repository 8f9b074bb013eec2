import { modelCost, tokenCost } from "../../../../scripts/judges/cost/tokens";
import { DEFAULT_USAGE } from "../../../../scripts/judges/cost/usage";

const prices = { usd_per_1000_input_tokens: 0.003, usd_per_1000_output_tokens: 0.015 };

test("2,000 tokens in and 300 out cost $0.0105 at 0.003 and 0.015 a thousand", () => {
  expect(tokenCost(2_000, 300, prices)).toBeCloseTo(0.006 + 0.0045, 12);
});

test("a run asks every agent of every phase: 14 calls, $0.147", () => {
  expect(modelCost(DEFAULT_USAGE, { runs: 1 })).toBeCloseTo(0.147, 12);
});
