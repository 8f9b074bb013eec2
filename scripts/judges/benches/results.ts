import type { BenchChart, BenchFigure } from "./figures";

/** What one benchmark found, and when and where. */
export interface BenchRecord {
  /** ISO 8601: 2026-11-22. */
  readonly measuredOn: string;
  /** What it ran on: "2 CPUs, linux x64, Node 20.19.0". */
  readonly machine: string;
  /** That the benchmark took. */
  readonly seconds: number;
  readonly method: string;
  readonly figures: readonly BenchFigure[];
  readonly charts: readonly BenchChart[];
  /** What was measured. */
  readonly data: object;
}

/** The newest record of each benchmark, by name. */
export type BenchResults = Readonly<Record<string, BenchRecord>>;

/**
 * The newer records in place of the older ones; the others stay. In the order of `names`, those that are not in it
 * last.
 */
export function mergeResults(older: BenchResults, newer: BenchResults, names: readonly string[]): BenchResults {
  const merged = { ...older, ...newer };
  const known = names.filter((name) => merged[name] !== undefined);
  return Object.fromEntries(
    [
      ...known,
      ...Object.keys(merged)
        .filter((name) => !names.includes(name))
        .sort(),
    ].map((name) => [name, merged[name]!]),
  );
}
