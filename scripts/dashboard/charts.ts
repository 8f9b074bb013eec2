import type { EChartsOption, LineSeriesOption, MarkLineComponentOption } from "echarts";
import { count, counted, percent, roundSeconds, seconds } from "../kit/figures";
import { COLOURS, type Chart, type ChartSize } from "../kit/page";
import type { Line } from "./applied-dashboard";
import type { ChartData, ChartSeries, LineCheck } from "./chart-data";
import type { Point, Window } from "./cloudwatch";

/** A value with its unit. The units are those of stacks/dashboard.ts; any other unit stands behind the number. */
export function formatFigure(value: number, unit: string): string {
  if (unit === "ms") return seconds(value);
  if (unit === "percent") return percent(value);
  if (unit === "USD") return `$${value === 0 ? "0" : value.toFixed(usdDecimals(value))}`;
  return ["count", "share", ""].includes(unit) ? formatAmount(value) : `${formatAmount(value)} ${unit}`;
}

/** A round value at an axis or a line. */
export function formatMark(value: number, unit: string): string {
  if (value === 0) return "0";
  if (unit === "ms") return Math.abs(value) < 1_000 ? `${formatRound(value)} ms` : roundSeconds(value);
  if (unit === "percent") return `${formatRound(value)} %`;
  if (unit === "USD") return `$${formatRound(value)}`;
  return `${formatShort(value)}${unit === "s" ? " s" : ""}`;
}

function formatShort(value: number): string {
  if (Math.abs(value) >= 1_000_000) return `${formatRound(value / 1_000_000)} M`;
  return Math.abs(value) >= 10_000 ? `${formatRound(value / 1_000)} k` : formatRound(value);
}

const formatRound = (value: number): string =>
  Number.isInteger(value) ? count(value) : String(Number(value.toPrecision(4)));

function formatAmount(value: number): string {
  const isLarge = Number.isInteger(value) || Math.abs(value) >= 1_000;
  return isLarge ? count(Math.round(value)) : String(Number(value.toPrecision(3)));
}

/** Decimals that show three significant figures: a request costs fractions of a cent. */
const usdDecimals = (value: number): number =>
  Math.abs(value) >= 100 ? 0 : Math.max(2, Math.min(8, 2 - Math.floor(Math.log10(Math.abs(value)))));

/** The latest value of each series. */
export const formatLatest = ({ series, widget }: ChartData): string =>
  series.map(({ latest }) => formatFigure(latest, widget.unit)).join(", ");

/** `from 1 to 5`. */
export const formatRange = ({ minimum, maximum }: ChartSeries, unit: string): string =>
  `from ${formatFigure(minimum, unit)} to ${formatFigure(maximum, unit)}`;

/** `above worker-errors 5`, for each line. */
export const formatBeyond = (checks: readonly LineCheck[], unit: string): string =>
  checks.map(({ beyond, line }) => `${beyond} ${formatLine(line, unit)}`).join(", ");

/** `worker-errors 5`. */
export const formatLine = ({ label, value }: Line, unit: string): string => `${label} ${formatMark(value, unit)}`;

/** `2026-11-21 14:05`, UTC. */
export const formatDayTime = (ms: number): string => new Date(ms).toISOString().slice(0, 16).replace("T", " ");

/** `14:05`, UTC. */
export const formatTime = (ms: number): string => new Date(ms).toISOString().slice(11, 16);

const MINUTE_MS = 60_000;
const DAY_MS = 1_440 * MINUTE_MS;
const STEP_MINUTES = [1, 2, 5, 10, 15, 30, 60, 120, 180, 240, 360, 720, 1_440, 2_880, 5_760, 10_080, 20_160];

/** Round times in a window, and how they are written: as days where they are at least a day apart. */
export function timeMarks(
  { startMs, endMs }: Window,
  maxMarks: number,
): { readonly marks: number[]; readonly format: (ms: number) => string } {
  const least = (endMs - startMs) / maxMarks;
  const step = STEP_MINUTES.map((minutes) => minutes * MINUTE_MS).find((each) => each >= least) ?? least;
  const marks: number[] = [];
  for (let ms = Math.ceil(startMs / step) * step; ms <= endMs; ms += step) marks.push(ms);
  return {
    marks,
    format: (ms) => (step >= DAY_MS ? new Date(ms).toISOString().slice(5, 10) : formatTime(ms)),
  };
}

