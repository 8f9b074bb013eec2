import { reportedArithmetic, runCost } from "../../../../scripts/judges/cost/reported";
import { DEFAULT_USAGE } from "../../../../scripts/judges/cost/usage";

test("the longest run with the most memory costs $0.15: the rest of $0.51 is no Lambda", () => {
  // 900 s x 10 GB x 0.0000166667 + 0.0000002
  expect(runCost({ seconds: 900, memoryMiB: 10_240, architecture: "x86_64" })).toBeCloseTo(0.1500005, 9);
  expect(reportedArithmetic(DEFAULT_USAGE).notLambdaUsd).toBeCloseTo(0.51 - 0.1500005, 9);
});

test("900 s at 3,072 MiB on arm64 cost $0.036", () => {
  // 900 x 3 x 0.0000133334 + 0.0000002
  expect(runCost({ seconds: 900, memoryMiB: 3_072, architecture: "arm64" })).toBeCloseTo(0.03600038, 9);
});

test("the reports' own times save $0.0046 of the $0.36 that they claim", () => {
  const { savingUsd, fasterRunSavesUsd } = reportedArithmetic(DEFAULT_USAGE);
  expect(savingUsd).toBeCloseTo(0.36, 12);
  // 420 x 1 x 0.0000166667 - 60 x 3 x 0.0000133334
  expect(fasterRunSavesUsd).toBeCloseTo(0.007000014 - 0.002400012, 9);
});

test("the tokens are the usage's", () => {
  expect(reportedArithmetic({ ...DEFAULT_USAGE, output_tokens: 0 }).tokensUsd).toBeCloseTo(14 * 0.006, 12);
});
