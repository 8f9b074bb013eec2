import type { ChartData } from "../../../scripts/judges/dashboard/chart";
import { drawing } from "../../../scripts/reports/charts";
import {
  chartSize,
  dashboardChart,
  figureRows,
  lineColour,
  SERIES_COLOURS,
} from "../../../scripts/reports/dashboard-charts";
import { COLOURS } from "../../../scripts/reports/page";

const MINUTE = 60_000;
const widget: ChartData["widget"] = {
  type: "metric",
  x: 0,
  y: 0,
  width: 8,
  height: 6,
  title: "Worker errors (count)",
  region: "r",
  unit: "count",
  rows: [],
  lines: [],
};
const series = (label: string, points: [number, number][]): ChartData["series"][number] => ({
  label,
  points,
  periodSeconds: 60,
  latest: points.at(-1)![1],
  minimum: Math.min(...points.map(([, v]) => v)),
  maximum: Math.max(...points.map(([, v]) => v)),
});
const check = (label: string, value: number, color: string): ChartData["lines"][number] => ({
  line: { label, value, color },
  beyond: "above",
  now: false,
  periods: 0,
  ofPeriods: 1,
});
const draw = (data: Partial<ChartData>) =>
  drawing(
    dashboardChart(
      {
        widget,
        series: [
          series("errors", [
            [0, 1],
            [MINUTE, 3],
          ]),
        ],
        lines: [],
        notes: [],
        ...data,
      },
      "w1",
      { startMs: 0, endMs: 10 * MINUTE },
    ),
    chartSize(widget),
  );

test("the label says what is drawn, with its figures and lines", async () => {
  expect(await draw({ lines: [check("worker-errors", 5, "#d62728")] })).toContain(
    'aria-label="Worker errors (count). errors: 2 values, latest 3, from 1 to 3. Lines: worker-errors 5."',
  );
});

test("lines have their names and values in the chart; close ones share a name, each with its value", async () => {
  expect(
    await draw({
      lines: [
        check("target", 1, "#2ca02c"),
        check("job-p99-critical", 40, "#d62728"),
        check("job-p99-warning", 1, "#ff7f0e"),
        check("quota", 39, "#7f7f7f"),
      ],
    }),
  ).toMatch(/critical 40, quota 39[\s\S]*target, warning 1</);
});

test("a gap breaks the line, and a value alone is a dot", async () => {
  const lines = (svg: string) =>
    svg.match(new RegExp(`<path d="([^"]*)"[^>]*stroke="${SERIES_COLOURS[0].light}"`))?.[1] ?? "";
  expect(
    lines(
      await draw({
        series: [
          series("a", [
            [0, 1],
            [MINUTE, 2],
            [4 * MINUTE, 3],
            [5 * MINUTE, 1],
          ]),
        ],
      }),
    ).match(/M/g),
  ).toHaveLength(2);
  expect(
    lines(
      await draw({
        series: [
          series("a", [
            [0, 1],
            [MINUTE, 2],
            [2 * MINUTE, 3],
          ]),
        ],
      }),
    ).match(/M/g),
  ).toHaveLength(1);
  expect(
    await draw({
      series: [
        series("a", [
          [0, 1],
          [MINUTE, 2],
          [5 * MINUTE, 3],
        ]),
      ],
    }),
  ).toMatch(new RegExp(`fill="${SERIES_COLOURS[0].light}"`));
});

test("colours of lines are those that can be read in light and dark", () => {
  expect(["#2ca02c", "#FF7F0E", "#d62728", "#1f77b4", "#123456"].map(lineColour)).toEqual([
    COLOURS.fast.light,
    COLOURS.slow.light,
    COLOURS.warning.light,
    COLOURS.line.light,
    COLOURS.muted.light,
  ]);
});

test("the figures have a row for each period of any series", () => {
  expect(
    figureRows({
      widget,
      series: [
        series("a", [
          [0, 1],
          [MINUTE, 2],
        ]),
        series("b", [[MINUTE, 1_000]]),
      ],
      lines: [],
      notes: [],
    }),
  ).toEqual([
    ["1970-01-01 00:00", "1", "none"],
    ["1970-01-01 00:01", "2", "1,000"],
  ]);
});

test("drawn twice it is the same bytes", async () => expect(await draw({})).toBe(await draw({})));