/** Four or five round values that begin at 0, or below a negative minimum, and end above the maximum. */
export function valueMarks(minimum: number, maximum: number): readonly number[] {
  const low = Math.min(0, minimum);
  if (maximum === low) return [low, low + 1];
  const rough = (maximum - low) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 2.5, 5].find((each) => rough <= each * power * 1.0001) ?? 10);
  const first = Math.floor(low / step);
  const last = Math.ceil((maximum / step) * 0.9999 + 1e-9);
  // Multiplied, not added up: 0.1 + 0.2 is not a round number.
  return Array.from({ length: Math.max(1, last - first) + 1 }, (_, index) =>
    Number(((first + index) * step).toPrecision(12)),
  );
}

/**
 * Colours of series in light and dark. They differ from the lines' green, orange and red, and have a contrast of 4.5 or
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

/** The background of a chart, from which a line's name stands out. */
export const CARD = { light: "#fffffe", dark: "#1a2028" } as const;

/** Colours that can be read in light and dark, by the colour that stacks/dashboard-charts.ts gives a line. */
const LINE_COLOURS: Readonly<Record<string, { readonly light: string; readonly variable: string }>> = {
  "#2ca02c": { light: COLOURS.fast.light, variable: "var(--good)" },
  "#1f77b4": { light: COLOURS.line.light, variable: "var(--link)" },
  "#ff7f0e": { light: COLOURS.slow.light, variable: "var(--unsure)" },
  "#d62728": { light: COLOURS.warning.light, variable: "var(--warning)" },
};

/** A line's colour in a drawing, which the page's rules turn in dark, and as the page's variable. */
export const lineColour = (color: string): { readonly light: string; readonly variable: string } =>
  LINE_COLOURS[color.toLowerCase()] ?? { light: COLOURS.muted.light, variable: "var(--muted)" };

/** A chart's size in the page: eight of the 24 columns of CloudWatch's grid are 380 wide, six rows are 200 high. */
export const chartSize = ({ width, height }: { readonly width: number; readonly height: number }): ChartSize => ({
  width: Math.round((380 * width) / 8),
  height: Math.round((200 * height) / 6),
  narrow: true,
});

const GRID = { left: 52, right: 12, top: 14, bottom: 24 };
/** Height that a line's name takes. */
const NAME_HEIGHT = 14;

/** A chart as a drawing. It must have at least one series. */
export function drawChart(chart: ChartData, id: string, window: Window): Chart {
  return { id, label: describeChart(chart), caption: "", option: (size) => chartOption(chart, window, size) };
}

function chartOption({ widget, series, lines }: ChartData, window: Window, size: ChartSize): EChartsOption {
  const values = [
    ...series.flatMap(({ minimum, maximum }) => [minimum, maximum]),
    ...lines.map(({ line }) => line.value),
  ];
  const marks = valueMarks(Math.min(...values), Math.max(...values));
  const [low, high, step] = [marks[0]!, marks.at(-1)!, marks[1]! - marks[0]!];
  const time = timeMarks(window, Math.floor(size.width / 70));
  const label = { color: COLOURS.muted.light, fontSize: 11 };
  const axisStyle = { show: true, lineStyle: { color: COLOURS.muted.light } };
  return {
    textStyle: { fontFamily: "system-ui, sans-serif" },
    grid: GRID,
    xAxis: {
      type: "value",
      min: window.startMs,
      max: window.endMs,
      splitLine: { show: false },
      axisLine: { ...axisStyle, onZero: false },
      axisTick: { ...axisStyle, customValues: time.marks },
      axisLabel: {
        ...label,
        customValues: time.marks,
        formatter: (ms: number) => time.format(ms),
        hideOverlap: true,
        alignMinLabel: "left",
        alignMaxLabel: "right",
      },
    },
    yAxis: {
      type: "value",
      min: low,
      max: high,
      interval: step,
      axisLabel: { ...label, formatter: (value: number) => formatMark(value, widget.unit) },
      splitLine: { lineStyle: { color: COLOURS.grid.light } },
      axisLine: { show: false },
      axisTick: { show: false },
    },
    series: [
      ...series.map(drawSeries),
      drawLines(lines, (high - low) / (size.height - GRID.top - GRID.bottom), widget.unit),
    ],
  };
}

