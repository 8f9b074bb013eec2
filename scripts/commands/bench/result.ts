import { allHold, type BenchChart, type BenchFigure } from "../../judges/benches/figures";
import type { CommandResult } from "../context";

/** What a benchmark found: for a terminal, for a program, and for the table and the page of all benchmarks. */
export interface BenchResult extends CommandResult {
  /** One or two sentences: what was run, how often, and what the values are (medians of ...). */
  readonly method: string;
  readonly figures: readonly BenchFigure[];
  readonly charts: readonly BenchChart[];
}

/** The result of the benchmark `name`: exit code 1 where a bound is missed. `data` is what was measured, for programs. */
export function benchResult(name: string, { method, figures, charts, text, data }: Pick<BenchResult, "method" | "figures" | "charts" | "text"> & { readonly data: object }): BenchResult {
  const holds = allHold(figures);
  return { exitCode: holds ? 0 : 1, text, json: { bench: name, holds, ...data }, method, figures, charts };
}
