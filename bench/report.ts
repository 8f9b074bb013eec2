import type { EChartsOption, SeriesOption } from "echarts";
import type { BenchChart, BenchFigure, BenchRecord, BenchResults } from "./results";
import { type Chart, COLOURS, figure, escapeHtml, htmlPage, htmlTable, section, tiles } from "../scripts/kit/page";
import { table } from "../scripts/publish/tables";

const light = Object.fromEntries(Object.entries(COLOURS).map(([name, { light: colour }]) => [name, colour])) as {
  readonly [Name in keyof typeof COLOURS]: string;
};
const PALETTE = [light.line, light.fast, light.slow, light.warning, light.muted, light.bar];

/** @param id unique in the page */
function benchChart(id: string, chart: BenchChart): Chart {
  const { title, unit, categories, series } = chart;
  const spokenSeries = series.map(({ name, values }) => {
    const spokenValues = categories.map((category, index) => `${category} ${valueText(values[index] ?? null, unit)}`);
    return `${name}: ${spokenValues.join(", ")}`;
  });
  return {
    id,
    label: `${title}, in ${unit}. ${spokenSeries.join(". ")}.`,
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
      series: series.map((each) => seriesOption(chart, each, narrow)),
    }),
  };
}

function seriesOption(
  { kind, unit, series }: BenchChart,
  { name, values }: BenchChart["series"][number],
  narrow: boolean,
): SeriesOption {
  // ECharts leaves out "-".
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
      formatter: ({ value }) => (typeof value === "number" ? valueText(value, unit) : ""),
    },
    data,
  };
}

/** Three digits are enough for a chart. */
const valueText = (value: number | null, unit: string): string =>
  value === null ? "none" : `${Number(value.toPrecision(3)).toLocaleString("en")} ${unit}`;

/** The newest results of all benchmarks as one HTML file. */
export async function benchPage(results: BenchResults): Promise<string> {
  const records = Object.entries(results);
  const figures = records.flatMap(([, record]) => record.figures);
  const sections: string[] = [];
  for (const [name, record] of records) sections.push(await benchSection(name, record));
  const bounded = figures.filter(({ holds }) => holds !== undefined);
  const missed = bounded.filter(({ holds }) => holds === false).length;
  return htmlPage({
    title: missed === 0 ? `All ${bounded.length} bounds hold` : `${missed} of ${bounded.length} bounds are missed`,
    subtitle:
      "Quickturn's benchmarks: two ways, side by side, in one run. Each figure is given with the bound that it must " +
      "reach and the best that is possible.",
    sections: [tiles(records.flatMap(([name, record]) => headlineTile(name, record))), ...sections],
    style:
      "td{white-space:normal;vertical-align:top}td:nth-child(2){font-weight:600;white-space:nowrap}" +
      ".tiles{grid-template-columns:repeat(auto-fill,minmax(150px,1fr))}",
  });
}

/** The first figure of a benchmark is its headline. */
const headlineTile = (name: string, { figures: [first] }: BenchRecord) =>
  first === undefined
    ? []
    : [{ name, value: first.measured, note: [verdictWord(first), first.mustReach].filter(Boolean).join(", ") }];

async function benchSection(
  name: string,
  { figures, charts, method, measuredOn, machine, seconds }: BenchRecord,
): Promise<string> {
  const drawn: string[] = [];
  for (const [index, chart] of charts.entries())
    drawn.push(await figure(benchChart(`${name}-${String.fromCharCode(97 + index)}`, chart)));
  const table = htmlTable(name, COLUMNS, figures.map(figureCells));
  return section(
    name,
    `<p>${escapeHtml(method)}</p>`,
    ...drawn,
    table,
    `<p class="muted">${escapeHtml(`${measuredOn}, ${machine}, ${seconds} s`)}</p>`,
  );
}

const COLUMNS = ["what is compared", "measured", "must reach", "limit", ""];

function figureCells(figure: BenchFigure): string[] {
  return [
    figure.compares,
    figure.measured,
    figure.mustReach ?? "",
    figure.limit ?? "",
    [verdictWord(figure), figure.cause ?? ""].filter(Boolean).join(": "),
  ];
}

/** Whether a figure's bound holds, in a word; empty where there is none. */
const verdictWord = ({ holds }: BenchFigure): string => (holds === undefined ? "" : holds ? "ok" : "MISS");

/** The figures of one benchmark, for a terminal. */
export function figuresText(method: string, figures: readonly BenchFigure[]): string {
  const width = Math.max(...figures.map(({ measured }) => measured.length));
  const rows = figures.map((figure) => {
    const { compares, measured, mustReach, limit, cause } = figure;
    const bounds = [mustReach && `must reach ${mustReach}`, limit && `limit ${limit}`].filter(Boolean).join("; ");
    return [
      [`  ${verdictWord(figure).padEnd(4)} ${measured.padStart(width)}   ${compares}`, bounds]
        .filter(Boolean)
        .join("; "),
      ...(cause === undefined ? [] : [`       ${" ".repeat(width)}  ${cause}`]),
    ].join("\n");
  });
  return [method, ...rows].join("\n");
}

/** The table of the newest results in docs/benchmarks.md, in Markdown, with how each was measured below it. */
export function benchTable(results: BenchResults): string {
  const records = Object.entries(results);
  if (records.length === 0) return "Nothing has been measured yet.";
  const rows = records.flatMap(([name, { figures }]) =>
    figures.map((figure, index) => [index === 0 ? `\`${name}\`` : "", ...figureCells(figure)]),
  );
  const methods = records.map(
    ([name, { method, measuredOn, machine, seconds }]) =>
      `- \`${name}\`, ${measuredOn}, ${machine}, ${Math.round(seconds)} s: ${method}`,
  );
  return `${table(["benchmark", ...COLUMNS], rows)}\n\n${methods.join("\n")}`;
}
