import type { BenchFigure } from "../judges/benches/figures";
import type { BenchResults } from "../judges/benches/results";
import { table } from "./tables";

/** Whether a figure's bound holds, in a word; nothing where there is none. */
export const verdictOf = ({ holds }: BenchFigure): string => (holds === undefined ? "" : holds ? "ok" : "MISS");

/** The figures of one benchmark, for a terminal. */
export function figuresText(method: string, figures: readonly BenchFigure[]): string {
  const width = Math.max(...figures.map(({ measured }) => measured.length));
  const rows = figures.map((figure) => {
    const { compares, measured, mustReach, limit, cause } = figure;
    const bounds = [mustReach && `must reach ${mustReach}`, limit && `limit ${limit}`].filter(Boolean).join("; ");
    return [
      `  ${verdictOf(figure).padEnd(4)} ${measured.padStart(width)}   ${compares}${bounds === "" ? "" : `; ${bounds}`}`,
      ...(cause === undefined ? [] : [`       ${" ".repeat(width)}  ${cause}`]),
    ].join("\n");
  });
  return [method, ...rows].join("\n");
}

/** The table of the newest results in docs/benchmarks.md, in Markdown, with how each was measured below it. */
export function benchTable(results: BenchResults): string {
  const records = Object.entries(results);
  if (records.length === 0) return "Nothing was measured yet.";
  const rows = records.flatMap(([name, { figures }]) =>
    figures.map((figure, index) => [
      index === 0 ? `\`${name}\`` : "",
      figure.compares,
      figure.measured,
      figure.mustReach ?? "",
      figure.limit ?? "",
      [verdictOf(figure), figure.cause ?? ""].filter(Boolean).join(": "),
    ]),
  );
  const methods = records.map(
    ([name, { method, measuredOn, machine, seconds }]) =>
      `- \`${name}\`, ${measuredOn}, ${machine}, ${Math.round(seconds)} s: ${method}`,
  );
  return `${table(["benchmark", "what is compared", "measured", "must reach", "limit", ""], rows)}\n\n${methods.join("\n")}`;
}
