import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { CommandContext } from "../scripts/kit/context";
import { benchResult, type BenchResult } from "./results";

/** What the last whole run of the tests left (__tests__/runner/closing-line.js). */
const RECORD = join(".quickturn", "tests-test.json");
/** Seconds. */
const MAX_SECONDS = 360;

/** The last whole run of the tests. */
export interface TestRun {
  /** ISO 8601: 2026-11-22. */
  readonly measuredOn: string;
  readonly seconds: number;
  readonly passed: number;
  readonly failed: number;
}

/**
 * The time of the last whole `npm test` on this machine, which is longer than all other benchmarks together and so is
 * not run again here.
 */
export async function benchTests({ projectDirectory }: CommandContext): Promise<BenchResult> {
  const path = join(projectDirectory, RECORD);
  return verdict(existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as TestRun) : undefined);
}

/** What the record says. A run that failed says nothing about the time of one that passes. */
export function verdict(run: TestRun | undefined): BenchResult {
  const method = "Wall time of the last whole `npm test` on this machine, as the test runner recorded it.";
  const compares = "npm test";
  const mustReach = `<= ${MAX_SECONDS / 60} min`;
  if (run === undefined)
    return benchResult("tests", {
      method,
      figures: [
        { compares, measured: "not measured", mustReach, cause: "npm test was not run here since it was checked out" },
      ],
      charts: [],
      data: {},
    });
  const { seconds, passed, failed, measuredOn } = run;
  const figure = {
    compares: `${compares}, ${passed} tests, ${measuredOn}`,
    measured: `${(seconds / 60).toFixed(1)} min`,
    mustReach,
  };
  if (failed > 0)
    return benchResult("tests", {
      method,
      figures: [{ ...figure, cause: `${failed} failed: run it again` }],
      charts: [],
      data: run,
    });
  const holds = seconds <= MAX_SECONDS;
  return benchResult("tests", {
    method,
    figures: [
      {
        ...figure,
        holds,
        ...(!holds && {
          cause: "the provider's own work on the whole stack for each plan, and its waits for queues and buckets",
        }),
      },
    ],
    charts: [],
    data: run,
  });
}
