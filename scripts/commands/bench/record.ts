import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { mergeResults, type BenchRecord, type BenchResults } from "../../judges/benches/results";
import { benchPage } from "../../reports/bench-page";
import { writeReport } from "../../tools/files";
import { UsageError } from "../context";
import type { BenchResult } from "./result";

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
