import type { CustomSeriesOption, EChartsOption, LineSeriesOption } from "echarts";
import { count, percent, roundSeconds, seconds } from "../kit/figures";
import { AXIS_LABEL, type Chart, type ChartSize, COLOURS } from "../kit/page";
import { findPercentile, findUsualSize, NEAR_FULL_PERCENT, type RunAnalysis } from "./analysis";
import { createLogAxis, formatLogMark, logarithm, type LogAxis } from "./distribution";
import type { Mode } from "./modes";

/** A vertical line across a chart, with its name. */
interface Marker {
  readonly at: number;
  readonly name: string;
  readonly colour: string;
}

/** Charts the distribution of the durations, with percentiles, threshold and, where there may be two, the modes. */
export function chartDurations(analysis: RunAnalysis): Chart {
  const { histogram, modality } = analysis;
  const { thresholdMs } = analysis.overThreshold;
  const modes = modality.verdict === "two" || modality.verdict === "unclear" ? modality.modes : [];
  const threshold = `threshold ${roundSeconds(thresholdMs)}`;
  const percentiles = ([50, 95, 99] as const).map((percentile) => {
    const { valueMs } = findPercentile(analysis, percentile);
    return { at: logarithm(valueMs), name: `P${percentile} ${seconds(valueMs)}`, colour: COLOURS.ink.light };
  });
  const markers = [...percentiles, { at: logarithm(thresholdMs), name: threshold, colour: COLOURS.warning.light }];
  const range = `${seconds(analysis.minMs)} to ${seconds(analysis.maxMs)}`;
  return {
    id: "durations",
    label:
      `Histogram of ${count(analysis.count)} durations from ${range} on a logarithmic axis; ` +
      `${percentiles.map(({ name }) => name).join(", ")}, ${threshold}.`,
    caption: `Runs by duration, on a logarithmic axis.${describeCurves(modality.verdict === "two", modes)}`,
    option: (size) => {
      const edges = [histogram[0]!.from, histogram[histogram.length - 1]!.to, thresholdMs];
      const { from, to, marks } = createLogAxis(edges, size.narrow ? 5 : 11);
      return {
        ...createFrame(size, { min: from, max: to, marks, format: formatLogMark }, markers.length),
        series: [
          drawBars(
            histogram.map((bin) => [logarithm(bin.from), logarithm(bin.to), bin.count]),
            markers,
            (from + to) / 2,
          ),
          ...modes.map((mode, index) =>
            drawMode(analysis, mode, index === 0 ? COLOURS.fast.light : COLOURS.slow.light),
          ),
        ],
      };
    },
  };
}

function describeCurves(areCertain: boolean, modes: readonly Mode[]): string {
  if (modes.length === 0) return "";
  const kind = areCertain
    ? "the two modes"
    : "two fitted modes; whether there are two is unclear, because the methods differ";
  const centres = modes.map(
    (mode, index) =>
      `${index === 0 ? "green" : "orange"}, ${percent(mode.sharePercent)} around ${seconds(mode.centreMs)}`,
  );
  return ` The curves are ${kind}: ${centres.join("; ")}.`;
}

/** Draws a mode as the number of its runs that a bin would hold. */
function drawMode({ count: runs, histogram }: RunAnalysis, mode: Mode, colour: string): LineSeriesOption {
  const { centreMs, sharePercent, logDeviation } = mode;
  const binWidth = Math.log(histogram[0]!.to / histogram[0]!.from);
  const height = ((runs * sharePercent) / 100 / (logDeviation * Math.sqrt(2 * Math.PI))) * binWidth;
  const points = Array.from({ length: 81 }, (_, index) => ((index - 40) / 40) * 3.2);
  return {
    type: "line",
    symbol: "none",
    silent: true,
    clip: true,
    z: 4,
    data: points.map((deviations) => [
      logarithm(centreMs * Math.exp(deviations * logDeviation)),
      height * Math.exp(-0.5 * deviations ** 2),
    ]),
    lineStyle: { color: colour, width: 2.5 },
  };
}

/** Charts the duration that a share of the runs stays below. */
export function chartPercentiles({ curve, overThreshold, percentiles, count: runs }: RunAnalysis): Chart {
  const { thresholdMs } = overThreshold;
  const points = curve
    .filter(({ percentile }) => [0, 50, 90, 95, 99, 100].includes(percentile))
    .map(({ percentile, valueMs }) => `${percentile} % at ${seconds(valueMs)}`);
  return {
    id: "percentiles",
    label: `Percentile curve of ${count(runs)} durations: ${points.join(", ")}.`,
    caption: "The duration that a percentage of the runs stays below. A step is where a second kind of run begins.",
    option: (size) => {
      const vertical = createLogAxis([...curve.map(({ valueMs }) => valueMs), thresholdMs], 7);
      const marks = size.narrow ? [0, 25, 50, 75, 100] : [0, 25, 50, 75, 90, 100];
      return {
        ...createFrame(size, { min: 0, max: 100, marks, format: (mark) => `${mark} %` }, 1),
        yAxis: createDurationAxis(vertical),
        series: [
          {
            type: "line",
            symbol: "circle",
            symbolSize: 5,
            silent: true,
            itemStyle: { color: COLOURS.line.light },
            lineStyle: { color: COLOURS.line.light, width: 2.5 },
            data: curve.map(({ percentile, valueMs }) => [percentile, logarithm(valueMs)]),
            markLine: {
              silent: true,
              symbol: "none",
              data: [{ yAxis: logarithm(thresholdMs) }],
              lineStyle: { color: COLOURS.warning.light, type: "dashed", width: 1.5 },
              label: {
                // The name has no room where the curve crosses the threshold.
                position: percentiles[0]!.valueMs > thresholdMs ? "insideEndTop" : "insideStartTop",
                formatter: `threshold ${roundSeconds(thresholdMs)}`,
                color: COLOURS.warning.light,
                fontSize: 13,
              },
            },
          },
        ],
      };
    },
  };
}

