import type { ChartData } from "../../../scripts/dashboard/chart-data";
import { drawing, COLOURS } from "../../../scripts/kit/page";
import {
  chartSize,
  drawChart,
  figureRows,
  lineColour,
  SERIES_COLOURS,
  formatDayTime,
  formatFigure,
  formatMark,
  timeMarks,
  valueMarks,
} from "../../../scripts/dashboard/charts";
import fc from "fast-check";

describe("dashboard charts", () => {
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
      drawChart(
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

  test("the label describes the chart, with its figures and lines", async () => {
    expect(await draw({ lines: [check("worker-errors", 5, "#d62728")] })).toContain(
      'aria-label="Worker errors (count). errors: 2 values, latest 3, from 1 to 3. Lines: worker-errors 5."',
    );
  });

  test("lines have their names and values in the chart; close lines share a label", async () => {
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
    expect(["#2ca02c", "#FF7F0E", "#d62728", "#1f77b4", "#123456"].map((color) => lineColour(color).light)).toEqual([
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

  test("the same chart is drawn as the same bytes", async () => expect(await draw({})).toBe(await draw({})));
});

describe("dashboard figures", () => {
  test.each([
    [90_000, "ms", "90.00 s", "90 s"],
    [4.2, "ms", "4.20 ms", "4.2 ms"],
    [12.345, "percent", "12.3 %", "12.35 %"],
    [1_234_567, "count", "1,234,567", "1.235 M"],
    [3.5, "count", "3.5", "3.5"],
    [0.004_212, "USD", "$0.00421", "$0.004212"],
    [0, "USD", "$0", "0"],
    [40, "s", "40 s", "40 s"],
    [0.025, "share", "0.025", "0.025"],
  ])("%p %s is %s, and at an axis %s", (value, unit, figure, mark) => {
    expect(formatFigure(value, unit)).toBe(figure);
    expect(formatMark(value, unit)).toBe(mark);
  });

  test("a time is in UTC", () => expect(formatDayTime(Date.UTC(2026, 10, 20, 14, 5))).toBe("2026-11-20 14:05"));

  test("the marks of a window are round times, and dates where they are days apart", () => {
    const start = Date.UTC(2026, 10, 20, 9, 30);
    const hours = timeMarks({ startMs: start, endMs: start + 6 * 3_600_000 }, 5);
    expect(hours.marks.map(hours.format)).toEqual(["10:00", "12:00", "14:00"]);
    const days = timeMarks({ startMs: start, endMs: start + 4 * 86_400_000 }, 5);
    expect(days.marks.map(days.format)).toEqual(["11-21", "11-22", "11-23", "11-24"]);
  });

  test("two to six marks of values reach from 0 or below to the largest value", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1e9, noNaN: true }),
        fc.double({ min: 1e-6, max: 1e9, noNaN: true }),
        (a, b) => {
          const [low, high] = [Math.min(a, b), Math.max(a, b)];
          const marks = valueMarks(low, high);
          expect(marks[0]).toBe(0);
          expect(marks.at(-1)!).toBeGreaterThanOrEqual(high * 0.9999);
          expect(marks.length).toBeGreaterThanOrEqual(2);
          expect(marks.length).toBeLessThanOrEqual(6);
        },
      ),
    );
    expect(valueMarks(0, 0)).toEqual([0, 1]);
    expect(valueMarks(-3, 10)[0]).toBeLessThanOrEqual(-3);
  });
});
