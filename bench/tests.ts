import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { CommandContext } from "../scripts/kit/context";
import { benchResult, type BenchFigure, type BenchResult } from "./results";

/** What the last complete run of the tests wrote (__tests__/runner/closing-line.js). */
const RECORD = join(".quickturn", "tests-test.json");
const MAX_SECONDS = 360;

/** A complete run of the tests. */
interface TestRun {
  /** ISO 8601: 2026-11-22. */
  readonly measuredOn: string;
  readonly seconds: number;
  readonly passed: number;
  readonly failed: number;
}

/** Reads the duration of the last `npm test` on this machine, which takes longer than all benchmarks together. */
export async function benchTests({ projectDirectory }: CommandContext): Promise<BenchResult> {
  const path = join(projectDirectory, RECORD);
  return judgeTests(existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as TestRun) : undefined);
}

/** Compares the duration with its bound. A failed run says nothing about the duration of one that passes. */
export function judgeTests(testRun: TestRun | undefined): BenchResult {
  return benchResult("tests", {
    method: "Wall time of the last complete `npm test` on this machine, as the test runner recorded it.",
    figures: [{ mustReach: `<= ${MAX_SECONDS / 60} min`, ...figureOf(testRun) }],
    data: testRun ?? {},
  });
}

function figureOf(testRun: TestRun | undefined): BenchFigure {
  if (testRun === undefined)
    return { compares: "npm test", measured: "not measured", cause: "npm test has not run in this clone yet" };
  const { seconds, passed, failed, measuredOn } = testRun;
  const slow = "the provider's own work on the whole stack for each plan, and its waits for queues and buckets";
  return {
    compares: `npm test, ${passed} tests, ${measuredOn}`,
    measured: `${(seconds / 60).toFixed(1)} min`,
    ...(failed > 0 ? { cause: `${failed} failed: run it again` } : { holds: seconds <= MAX_SECONDS, cause: slow }),
  };
}
