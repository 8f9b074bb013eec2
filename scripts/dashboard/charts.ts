import { count, percent, roundSeconds, seconds, counted } from "../kit/figures";
import type { EChartsOption, LineSeriesOption, MarkLineComponentOption } from "echarts";
import type { ChartData, ChartSeries, Window } from "./chart";
import type { LineCheck } from "./applied-dashboard";
import { type Chart, type ChartSize, COLOURS } from "../kit/page";

/** A value with its unit, for a person. Units are those of stacks/dashboard.ts; any other stands behind the number. */
export function figureText(value: number, unit: string): string {
  if (unit === "ms") return seconds(value);
  if (unit === "percent") return percent(value);
  if (unit === "USD") return `$${value === 0 ? "0" : value.toFixed(usdDecimals(value))}`;
  if (unit === "count") return amount(value);
  return unit === "share" || unit === "" ? amount(value) : `${amount(value)} ${unit}`;
}

/** A round value at an axis or a line. */
export function markText(value: number, unit: string): string {
  if (value === 0) return "0";
  if (unit === "ms") return Math.abs(value) < 1_000 ? `${trimmed(value)} ms` : roundSeconds(value);
  if (unit === "percent") return `${trimmed(value)} %`;
  if (unit === "USD") return `$${trimmed(value)}`;
  const short =
    Math.abs(value) >= 1_000_000
      ? `${trimmed(value / 1_000_000)} M`
      : Math.abs(value) >= 10_000
        ? `${trimmed(value / 1_000)} k`
        : trimmed(value);
  return unit === "s" ? `${short} s` : short;
}

const trimmed = (value: number): string =>
  Number.isInteger(value) ? count(value) : String(Number(value.toPrecision(4)));

function amount(value: number): string {
  if (Number.isInteger(value)) return count(value);
  if (Math.abs(value) >= 1_000) return count(Math.round(value));
  return String(Number(value.toPrecision(3)));
}

/** Three figures that say something: a request costs fractions of a cent. */
const usdDecimals = (value: number): number =>
  Math.abs(value) >= 100 ? 0 : Math.max(2, Math.min(8, 2 - Math.floor(Math.log10(Math.abs(value)))));

/** `2026-11-21 14:05`, UTC. */
export const dayTime = (ms: number): string => new Date(ms).toISOString().slice(0, 16).replace("T", " ");

/** `14:05`, UTC. */
export const clock = (ms: number): string => new Date(ms).toISOString().slice(11, 16);

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const STEPS_MS = [1, 2, 5, 10, 15, 30]
  .map((minutes) => minutes * MINUTE_MS)
  .concat([1, 2, 3, 4, 6, 12, 24, 48, 96, 168, 336].map((hours) => hours * HOUR_MS));

/** Round times within a window, at most so many, and how they are written: the day where they are a day apart. */
export function timeMarks(
  startMs: number,
  endMs: number,
  most: number,
): { readonly marks: readonly number[]; readonly text: (ms: number) => string } {
  const step = STEPS_MS.find((each) => (endMs - startMs) / each <= most) ?? (endMs - startMs) / most;
  const first = Math.ceil(startMs / step) * step;
  const marks = Array.from(
    { length: Math.max(0, Math.floor((endMs - first) / step) + 1) },
    (_, index) => first + index * step,
  );
  return { marks, text: (ms) => (step >= 24 * HOUR_MS ? new Date(ms).toISOString().slice(5, 10) : clock(ms)) };
}

/** Round values from 0, or from below a negative minimum, to above a maximum, four or five of them. */
export function valueMarks(minimum: number, maximum: number): readonly number[] {
  const low = Math.min(0, minimum);
  if (maximum === low) return [low, low + 1];
  const span = maximum - low;
  const rough = span / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 2.5, 5].find((each) => rough <= each * power * 1.0001) ?? 10);
  const first = Math.floor(low / step);
  const last = Math.ceil((maximum / step) * 0.9999 + 1e-9);
  // Not by adding up: 0.1 + 0.2 is no round number.
  return Array.from({ length: Math.max(1, last - first) + 1 }, (_, index) =>
    Number(((first + index) * step).toPrecision(12)),
  );
}

