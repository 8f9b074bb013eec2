import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { SoakReport } from "./soak";
import { PROJECT } from "../../support/stack-json";

/** `npm run soak` as a person starts it: the applied stack, real processes killed and frozen, calls disturbed. */
test("under kills, freezes and faults no request is lost, split, stuck or ended twice, and every caller has an end", async () => {
  const run = promisify(execFile)(
    process.execPath,
    [
      "--import",
      "tsx",
      "__tests__/proof/cli.ts",
      "--json",
      "soak",
      "--requests",
      "60",
      "--concurrency",
      "12",
      "--faults",
    ],
    { cwd: PROJECT, maxBuffer: 1 << 26 },
  );
  const { stdout } = await run.catch((error: { stdout: string }) => error);
  const report = JSON.parse(stdout) as SoakReport;
  expect(report.verdict).toMatchObject({
    requests: 60,
    broken: { lost: [], stuck: [], split: [], went_back: [], changed: [], wrong_answer: [], ended_twice: [] },
  });
  expect(report.records["queued"] ?? 0).toBe(0);
  expect(report.records["processing"] ?? 0).toBe(0);
  // It did what it says: else the promises would be cheap.
  expect(Object.values(report.chaos).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(0);
  expect(Object.values(report.network).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(0);
});
