import type { CustomSeriesOption, EChartsOption, LineSeriesOption } from "echarts";
import { count, percent, roundSeconds, seconds } from "../kit/figures";
import { type Bin, logAxis, markText } from "./histogram";
import { NEAR_FULL_PERCENT, usualSize, type RunAnalysis } from "./analysis";
import { type Chart, type ChartSize, COLOURS } from "../kit/page";

const light = Object.fromEntries(Object.entries(COLOURS).map(([name, { light: colour }]) => [name, colour])) as {
  readonly [Name in keyof typeof COLOURS]: string;
};
const log = (ms: number): number => Math.log10(Math.max(ms, 0.01));

/** A line across a chart, with its name. */
interface Marker {
  readonly at: number;
  readonly name: string;
  readonly colour: string;
}

/** Distribution of the durations, with percentiles, threshold and, where there may be two, the modes. */
export function durationChart(analysis: RunAnalysis): Chart {
  const { histogram, modality, overThreshold, percentiles } = analysis;
  const value = (wanted: number) => percentiles.find(({ percentile }) => percentile === wanted)!.valueMs;
  const curves = modality.verdict === "two" || modality.verdict === "unclear" ? modality.modes : [];
  const fitted = curves.map((mode) => `${percent(mode.sharePercent)} around ${seconds(mode.centreMs)}`).join(", ");
  const shown =
    curves.length === 0
      ? ""
      : ` The curves are ${modality.verdict === "two" ? "the two modes" : "two modes as they were fitted; whether there are two is unclear, because the methods differ"}: ${fitted}.`;
  return {
    id: "durations",
    label: `Histogram of ${count(analysis.count)} durations from ${seconds(analysis.minMs)} to ${seconds(analysis.maxMs)} on a logarithmic axis; P50 ${seconds(value(50))}, P95 ${seconds(value(95))}, P99 ${seconds(value(99))}, threshold ${roundSeconds(overThreshold.thresholdMs)}.`,
    caption: `Runs by duration, on a logarithmic axis.${shown}`,
    option: (size) => {
      const markers: Marker[] = [
        ...[50, 95, 99].map((wanted) => ({
          at: log(value(wanted)),
          name: `P${wanted} ${seconds(value(wanted))}`,
          colour: light.ink,
        })),
        {
          at: log(overThreshold.thresholdMs),
          name: `threshold ${roundSeconds(overThreshold.thresholdMs)}`,
          colour: light.warning,
        },
      ];
      const bars = histogram.map(({ from, to, count: runs }) => [log(from), log(to), runs]);
      const axis = logAxis(
        [histogram[0]!.from, histogram[histogram.length - 1]!.to, overThreshold.thresholdMs],
        size.narrow ? 5 : 11,
      );
      return {
        ...frame(
          size,
          { name: "runs" },
          { min: axis.from, max: axis.to, marks: axis.marks, text: markText },
          markers.length,
        ),
        series: [
          barsSeries(bars, markers, (axis.from + axis.to) / 2),
          ...curves.map((mode, index) => modeCurve(analysis, mode, index === 0 ? light.fast : light.slow)),
        ],
      };
    },
  };
}

/** A mode as the runs that a bin would hold of it. */
function modeCurve(
  { count: runs, histogram }: RunAnalysis,
  { centreMs, sharePercent, logDeviation }: RunAnalysis["modality"]["modes"][number],
  colour: string,
): LineSeriesOption {
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
      log(centreMs * Math.exp(deviations * logDeviation)),
      height * Math.exp(-0.5 * deviations ** 2),
    ]),
    lineStyle: { color: colour, width: 2.5 },
  };
}

