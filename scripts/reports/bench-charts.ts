import type { EChartsOption, SeriesOption } from "echarts";
import type { BenchChart } from "../judges/benches/figures";
import type { Chart } from "./charts";
import { COLOURS } from "./page";

const light = Object.fromEntries(Object.entries(COLOURS).map(([name, { light: colour }]) => [name, colour])) as {
  readonly [Name in keyof typeof COLOURS]: string;
};
const PALETTE = [light.line, light.fast, light.slow, light.warning, light.muted, light.bar];

/** A chart of the benchmarks' page. `id`: unique in the page. */
export function benchChart(id: string, chart: BenchChart): Chart {
  const { title, unit, categories, series } = chart;
  const told = series.map(
    ({ name, values }) =>
      `${name}: ${categories.map((category, index) => `${category} ${shown(values[index] ?? null, unit)}`).join(", ")}`,
  );
  return {
    id,
    label: `${title}, in ${unit}. ${told.join(". ")}.`,
    caption: `${title}, in ${unit}${chart.logarithmic ? ", on a logarithmic axis" : ""}.`,
    option: ({ narrow }): EChartsOption => ({
      color: PALETTE,
      textStyle: { fontFamily: "system-ui, sans-serif" },
      legend: { show: series.length > 1, top: 0, itemGap: 14, textStyle: { color: light.muted, fontSize: 13 } },
      grid: {
        left: narrow ? 92 : 76,
        right: 20,
        top: series.length > 1 ? (narrow ? 64 : 40) : 20,
        bottom: narrow ? 110 : 56,
      },
      xAxis: {
        type: "category",
        data: [...categories],
        axisLine: { lineStyle: { color: light.muted } },
        axisLabel: {
          color: light.muted,
          fontSize: narrow ? 11 : 13,
          interval: 0,
          rotate: narrow ? 60 : 0,
          ...(narrow ? {} : { width: Math.floor(900 / categories.length), overflow: "break" as const }),
        },
      },
      yAxis: {
        type: chart.logarithmic ? "log" : "value",
        ...(chart.logarithmic ? {} : { min: 0 }),
        axisLabel: { color: light.muted, fontSize: 13 },
        splitLine: { lineStyle: { color: light.grid } },
      },
      series: series.map(({ name, values }) => seriesOf(chart, name, values, narrow)),
    }),
  };
}

function seriesOf(
  { kind, unit, series }: BenchChart,
  name: string,
  values: readonly (number | null)[],
  narrow: boolean,
): SeriesOption {
  // A logarithm of nothing, and a bar of none, are left out.
  const data = values.map((value) => value ?? "-");
  if (kind === "lines")
    return { type: "line", name, silent: true, symbol: "circle", symbolSize: 6, lineStyle: { width: 2.5 }, data };
  const fits = !narrow && series.length * values.length <= 12;
  return {
    type: "bar",
    name,
    silent: true,
    barMaxWidth: 48,
    label: {
      show: fits,
      position: "top",
      color: light.ink,
      fontSize: 12,
      formatter: ({ value }) => (typeof value === "number" ? shown(value, unit) : ""),
    },
    data,
  };
}

/** Three digits are enough to see. */
const shown = (value: number | null, unit: string): string =>
  value === null ? "none" : `${Number(value.toPrecision(3)).toLocaleString("en")} ${unit}`;
