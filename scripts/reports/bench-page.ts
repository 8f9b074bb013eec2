import type { BenchFigure } from "../judges/benches/figures";
import type { BenchRecord, BenchResults } from "../judges/benches/results";
import { benchChart } from "./bench-charts";
import { verdictOf } from "./bench-table";
import { figure } from "./charts";
import { escapeHtml, htmlPage, htmlTable, section, tiles } from "./page";

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
      "Quickturn's benchmarks: two ways, side by side, in one run. Each figure is given with the bound that it must reach and the best that is possible.",
    sections: [tiles(records.flatMap(([name, record]) => tileOf(name, record))), ...sections],
    style:
      "td{white-space:normal;vertical-align:top}td:nth-child(2){font-weight:600;white-space:nowrap}.tiles{grid-template-columns:repeat(auto-fill,minmax(150px,1fr))}",
  });
}

/** The first figure of a benchmark is its headline. */
const tileOf = (name: string, { figures: [first] }: BenchRecord) =>
  first === undefined
    ? []
    : [{ name, value: first.measured, note: [verdictOf(first), first.mustReach].filter(Boolean).join(", ") }];

async function benchSection(
  name: string,
  { figures, charts, method, measuredOn, machine, seconds }: BenchRecord,
): Promise<string> {
  const drawn: string[] = [];
  for (const [index, chart] of charts.entries())
    drawn.push(await figure(benchChart(`${name}-${String.fromCharCode(97 + index)}`, chart)));
  const table = htmlTable(name, ["what is compared", "measured", "must reach", "limit", ""], figures.map(rowOf));
  return section(
    name,
    `<p>${escapeHtml(method)}</p>`,
    ...drawn,
    table,
    `<p class="muted">${escapeHtml(`${measuredOn}, ${machine}, ${seconds} s`)}</p>`,
  );
}

function rowOf(figure: BenchFigure): string[] {
  return [
    figure.compares,
    figure.measured,
    figure.mustReach ?? "",
    figure.limit ?? "",
    [verdictOf(figure), figure.cause ?? ""].filter(Boolean).join(": "),
  ];
}
