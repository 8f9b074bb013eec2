import { chartDurations, chartMemory, chartPercentiles } from "../../../scripts/analyze/charts";
import { figure, type ChartSize } from "../../../scripts/kit/page";
import { analysisOf, runsOf, spread } from "../../support/runs";

const two = analysisOf(
  runsOf([...spread(100, 3_000), ...spread(50, 90_000)], { memorySizeMiB: 512, maxMemoryUsedMiB: 450 }),
);
const wide: ChartSize = { width: 1_040, height: 380, narrow: false };
type Series = readonly { readonly type: string; readonly data: readonly (readonly number[])[] }[];
const series = (option: object) => (option as { series: Series }).series;
const texts = (svg: string) => [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text);

test("the chart of durations has bars, lines for P50, P95, P99 and the threshold, and a curve for each of two modes", async () => {
  const chart = chartDurations(two);
  const [bars, ...curves] = series(chart.option(wide));
  expect(bars!.data.map(([, , runs]) => runs)).toEqual(two.histogram.map(({ count }) => count));
  expect(curves.map(({ type }) => type)).toEqual(["line", "line"]);
  const drawn = texts(await figure(chart));
  for (const name of [/^P50 /, /^P95 /, /^P99 /, /^threshold 60 s$/])
    expect(drawn.filter((text) => name.test(text!))).toHaveLength(2); // in the wide and the narrow drawing
  expect(chart.caption).toContain("green, 66.7 % around 3.000 s; orange, 33.3 % around 90.00 s.");
});

test("the area below a mode's curve is the mode's number of runs", () => {
  const [, fast] = series(chartDurations(two).option(wide));
  const { from, to } = two.histogram[0]!;
  const binWidth = Math.log10(to / from);
  const points = fast!.data;
  const area = points
    .slice(1)
    .reduce((sum, [x, y], index) => sum + (x! - points[index]![0]!) * ((y! + points[index]![1]!) / 2), 0);
  expect(area / binWidth).toBeCloseTo((two.modality.modes[0]!.sharePercent / 100) * two.count, 0);
});

test("a single mode has no curve", () =>
  expect(series(chartDurations(analysisOf(runsOf(spread(100, 3_000)))).option(wide))).toHaveLength(1));

test("the charts of percentiles and memory show the figures of the analysis", async () => {
  expect(series(chartPercentiles(two).option(wide))[0]!.data).toEqual(
    two.curve.map(({ percentile, valueMs }) => [percentile, Math.log10(valueMs)]),
  );
  expect(series(chartMemory(two).option(wide))[0]!.data.filter(([, , runs]) => runs! > 0)).toEqual([[85, 90, 150]]);
  expect(texts(await figure(chartMemory(two)))).toContain("at most 87.9 %");
  expect(chartMemory(two).label).toContain("in percent of their size (512 MB); at most 87.9 %, usually 450 of 512 MB.");
});

test("equal durations, a single run and durations of 0 can be drawn", async () => {
  for (const durations of [[60_000], [5, 5, 5], [0, 0, 1_000]]) {
    for (const chart of [chartDurations, chartPercentiles, chartMemory])
      expect(await figure(chart(analysisOf(runsOf(durations))))).not.toMatch(/NaN|Infinity/);
  }
});