/** Charts the memory used, in percent of the size that the run had. */
export function chartMemory({ memory, count: runs }: RunAnalysis): Chart {
  const worst = Math.max(...memory.sizes.map(({ maxPercent }) => maxPercent));
  const sizes = memory.sizes.map(({ sizeMiB }) => sizeMiB).join(", ");
  const usual = findUsualSize(memory);
  const markers = [
    { at: NEAR_FULL_PERCENT, name: `close: ${NEAR_FULL_PERCENT} %`, colour: COLOURS.warning.light },
    { at: Math.min(worst, 100), name: `at most ${percent(worst)}`, colour: COLOURS.ink.light },
  ];
  const bars = memory.histogram.map((bin) => [bin.from, bin.to, bin.count]);
  return {
    id: "memory",
    label:
      `Histogram of the memory that ${count(runs)} runs used, in percent of their size (${sizes} MB); at most ` +
      `${percent(worst)}, usually ${usual.usedP50MiB.toFixed(0)} of ${usual.sizeMiB} MB.`,
    caption:
      `Runs by the memory they used, in percent of the size (${sizes} MB). From ${NEAR_FULL_PERCENT} % on a function ` +
      "is close to its limit.",
    option: (size) => {
      const axis = { min: 0, max: 100, marks: [0, 20, 40, 60, 80, 100], format: (mark: number) => `${mark} %` };
      return { ...createFrame(size, axis, markers.length), series: [drawBars(bars, markers, 50)] };
    },
  };
}

/** Height of a marker's name. */
const NAME_HEIGHT = 17;

/**
 * Draws the bars of a histogram, which touch, and markers across them.
 * @param bars rows of from, to and height
 * @param middle of the horizontal axis
 */
function drawBars(
  bars: readonly (readonly number[])[],
  markers: readonly Marker[],
  middle: number,
): CustomSeriesOption {
  const renderItem: CustomSeriesOption["renderItem"] = (_params, api) => {
    const [left, top] = api.coord([api.value(0), api.value(2)]) as [number, number];
    const [right, bottom] = api.coord([api.value(1), 0]) as [number, number];
    return {
      type: "rect",
      shape: { x: left + 0.5, y: top, width: Math.max(1, right - left - 1), height: Math.max(0, bottom - top) },
      style: { fill: COLOURS.bar.light },
    };
  };
  const ordered = [...markers].sort((left, right) => left.at - right.at);
  return {
    type: "custom",
    silent: true,
    renderItem,
    data: bars.map((bar) => [...bar]),
    encode: { x: [0, 1], y: 2 },
    markLine: {
      silent: true,
      symbol: "none",
      // Each name has a row of its own, on the side with room, so that names of close lines do not overlap.
      data: ordered.map(({ at, name, colour }, row) => ({
        xAxis: at,
        lineStyle: { color: colour, type: "dashed", width: 1.5 },
        label: {
          formatter: name,
          color: colour,
          fontSize: 13,
          position: "end",
          align: at > middle ? "right" : "left",
          offset: [at > middle ? 4 : -4, -row * NAME_HEIGHT],
        },
      })),
    },
  };
}

function createDurationAxis({ from, to, marks }: LogAxis): EChartsOption["yAxis"] {
  return {
    type: "value",
    name: "duration",
    nameTextStyle: { ...AXIS_LABEL, align: "right" },
    nameGap: 10,
    min: from,
    max: to,
    axisLabel: { ...AXIS_LABEL, customValues: [...marks], formatter: formatLogMark },
    axisTick: { show: true, customValues: [...marks] },
    axisLine: { show: false },
    splitLine: { show: false },
  };
}

interface HorizontalAxis {
  readonly min: number;
  readonly max: number;
  readonly marks: readonly number[];
  readonly format: (mark: number) => string;
}

/** Creates a chart without series, with a vertical axis of runs, and room for rows of markers' names above it. */
function createFrame({ narrow }: ChartSize, horizontal: HorizontalAxis, markerRows: number): EChartsOption {
  const { min, max, marks, format } = horizontal;
  return {
    grid: { left: narrow ? 60 : 64, right: narrow ? 18 : 28, top: 24 + markerRows * NAME_HEIGHT, bottom: 32 },
    xAxis: {
      type: "value",
      min,
      max,
      splitLine: { show: false },
      axisLine: { show: true, onZero: false, lineStyle: { color: COLOURS.muted.light } },
      axisTick: { show: true, customValues: [...marks], lineStyle: { color: COLOURS.muted.light } },
      axisLabel: {
        ...AXIS_LABEL,
        customValues: [...marks],
        formatter: (mark: number) => format(mark),
        hideOverlap: true,
      },
    },
    yAxis: {
      type: "value",
      name: "runs",
      nameTextStyle: { ...AXIS_LABEL, align: "right" },
      nameGap: 10,
      minInterval: 1,
      axisLabel: AXIS_LABEL,
      splitLine: { lineStyle: { color: COLOURS.grid.light } },
      axisLine: { show: false },
      axisTick: { show: false },
    },
  };
}
