import { allHold, type BenchChart, type BenchFigure } from "../../judges/benches/figures";
import { figuresText } from "../../reports/bench-table";
import type { CommandResult } from "../context";

/** What a benchmark found: for a terminal, for a program, and for the table and the page of all benchmarks. */
export interface BenchResult extends CommandResult {
  /** One or two sentences: what was run, how often, and what the values are (medians of ...). */
  readonly method: string;
  readonly figures: readonly BenchFigure[];
  readonly charts: readonly BenchChart[];
  /** What was measured, for programs. */
  readonly data: object;
}

/**
 * The result of the benchmark `name`: exit code 1 where a bound is missed. Without a text of its own, its figures are
 * its text.
 */
export function benchResult(
  name: string,
  {
    method,
    figures,
    charts,
    text,
    data,
  }: Pick<BenchResult, "method" | "figures" | "charts" | "data"> & { readonly text?: string },
): BenchResult {
  const holds = allHold(figures);
  return {
    exitCode: holds ? 0 : 1,
    text: text ?? `${name}: ${figuresText(method, figures)}`,
    json: { bench: name, holds, method, figures, ...data },
    method,
    figures,
    charts,
    data,
  };
}
