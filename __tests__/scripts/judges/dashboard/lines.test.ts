import { checkLines } from "../../../../scripts/judges/dashboard/lines";
import type { Point } from "../../../../scripts/judges/dashboard/metrics";

const line = (label: string, value: number) => ({ label, value, color: "#d62728" });
const points = (...values: number[]): Point[] => values.map((value, index) => [index * 1_000, value]);

test("of a number that is to be low, above is beyond; of a rate of hits, below", () => {
  expect(checkLines("Worker error rate (percent)", [line("error-rate-critical", 5)], [points(1, 9, 7)])).toEqual([
    { line: line("error-rate-critical", 5), beyond: "above", now: true, periods: 2, ofPeriods: 3, worst: [1_000, 9] },
  ]);
  expect(
    checkLines("Cache hit rate of the status route (percent)", [line("target", 70)], [points(60, 80)]),
  ).toMatchObject([{ beyond: "below", now: false, periods: 1, worst: [0, 60] }]);
});

test("a missing heartbeat is below its line", () =>
  expect(
    checkLines("Heartbeats of the worker (count)", [line("worker-heartbeat-missing", 1)], [points(3, 0)]),
  ).toMatchObject([{ beyond: "below", now: true }]));

test("on the line is not beyond it", () =>
  expect(checkLines("Worker errors (count)", [line("worker-errors", 5)], [points(5)])).toMatchObject([
    { now: false, periods: 0 },
  ]));

test("a target of a capacity measures nothing; a limit does, whoever is beyond it", () => {
  const checks = checkLines(
    "Requests that ran at once (count)",
    [line("target", 1), line("reserved", 3)],
    [points(1), points(9)],
  );
  expect(checks).toMatchObject([
    { beyond: undefined, now: false, periods: 0 },
    { beyond: "above", now: true, periods: 1 },
  ]);
});

test("without data nothing is beyond", () =>
  expect(checkLines("x", [line("quota", 0)], [])).toEqual([
    { line: line("quota", 0), beyond: "above", now: false, periods: 0, ofPeriods: 0 },
  ]));
