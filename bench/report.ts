import { table } from "../scripts/publish/tables";
import type { BenchFigure, BenchResults } from "./results";

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
