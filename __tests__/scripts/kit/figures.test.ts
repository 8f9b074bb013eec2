import { count, counted, percent, roundSeconds, seconds } from "../../../scripts/kit/figures";

test("durations have about four figures", () => {
  expect([1.234, 12.34, 469.4, 999.6, 7_263, 9_999.6, 49_164.5, 99_996, 165_200].map(seconds)).toEqual([
    "1.23 ms",
    "12.3 ms",
    "469 ms",
    "1000 ms",
    "7.263 s",
    "10.00 s",
    "49.16 s",
    "100.0 s",
    "165.2 s",
  ]);
});

test("round durations have no needless zeros", () =>
  expect([60_000, 500, 1_500].map(roundSeconds)).toEqual(["60 s", "0.5 s", "1.5 s"]));

test("percentages have one figure behind the point, small ones two", () =>
  expect([90.909, 0, 0.07, 100].map(percent)).toEqual(["90.9 %", "0.0 %", "0.07 %", "100.0 %"]));

test("counts have commas, and nouns agree", () => {
  expect([0, 999, 1_000, 1_234_567].map(count)).toEqual(["0", "999", "1,000", "1,234,567"]);
  expect([counted(1, "run"), counted(2_000, "run")]).toEqual(["1 run", "2,000 runs"]);
});