/**
 * Colours of series, in light and dark; apart from the lines' green, orange and red. Each has a contrast of 4.5 or
 * more.
 */
export const SERIES_COLOURS = [
  COLOURS.line,
  { light: "#6d3bb3", dark: "#c09cf2" },
  { light: "#00717a", dark: "#4fc7cf" },
  { light: "#a5266d", dark: "#f28cc0" },
  { light: "#6b5a00", dark: "#d9c34a" },
  { light: "#4a5568", dark: "#b8c2d0" },
] as const;

/** The page's ground behind a chart: what a line's name stands out from. */
export const CARD = { light: "#fffffe", dark: "#1a2028" } as const;

/** What stacks/dashboard-charts.ts colours lines with, as colours that can be read in light and dark. */
const LINE_COLOURS: Readonly<Record<string, string>> = {
  "#2ca02c": COLOURS.fast.light,
  "#1f77b4": COLOURS.line.light,
  "#ff7f0e": COLOURS.slow.light,
  "#d62728": COLOURS.warning.light,
};

/** In light; the page's rules turn it. */
export const lineColour = (color: string): string => LINE_COLOURS[color.toLowerCase()] ?? COLOURS.muted.light;

/** In light. After the sixth they begin again, dashed. */
const seriesColour = (index: number): { readonly colour: string; readonly dashed: boolean } => ({
  colour: SERIES_COLOURS[index % SERIES_COLOURS.length]!.light,
  dashed: index >= SERIES_COLOURS.length,
});

/** A chart's size in the page: CloudWatch's grid, where eight of 24 columns are 380 wide and six rows 200 high. */
export const chartSize = ({ width, height }: { readonly width: number; readonly height: number }): ChartSize => ({
  width: Math.round((380 * width) / 8),
  height: Math.round((200 * height) / 6),
  narrow: true,
});

const GRID = { left: 52, right: 12, top: 14, bottom: 24 };
/** Height that a line's name takes. */
const NAME_HEIGHT = 14;

/** A dashboard's chart. It has at least one series. */
export function dashboardChart({ widget, series, lines }: ChartData, id: string, window: Window): Chart {
  return {
    id,
    label: chartLabel(widget.title, widget.unit, series, lines),
    caption: "",
    option: (size) => {
      const values = [
        ...series.flatMap(({ minimum, maximum }) => [minimum, maximum]),
        ...lines.map(({ line }) => line.value),
      ];
      const marks = valueMarks(
        values.reduce((a, b) => Math.min(a, b)),
        values.reduce((a, b) => Math.max(a, b)),
      );
      const time = timeMarks(window.startMs, window.endMs, Math.floor(size.width / 70));
      const label = { color: COLOURS.muted.light, fontSize: 11 };
      const option: EChartsOption = {
        textStyle: { fontFamily: "system-ui, sans-serif" },
        grid: GRID,
        xAxis: {
          type: "value",
          min: window.startMs,
          max: window.endMs,
          splitLine: { show: false },
          axisLine: { show: true, onZero: false, lineStyle: { color: COLOURS.muted.light } },
          axisTick: { show: true, customValues: [...time.marks], lineStyle: { color: COLOURS.muted.light } },
          axisLabel: {
            ...label,
            customValues: [...time.marks],
            formatter: (ms: number) => time.text(ms),
            hideOverlap: true,
            alignMinLabel: "left",
            alignMaxLabel: "right",
          },
        },
        yAxis: {
          type: "value",
          min: marks[0]!,
          max: marks.at(-1)!,
          interval: marks[1]! - marks[0]!,
          axisLabel: { ...label, formatter: (value: number) => markText(value, widget.unit) },
          splitLine: { lineStyle: { color: COLOURS.grid.light } },
          axisLine: { show: false },
          axisTick: { show: false },
        },
        series: [
          ...series.map((each, index) => drawn(each, index)),
          named(lines, (marks.at(-1)! - marks[0]!) / (size.height - GRID.top - GRID.bottom), widget.unit),
        ],
      };
      return option;
    },
  };
}

