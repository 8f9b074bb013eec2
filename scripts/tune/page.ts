import type { CustomSeriesOption, EChartsOption, SeriesOption } from "echarts";
import { counted, percent, seconds } from "../kit/figures";
import type { Interval } from "../kit/quantiles";
import type { TunedSize } from "./verdict";
import { figure, type Chart, COLOURS, escapeHtml, htmlPage, htmlTable, section, tiles } from "../kit/page";
import { headline, noteOf, perThousand, type TuningReport } from "./text";

/** The tuning as one HTML file. */
export async function tuningPage(report: TuningReport): Promise<string> {
  const { tuning, source, region, coldStartShare } = report;
  const sizes = tuning.sizes.filter(({ time }) => time !== null);
  const time = await figure(
    sizeChart(
      "time",
      "Mean time of a warm run, with its 95 % interval; the line is what is expected of all sizes together.",
      sizes,
      timePoint,
      seconds,
    ),
  );
  const cost = await figure(
    sizeChart(
      "cost",
      "Dollars of 1,000 warm runs, with their 95 % interval; the line is what is expected, with the INIT of the cold ones.",
      sizes,
      costPoint,
      (usd) => perThousand(usd / 1_000),
    ),
  );
  return htmlPage({
    title: headline(report),
    subtitle: `Tuning of ${counted(
      tuning.sizes.reduce((sum, { runs }) => sum + runs, 0),
      "run",
    )} of ${source}. ${tuning.reason}.`,
    sections: [
      tiles(
        tuning.choices === null
          ? []
          : Object.entries(tuning.choices).map(([strategy, size]) => ({
              name: strategy,
              value: `${size} MB`,
              note: strategy === tuning.strategy ? "chosen" : "would be chosen",
            })),
      ),
      section("Time", time),
      section("Cost", cost),
      section("Sizes, with dollars of 1,000 runs", sizesTable(report)),
      section(
        "How it was reckoned",
        `<p>${escapeHtml(`Prices of ${region}, arm64; ${percent(coldStartShare * 100)} of the runs are taken to be cold. ${MODELS[tuning.model ?? "none"]}`)}</p>`,
      ),
    ],
  });
}

const MODELS = {
  flat: "No size is significantly faster than another: all are expected to take the same time.",
  curve:
    "Expected times are wait + work / CPU, fitted to all sizes; CPU grows with memory up to what the function uses.",
  falling: "Wait + work / CPU does not fit: expected times are the measured means, made to fall with memory.",
  none: "Nothing is expected of any size: there are too few runs.",
} as const;

interface Point {
  readonly value: number;
  readonly interval: Interval;
  readonly expected: number | null;
}

const timePoint = ({ time, expected }: TunedSize): Point => ({
  value: time!.meanMs,
  interval: time!.meanInterval,
  expected: expected?.timeMs ?? null,
});

function costPoint({ warmUsd, warmUsdInterval, expected }: TunedSize): Point {
  const { low, high } = warmUsdInterval!;
  return {
    value: warmUsd! * 1_000,
    interval: { low: low * 1_000, high: high * 1_000 },
    expected: expected === null ? null : expected.usd * 1_000,
  };
}

function sizeChart(
  id: string,
  caption: string,
  sizes: readonly TunedSize[],
  point: (size: TunedSize) => Point,
  text: (value: number) => string,
): Chart {
  const points = sizes.map(point);
  return {
    id,
    caption,
    label: `${id} by size: ${sizes.map(({ memoryMiB }, index) => `${memoryMiB} MB ${text(points[index]!.value)}`).join(", ")}.`,
    option: ({ narrow }): EChartsOption => ({
      textStyle: { fontFamily: "system-ui, sans-serif" },
      grid: { left: narrow ? 70 : 80, right: 24, top: 20, bottom: 32 },
      xAxis: {
        type: "category",
        data: sizes.map(({ memoryMiB }) => (narrow ? String(memoryMiB) : `${memoryMiB} MB`)),
        axisLine: { lineStyle: { color: COLOURS.muted.light } },
        axisLabel: { color: COLOURS.muted.light, fontSize: 13 },
      },
      yAxis: {
        type: "value",
        min: 0,
        axisLabel: {
          color: COLOURS.muted.light,
          fontSize: 13,
          formatter: (value: number) => (value === 0 ? "0" : text(value)),
        },
        splitLine: { lineStyle: { color: COLOURS.grid.light } },
      },
      series: [
        {
          type: "bar",
          silent: true,
          barWidth: "45%",
          itemStyle: { color: COLOURS.bar.light },
          data: points.map(({ value }) => value),
        },
        whiskers(points),
        {
          type: "line",
          silent: true,
          symbol: "circle",
          symbolSize: 6,
          connectNulls: true,
          itemStyle: { color: COLOURS.slow.light },
          lineStyle: { color: COLOURS.slow.light, width: 2.5 },
          data: points.map(({ expected }) => expected),
        },
      ] satisfies SeriesOption[],
    }),
  };
}

function whiskers(points: readonly Point[]): CustomSeriesOption {
  const renderItem: CustomSeriesOption["renderItem"] = (_params, api) => {
    const [x, low] = api.coord([api.value(0), api.value(1)]) as [number, number];
    const [, high] = api.coord([api.value(0), api.value(2)]) as [number, number];
    const line = (x1: number, y1: number, x2: number, y2: number) => ({
      type: "line" as const,
      shape: { x1, y1, x2, y2 },
      style: { stroke: COLOURS.ink.light, lineWidth: 1.5 },
    });
    return {
      type: "group",
      children: [line(x, low, x, high), line(x - 6, low, x + 6, low), line(x - 6, high, x + 6, high)],
    };
  };
  return {
    type: "custom",
    silent: true,
    z: 3,
    renderItem,
    encode: { x: 0, y: [1, 2] },
    data: points.map(({ interval }, index) => [index, interval.low, interval.high]),
  };
}

/** Dollars are those of 1,000 runs. */
function sizesTable(report: TuningReport): string {
  const { sizes } = report.tuning;
  const rows = sizes.map((size) => {
    const { memoryMiB, warm, cold, failed, time, usedMiB, initMeanMs, warmUsd, initUsd, expected } = size;
    const times = time === null ? ["-", "-", "-", "-"] : [time.p50Ms, time.p90Ms, time.p95Ms, time.p99Ms].map(seconds);
    return [
      `${memoryMiB} MB`,
      `${warm}`,
      `${cold}`,
      `${failed}`,
      ...times,
      initMeanMs === null ? "-" : seconds(initMeanMs),
      usedMiB === null ? "-" : `${usedMiB} MB`,
      perThousand(warmUsd),
      perThousand(initUsd),
      expected === null ? "-" : perThousand(expected.usd),
    ];
  });
  return (
    htmlTable(
      "Sizes",
      ["size", "warm", "cold", "failed", "P50", "P90", "P95", "P99", "INIT", "used", "$ warm", "$ INIT", "$ expected"],
      rows,
    ) +
    sizes
      .map((size) => [size.memoryMiB, noteOf(size, report)] as const)
      .filter(([, note]) => note !== "")
      .map(([memoryMiB, note]) => `<p>${escapeHtml(`${memoryMiB} MB: ${note}.`)}</p>`)
      .join("")
  );
}