/** What a chart shows, in words. */
function describeChart({ widget: { title, unit }, series, lines }: ChartData): string {
  const each = series.map(
    (one) =>
      `${one.label}: ${counted(one.points.length, "value")}, latest ${formatFigure(one.latest, unit)}, ` +
      formatRange(one, unit),
  );
  const marks = lines.map(({ line }) => formatLine(line, unit));
  return `${title}. ${each.join("; ")}.${marks.length > 0 ? ` Lines: ${marks.join(", ")}.` : ""}`;
}

/**
 * A series, with a gap where a period has no value, and a dot where a value has gaps on both sides. After the sixth the
 * colours begin again, dashed.
 */
function drawSeries({ points, periodSeconds }: ChartSeries, index: number): LineSeriesOption {
  const colour = SERIES_COLOURS[index % SERIES_COLOURS.length]!.light;
  const isJoined = (left: Point | undefined, right: Point | undefined) =>
    left !== undefined && right !== undefined && right[0] - left[0] <= periodSeconds * 1_500;
  const data = points.flatMap((point, at) => {
    const [before, after] = [isJoined(points[at - 1], point), isJoined(point, points[at + 1])];
    const dot = { value: [...point], symbol: before || after ? "none" : "circle", symbolSize: 5 };
    return after || at === points.length - 1 ? [dot] : [dot, { value: [point[0] + 1, NaN], symbol: "none" }];
  });
  return {
    type: "line",
    silent: true,
    connectNulls: false,
    showAllSymbol: true,
    z: 3,
    data,
    itemStyle: { color: colour },
    lineStyle: { color: colour, width: 1.8, ...(index >= SERIES_COLOURS.length && { type: "dashed" }) },
  };
}

/** Lines with their names. Lines whose names would overlap share one label. */
function drawLines(checks: readonly LineCheck[], valuePerPixel: number, unit: string): LineSeriesOption {
  const ordered = checks.map(({ line }) => line).sort((left, right) => right.value - left.value);
  let group: Line[] = [];
  const data = ordered.map((line) => {
    const isHidden = group[0] !== undefined && (group[0].value - line.value) / valuePerPixel < NAME_HEIGHT;
    if (isHidden) group.push(line);
    else group = [line];
    const colour = lineColour(line.color).light;
    const members = group;
    return {
      yAxis: line.value,
      lineStyle: { color: colour, type: "dashed" as const, width: 1.3 },
      label: isHidden
        ? { show: false }
        : {
            color: colour,
            fontSize: 11,
            textBorderColor: CARD.light,
            textBorderWidth: 3,
            position: "insideStartTop" as const,
            distance: 1,
            // Called when everything is drawn, so that the group is complete.
            formatter: () => formatNames(members, unit),
          },
    };
  });
  const markLine: MarkLineComponentOption = { silent: true, symbol: "none", data, z: 4 };
  return { type: "line", data: [], silent: true, markLine };
}

/** `target, warning 20 %` for one value; `critical 45 s, warning 30 s` for two. */
function formatNames(lines: readonly Line[], unit: string): string {
  const values = [...new Set(lines.map(({ value }) => value))];
  return values
    .map((value) => {
      // In a chart of the execution time, `execution-time-critical` is `critical`.
      const names = lines
        .filter((line) => line.value === value)
        .map(({ label }) => /-(warning|critical)$/.exec(label)?.[1] ?? label);
      return `${[...new Set(names)].join(", ")} ${formatMark(value, unit)}`;
    })
    .join(", ");
}

/** The values of a chart as a table: a row for each period, with its time and the value of each series. */
export function figureRows({ widget, series }: ChartData): readonly (readonly string[])[] {
  const valuesByTime = series.map(({ points }) => new Map(points));
  const times = new Set(valuesByTime.flatMap((values) => [...values.keys()]));
  return [...times]
    .sort((left, right) => left - right)
    .map((ms) => [
      formatDayTime(ms),
      ...valuesByTime.map((values) => {
        const value = values.get(ms);
        return value === undefined ? "none" : formatFigure(value, widget.unit);
      }),
    ]);
}