/** What a chart shows, for who cannot see it. */
function chartLabel(title: string, unit: string, series: readonly ChartSeries[], lines: readonly LineCheck[]): string {
  const each = series.map(
    ({ label, points, latest, minimum, maximum }) =>
      `${label}: ${counted(points.length, "value")}, latest ${figureText(latest, unit)}, from ${figureText(minimum, unit)} to ${figureText(maximum, unit)}`,
  );
  const marks = lines.map(({ line }) => `${line.label} ${markText(line.value, unit)}`);
  return `${title}. ${each.join("; ")}.${marks.length > 0 ? ` Lines: ${marks.join(", ")}.` : ""}`;
}

/** A gap where a period has no value; a value alone between gaps is a dot. */
function drawn({ points, periodSeconds }: ChartSeries, index: number): LineSeriesOption {
  const { colour, dashed } = seriesColour(index);
  const near = (left: number, right: number) =>
    points[left] !== undefined &&
    points[right] !== undefined &&
    points[right][0] - points[left][0] <= periodSeconds * 1_500;
  const data = points.flatMap((point, at) => {
    const alone = !near(at - 1, at) && !near(at, at + 1);
    const dot = { value: [...point], symbol: alone ? "circle" : "none", symbolSize: 5 };
    return at + 1 < points.length && !near(at, at + 1)
      ? [dot, { value: [point[0] + 1, null as unknown as number], symbol: "none" }]
      : [dot];
  });
  return {
    type: "line",
    silent: true,
    connectNulls: false,
    showAllSymbol: true,
    z: 3,
    data,
    itemStyle: { color: colour },
    lineStyle: { color: colour, width: 1.8, ...(dashed && { type: "dashed" }) },
  };
}

/** Lines with their names; where two are so close that their names would cover each other, one name is for both. */
function named(lines: readonly LineCheck[], perPixel: number, unit: string): LineSeriesOption {
  const ordered = lines.map(({ line }) => line).sort((left, right) => right.value - left.value);
  const groups: { readonly at: number; readonly names: { readonly name: string; readonly value: number }[] }[] = [];
  const data = ordered.map(({ label, value, color }) => {
    const group = groups.at(-1);
    const joined = group !== undefined && (group.at - value) / perPixel < NAME_HEIGHT;
    const own = { name: shortName(label), value };
    if (joined) group.names.push(own);
    else groups.push({ at: value, names: [own] });
    const { names } = groups.at(-1)!;
    const colour = lineColour(color);
    const text = {
      color: colour,
      fontSize: 11,
      textBorderColor: CARD.light,
      textBorderWidth: 3,
      position: "insideStartTop" as const,
      distance: 1,
    };
    return {
      yAxis: value,
      lineStyle: { color: colour, type: "dashed" as const, width: 1.3 },
      label: joined ? { show: false } : { ...text, formatter: () => namesText(names, unit) },
    };
  });
  const markLine: MarkLineComponentOption = { silent: true, symbol: "none", data, z: 4 } as MarkLineComponentOption;
  return { type: "line", data: [], silent: true, markLine };
}

/** `target, warning 20 %` of one value; `critical 45 s, warning 30 s` of two. */
function namesText(names: readonly { readonly name: string; readonly value: number }[], unit: string): string {
  const values = [...new Set(names.map(({ value }) => value))];
  return values
    .map(
      (value) =>
        `${[...new Set(names.filter((each) => each.value === value).map(({ name }) => name))].join(", ")} ${markText(value, unit)}`,
    )
    .join(", ");
}

/** `execution-time-critical` in a chart about the execution time is `critical`. */
const shortName = (label: string): string => /-(warning|critical)$/.exec(label)?.[1] ?? label;

/** Each period of a chart, as text: the time, then each series. */
export function figureRows({ widget, series }: ChartData): readonly (readonly string[])[] {
  const maps = series.map(({ points }) => new Map(points));
  const times = [...new Set(series.flatMap(({ points }) => points.map(([ms]) => ms)))].sort(
    (left, right) => left - right,
  );
  return times.map((ms) => [
    dayTime(ms),
    ...maps.map((map) => (map.has(ms) ? figureText(map.get(ms)!, widget.unit) : "none")),
  ]);
}
