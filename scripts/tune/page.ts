import type { CustomSeriesOption, EChartsOption, SeriesOption } from "echarts";
import { percent, roundSeconds, seconds } from "../kit/figures";
import { AXIS_LABEL, type Chart, COLOURS, escapeHtml, figure, htmlPage, htmlTable, section, tiles } from "../kit/page";
import type { Interval } from "../kit/quantiles";
import { countRuns, describeStanding, formatUsdPerThousand, summarizeTuning, type TuningReport } from "./text";
import type { TunedSize, Tuning } from "./verdict";

/** Draws the tuning as one HTML file. */
export async function tuningPage(report: TuningReport): Promise<string> {
  const { tuning, source, region, coldStartShare } = report;
  const method =
    `Prices of ${region}, arm64; ${percent(coldStartShare * 100)} of the runs are assumed to be cold. ` +
    MODELS[tuning.model ?? "none"];
  return htmlPage({
    title: summarizeTuning(report),
    subtitle: `Tuning of ${countRuns(tuning)} of ${source}. ${tuning.reason}.`,
    sections: [
      tiles(listChoices(tuning)),
      section("Time", await figure(chartTimes(tuning))),
      section("Cost", await figure(chartCosts(tuning))),
      section("Sizes, with dollars of 1,000 runs", tabulateSizes(report)),
      section("How it was computed", `<p>${escapeHtml(method)}</p>`),
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

const listChoices = ({ choices, strategy: chosen }: Tuning) =>
  Object.entries(choices ?? {}).map(([strategy, size]) => ({
    name: strategy,
    value: `${size} MB`,
    note: strategy === chosen ? "chosen" : "would be chosen",
  }));

/** A measured value of a size, with its 95 % interval and the expected value. */
interface Point {
  readonly memoryMiB: number;
  readonly value: number;
  readonly interval: Interval;
  readonly expected: number | null;
}

function chartTimes({ sizes, chosenMiB }: Tuning): Chart {
  const points = sizes.flatMap(({ memoryMiB, time, expected }): Point[] =>
    time === null
      ? []
      : [{ memoryMiB, value: time.meanMs, interval: time.meanInterval, expected: expected?.timeMs ?? null }],
  );
  return chartSizes(points, {
    id: "time",
    chosenMiB,
    caption: "Mean time of a warm run, with its 95 % interval; the line is what is expected of all sizes together.",
    format: roundSeconds,
  });
}

function chartCosts({ sizes, chosenMiB }: Tuning): Chart {
  const points = sizes.flatMap(({ memoryMiB, warmUsd, warmUsdInterval, expected }): Point[] => {
    if (warmUsd === null || warmUsdInterval === null) return [];
    const interval = { low: warmUsdInterval.low * 1_000, high: warmUsdInterval.high * 1_000 };
    return [{ memoryMiB, value: warmUsd * 1_000, interval, expected: expected && expected.usd * 1_000 }];
  });
  return chartSizes(points, {
    id: "cost",
    chosenMiB,
    caption:
      "Dollars of 1,000 warm runs, with their 95 % interval; the line is what is expected, INIT of the cold ones " +
      "included.",
    format: (usd) => formatUsdPerThousand(usd / 1_000),
  });
}

/** @param chart `chosenMiB`: the size whose bar is marked; null for none */
function chartSizes(
  points: readonly Point[],
  {
    id,
    caption,
    chosenMiB,
    format,
  }: Pick<Chart, "id" | "caption"> & Pick<Tuning, "chosenMiB"> & { readonly format: (value: number) => string },
): Chart {
  const values = points.map(({ memoryMiB, value }) => `${memoryMiB} MB ${format(value)}`);
  return {
    id,
    caption: chosenMiB === null ? caption : `${caption} Green: ${chosenMiB} MB, the chosen size.`,
    label: `${id} by size: ${values.join(", ")}.`,
    option: ({ narrow }): EChartsOption => ({
      grid: { left: narrow ? 70 : 80, right: 24, top: 20, bottom: 32 },
      xAxis: {
        type: "category",
        data: points.map(({ memoryMiB }) => (narrow ? String(memoryMiB) : `${memoryMiB} MB`)),
        axisLine: { lineStyle: { color: COLOURS.muted.light } },
        axisLabel: AXIS_LABEL,
      },
      yAxis: {
        type: "value",
        min: 0,
        axisLabel: { ...AXIS_LABEL, formatter: (value: number) => (value === 0 ? "0" : format(value)) },
        splitLine: { lineStyle: { color: COLOURS.grid.light } },
      },
      series: [
        {
          type: "bar",
          silent: true,
          barWidth: "45%",
          data: points.map(({ memoryMiB, value }) => ({
            value,
            itemStyle: { color: memoryMiB === chosenMiB ? COLOURS.fast.light : COLOURS.bar.light },
          })),
        },
        drawWhiskers(points),
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

/** Draws the intervals as vertical lines with caps. */
function drawWhiskers(points: readonly Point[]): CustomSeriesOption {
  const renderItem: CustomSeriesOption["renderItem"] = (_params, api) => {
    const [x, low] = api.coord([api.value(0), api.value(1)]) as [number, number];
    const [, high] = api.coord([api.value(0), api.value(2)]) as [number, number];
    const drawLine = (shape: {
      readonly x1: number;
      readonly y1: number;
      readonly x2: number;
      readonly y2: number;
    }) => ({
      type: "line" as const,
      shape,
      style: { stroke: COLOURS.ink.light, lineWidth: 1.5 },
    });
    return {
      type: "group",
      children: [
        drawLine({ x1: x, y1: low, x2: x, y2: high }),
        drawLine({ x1: x - 6, y1: low, x2: x + 6, y2: low }),
        drawLine({ x1: x - 6, y1: high, x2: x + 6, y2: high }),
      ],
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

const COLUMNS: readonly (readonly [string, (size: TunedSize) => string])[] = [
  ["size", ({ memoryMiB }) => `${memoryMiB} MB`],
  ["warm", ({ warm }) => `${warm}`],
  ["cold", ({ cold }) => `${cold}`],
  ["failed", ({ failed }) => `${failed}`],
  ["P50", ({ time }) => formatMs(time?.p50Ms)],
  ["P90", ({ time }) => formatMs(time?.p90Ms)],
  ["P95", ({ time }) => formatMs(time?.p95Ms)],
  ["P99", ({ time }) => formatMs(time?.p99Ms)],
  ["INIT", ({ initMeanMs }) => formatMs(initMeanMs)],
  ["used", ({ usedMiB }) => (usedMiB === null ? "-" : `${usedMiB} MB`)],
  ["$ warm", ({ warmUsd }) => formatUsdPerThousand(warmUsd)],
  ["$ INIT", ({ initUsd }) => formatUsdPerThousand(initUsd)],
  ["$ expected", ({ expected }) => formatUsdPerThousand(expected?.usd ?? null)],
];

const formatMs = (ms: number | null = null): string => (ms === null ? "-" : seconds(ms));

function tabulateSizes(report: TuningReport): string {
  const { sizes } = report.tuning;
  const table = htmlTable(
    "Sizes",
    COLUMNS.map(([name]) => name),
    sizes.map((size) => COLUMNS.map(([, write]) => write(size))),
  );
  const notes = sizes.flatMap((size) => {
    const standing = describeStanding(size, report);
    return standing === "" ? [] : [`<p>${escapeHtml(`${size.memoryMiB} MB: ${standing}.`)}</p>`];
  });
  return table + notes.join("");
}
