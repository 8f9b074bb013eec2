import { figuresText, benchPage } from "./report";
import { type CommandResult, UsageError } from "../scripts/kit/context";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { writeReport } from "../scripts/kit/files";

/** One row of the benchmarks' table. */
export interface BenchFigure {
  /** What is compared, without its values: "7 agents x 2 phases, one by one / all at once". */
  readonly compares: string;
  /** As measured, with its unit: "6.98x". */
  readonly measured: string;
  /** The bound, with its unit: ">= 6.9x". Left out where the figure is only told. */
  readonly mustReach?: string;
  /** What the best possible would be, measured in the same run or reckoned: "7x". */
  readonly limit?: string;
  /** Whether the bound holds. Left out where there is none. */
  readonly holds?: boolean;
  /** Why it does not, where that is known. */
  readonly cause?: string;
}

/** What a chart of the benchmarks' page draws. */
export interface BenchChart {
  readonly title: string;
  /** Of the values: "ms", "requests", "MiB". */
  readonly unit: string;
  /** Bars side by side for each category, or a line over the categories. */
  readonly kind: "bars" | "lines";
  readonly categories: readonly string[];
  /** One value a category; null where there is none. */
  readonly series: readonly { readonly name: string; readonly values: readonly (number | null)[] }[];
  /** The axis of the values is logarithmic: for values that differ by more than a factor of 20. Default: linear. */
  readonly logarithmic?: boolean;
}

/** Whether every bound holds. */
export const allHold = (figures: readonly BenchFigure[]): boolean => figures.every(({ holds }) => holds !== false);

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

/** Of the folder with what was measured: the table in docs/benchmarks.md is made of it. */
const RESULTS = "results.json";
const PAGE = "report.html";

/** The result as it is kept, measured now and here. */
export function recordOf({ method, figures, charts, data }: BenchResult, seconds: number): BenchRecord {
  return {
    measuredOn: new Date().toISOString().slice(0, 10),
    machine: `${cpus().length} CPUs, ${process.platform} ${process.arch}, Node ${process.versions.node}`,
    seconds: Math.round(seconds),
    method,
    figures,
    charts,
    data,
  };
}

/** Writes the records beside those of benchmarks that were not run now, and the page of all. @returns the paths */
export async function writeResults(folder: string, records: BenchResults, names: readonly string[]): Promise<string[]> {
  const merged = mergeResults(readResults(folder), records, names);
  mkdirSync(folder, { recursive: true });
  writeReport(join(folder, RESULTS), `${JSON.stringify(merged, null, 1)}\n`);
  writeReport(join(folder, PAGE), await benchPage(merged));
  return [RESULTS, PAGE].map((name) => join(folder, name));
}

/** What was written into a folder before; nothing where there is none. @throws UsageError where it is no JSON */
export function readResults(folder: string): BenchResults {
  const path = join(folder, RESULTS);
  if (!existsSync(path)) return {};
  try {
    return JSON.parse(readFileSync(path, "utf8")) as BenchResults;
  } catch (cause) {
    throw new UsageError(`${path} is no JSON. Delete it, or take the committed one back: git checkout -- ${path}`, {
      cause,
    });
  }
}
