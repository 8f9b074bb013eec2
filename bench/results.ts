import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { type CommandResult, UsageError } from "../scripts/kit/context";
import { writeReport } from "../scripts/kit/files";
import { figuresText } from "./report";

/** One row of the table of benchmarks. */
export interface BenchFigure {
  /** What is compared, without the result: "7 agents x 2 phases, one by one / all at once". */
  readonly compares: string;
  /** The result with its unit: "6.98x". */
  readonly measured: string;
  /** The bound with its unit: ">= 6.9x". Default: the figure has no bound. */
  readonly mustReach?: string;
  /** The best possible value, measured in the same run or calculated: "7x". */
  readonly limit?: string;
  /** Whether the bound holds; undefined where there is none, or where nothing was measured. */
  readonly holds?: boolean;
  /** Why the bound is missed, or why nothing was measured; not shown where the bound holds. */
  readonly cause?: string;
}

/** What a benchmark measured. */
interface Measured {
  /** One or two sentences: what was run, how often, and what the values are (medians of ...). */
  readonly method: string;
  readonly figures: readonly BenchFigure[];
  /** The measurements, for programs. */
  readonly data: object;
}

/** The result of a benchmark, with its text for a terminal. */
export type BenchResult = CommandResult & Measured;

/** A result as it is kept. */
interface BenchRecord extends Measured {
  /** ISO 8601: 2026-11-22. */
  readonly measuredOn: string;
  /** "2 CPUs, linux x64, Node 20.19.0". */
  readonly machine: string;
  /** Duration of the benchmark. */
  readonly seconds: number;
}

/** The newest record of each benchmark, by name. */
export type BenchResults = Readonly<Record<string, BenchRecord>>;

/** The result of the benchmark `name`; its exit code is 1 where a bound is missed. */
export function benchResult(name: string, measured: Measured): BenchResult {
  const { method, data } = measured;
  const figures = measured.figures.map(({ cause, ...figure }) => ({
    ...figure,
    ...(cause !== undefined && figure.holds !== true && { cause }),
  }));
  const holds = figures.every((figure) => figure.holds !== false);
  return {
    ...measured,
    figures,
    exitCode: holds ? 0 : 1,
    text: `${name}: ${figuresText(method, figures)}`,
    json: { bench: name, holds, method, figures, ...data },
  };
}

/** The table in docs/benchmarks.md is generated from it. */
const RESULTS = "results.json";

/** What is recorded, and where. */
interface Recording {
  readonly folder: string;
  readonly name: string;
  readonly result: BenchResult;
  readonly seconds: number;
  /** Names of all benchmarks, in the order of the table; records of other names come last. */
  readonly order: readonly string[];
}

/** Writes a result beside the records of other benchmarks. @returns the path of the file */
export function recordResult({ folder, name, result, seconds, order }: Recording): string {
  const { method, figures, data } = result;
  const record: BenchRecord = {
    measuredOn: new Date().toISOString().slice(0, 10),
    machine: `${cpus().length} CPUs, ${process.platform} ${process.arch}, Node ${process.versions.node}`,
    seconds: Math.round(seconds),
    method,
    figures,
    data,
  };
  const position = (each: string) => (order.includes(each) ? order.indexOf(each) : order.length);
  const records = Object.entries({ ...readResults(folder), [name]: record });
  records.sort(([left], [right]) => position(left) - position(right));
  const path = join(folder, RESULTS);
  mkdirSync(folder, { recursive: true });
  writeReport(path, `${JSON.stringify(Object.fromEntries(records), null, 1)}\n`);
  return path;
}

/** The records of a folder; none where it has no file of them. @throws UsageError where the file is not JSON */
export function readResults(folder: string): BenchResults {
  const path = join(folder, RESULTS);
  if (!existsSync(path)) return {};
  try {
    return JSON.parse(readFileSync(path, "utf8")) as BenchResults;
  } catch (cause) {
    throw new UsageError(`${path} is not JSON. Delete it, or restore the committed one: git checkout -- ${path}`, {
      cause,
    });
  }
}

/** How often subjects are measured. */
interface Turns {
  readonly rounds: number;
  readonly signal: AbortSignal;
  /** Told before each measurement, with the round and the subject. */
  readonly detail?: (text: string) => void;
}

/**
 * Measures every subject once in each round, so that a busy moment of the machine affects all of them. Every second
 * round goes through them in reverse.
 * @returns the values of each subject, in the order of the subjects
 */
export async function measureInTurn<Subject extends { readonly name: string }, Value>(
  subjects: readonly Subject[],
  { rounds, signal, detail }: Turns,
  measure: (subject: Subject, round: number) => Promise<Value>,
): Promise<Value[][]> {
  const values = subjects.map((): Value[] => []);
  for (let round = 0; round < rounds; round++) {
    const entries = [...subjects.entries()];
    for (const [index, subject] of round % 2 === 0 ? entries : entries.reverse()) {
      signal.throwIfAborted();
      detail?.(`round ${round + 1} of ${rounds}: ${subject.name}`);
      values[index]!.push(await measure(subject, round));
    }
  }
  return values;
}

/** Runs work and tells how long it took. @returns milliseconds */
export async function timeMs(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}
