import type { BenchChart } from "../../../../bench/results";
import { benchChart } from "../../../../bench/report";

const CHART: BenchChart = {
  title: "First answer",
  unit: "ms",
  kind: "bars",
  categories: ["one", "five"],
  series: [
    { name: "ours", values: [5, null] },
    { name: "default", values: [10_000, 16] },
  ],
};
const WIDE = { width: 1_040, height: 380, narrow: false };

test("who cannot see the chart is told every value with its unit, and that there is none", () => {
  expect(benchChart("a", CHART).label).toBe(
    "First answer, in ms. ours: one 5 ms, five none. default: one 10,000 ms, five 16 ms.",
  );
});

test("bars stand over an axis from nothing, or over a logarithmic one, which the caption says", () => {
  expect(benchChart("a", CHART).option(WIDE).yAxis).toMatchObject({ type: "value", min: 0 });
  const logarithmic = benchChart("a", { ...CHART, logarithmic: true });
  expect(logarithmic.option(WIDE).yAxis).toMatchObject({ type: "log" });
  expect(logarithmic.caption).toBe("First answer, in ms, on a logarithmic axis.");
});

test("lines are drawn for what grows", () => {
  expect(benchChart("a", { ...CHART, kind: "lines" }).option(WIDE).series).toMatchObject([
    { type: "line", data: [5, "-"] },
    { type: "line" },
  ]);
});
