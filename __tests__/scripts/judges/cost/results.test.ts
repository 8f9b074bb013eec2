import { resultsCost } from "../../../../scripts/judges/cost/results";
import { trafficOf } from "../../../../scripts/judges/cost/traffic";
import { DEFAULT_USAGE } from "../../../../scripts/judges/cost/usage";
import { PriceBook } from "../../../../scripts/judges/prices";
import { deployed } from "./fixtures";

const costOf = (answerKB: number) => {
  const usage = { ...DEFAULT_USAGE, answer_kb: answerKB };
  return resultsCost(
    deployed("optimized"),
    usage,
    trafficOf(deployed("optimized"), usage, 1_000),
    new PriceBook("us-east-1"),
  );
};

test("answers that fit into the record cost nothing in S3", () => expect(costOf(350)).toBe(0));

test("1,000 answers of 1 MB cost their PUTs, their GETs and a week's storage", () => {
  // 1,000 x 0.000005 + 1,000 x 0.0000004 + 1,000 x 7 / 30.4167 days x 1/1,024 GB x 0.023 = 0.005 + 0.0004 + 0.0051691
  expect(costOf(1_024)).toBeCloseTo(0.005 + 0.0004 + 0.0051691, 6);
});
