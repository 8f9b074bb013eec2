import { listEndingSuppressions } from "../../../scripts/publish/release";

const until = (day: string) => ({
  rule: "function-is-in-a-network",
  type: "aws_lambda_function",
  reason: "A reason.",
  until: day,
});

test("a suppression that ends within 180 days of the release, or has ended, is to be reviewed before it", () => {
  const [ended, near, far] = ["2026-12-31", "2027-06-30", "2027-07-01"].map(until);
  expect(listEndingSuppressions("2027-01-01", [ended!, near!, far!])).toEqual([ended, near]);
});