/** The duration that a share of the runs stays below. */
export function percentileChart({ curve, overThreshold, percentiles, count: runs }: RunAnalysis): Chart {
  return {
    id: "percentiles",
    label: `Percentile curve of ${count(runs)} durations: ${curve
      .filter(({ percentile }) => [0, 50, 90, 95, 99, 100].includes(percentile))
      .map(({ percentile, valueMs }) => `${percentile} % at ${seconds(valueMs)}`)
      .join(", ")}.`,
    caption: "The duration that a percentage of the runs stays below. A step is where a second kind of run begins.",
    option: (size) => {
      // Where the curve crosses the threshold there is no room for its name.
      const early = percentiles[0]!.valueMs > overThreshold.thresholdMs;
      const axis = logAxis([...curve.map(({ valueMs }) => valueMs), overThreshold.thresholdMs], 7);
      const base = frame(
        size,
        { name: "duration" },
        {
          min: 0,
          max: 100,
          marks: [0, 25, 50, 75, 90, 100].filter((mark) => !size.narrow || mark !== 90),
          text: (mark) => `${mark} %`,
        },
        1,
      );
      return {
        ...base,
        yAxis: {
          ...(base.yAxis as object),
          type: "value",
          min: axis.from,
          max: axis.to,
          axisLabel: {
            customValues: [...axis.marks],
            formatter: (mark: number) => markText(mark),
            color: light.muted,
            fontSize: 13,
          },
          axisTick: { show: true, customValues: [...axis.marks] },
          splitLine: { show: false },
        },
        series: [
          {
            type: "line",
            symbol: "circle",
            symbolSize: 5,
            silent: true,
            itemStyle: { color: light.line },
            lineStyle: { color: light.line, width: 2.5 },
            data: curve.map(({ percentile, valueMs }) => [percentile, log(valueMs)]),
            markLine: {
              silent: true,
              symbol: "none",
              data: [{ yAxis: log(overThreshold.thresholdMs) }],
              lineStyle: { color: light.warning, type: "dashed", width: 1.5 },
              label: {
                position: early ? "insideEndTop" : "insideStartTop",
                formatter: `threshold ${roundSeconds(overThreshold.thresholdMs)}`,
                color: light.warning,
                fontSize: 13,
              },
            },
          },
        ],
      };
    },
  };
}

/** Memory used, in percent of the size that the run had. */
export function memoryChart({ memory, count: runs }: RunAnalysis): Chart {
  const worst = Math.max(...memory.sizes.map(({ maxPercent }) => maxPercent));
  const sizes = memory.sizes.map(({ sizeMiB }) => sizeMiB).join(", ");
  return {
    id: "memory",
    label: `Histogram of the memory that ${count(runs)} runs used, in percent of their size (${sizes} MB); at most ${percent(worst)}, usually ${usualSize(memory).usedP50MiB.toFixed(0)} of ${usualSize(memory).sizeMiB} MB.`,
    caption: `Runs by the memory they used, in percent of the size (${sizes} MB). From ${NEAR_FULL_PERCENT} % on a function is close to its limit.`,
    option: (size) => {
      const markers = [
        { at: NEAR_FULL_PERCENT, name: `close: ${NEAR_FULL_PERCENT} %`, colour: light.warning },
        { at: Math.min(worst, 100), name: `at most ${percent(worst)}`, colour: light.ink },
      ];
      return {
        ...frame(
          size,
          { name: "runs" },
          { min: 0, max: 100, marks: [0, 20, 40, 60, 80, 100], text: (mark) => `${mark} %` },
          markers.length,
        ),
        series: [
          barsSeries(
            memory.histogram.map(({ from, to, count: held }: Bin) => [from, to, held]),
            markers,
            50,
          ),
        ],
      };
    },
  };
}

/** Rectangles from, to, height: bars of a histogram touch. */
function barsSeries(
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
      style: { fill: light.bar },
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
      // Each name in a row of its own, on the side where there is room: names of close lines would cover each other.
      data: ordered.map(({ at, name, colour }, row) => ({
        xAxis: at,
        lineStyle: { color: colour, type: "dashed", width: 1.5 },
        label: {
          formatter: name,
          color: colour,
          fontSize: 13,
          position: "end",
          align: at > middle ? "right" : "left",
          offset: [at > middle ? 4 : -4, -row * 17],
        },
      })),
    },
  };
}

interface HorizontalAxis {
  readonly min: number;
  readonly max: number;
  readonly marks: readonly number[];
  readonly text: (mark: number) => string;
}

function frame(
  { narrow }: ChartSize,
  vertical: { readonly name: string },
  { min, max, marks, text }: HorizontalAxis,
  rows: number,
): EChartsOption {
  const label = { color: light.muted, fontSize: 13 };
  return {
    textStyle: { fontFamily: "system-ui, sans-serif" },
    grid: { left: narrow ? 60 : 64, right: narrow ? 18 : 28, top: 24 + rows * 17, bottom: 32 },
    xAxis: {
      type: "value",
      min,
      max,
      splitLine: { show: false },
      axisLine: { show: true, onZero: false, lineStyle: { color: light.muted } },
      axisTick: { show: true, customValues: [...marks], lineStyle: { color: light.muted } },
      axisLabel: { ...label, customValues: [...marks], formatter: (mark: number) => text(mark), hideOverlap: true },
    },
    yAxis: {
      type: "value",
      name: vertical.name,
      nameTextStyle: { ...label, align: "right" },
      nameGap: 10,
      minInterval: 1,
      axisLabel: label,
      splitLine: { lineStyle: { color: light.grid } },
      axisLine: { show: false },
      axisTick: { show: false },
    },
  };
}
