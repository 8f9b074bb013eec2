import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { RehearsalReport } from "./rehearse";
import { PROJECT } from "../../support/stack-json";

/**
 * `npm run rehearse` as a person starts it: real plans and applies, real processes, the canary and the gate that a
 * pipeline uses.
 */
test("a version that fails every request is rolled back by itself, a few callers have it, and nobody else notices", async () => {
  const run = promisify(execFile)(
    process.execPath,
    ["--import", "tsx", "__tests__/proof/cli.ts", "--json", "rehearse", "--only", "errors"],
    { cwd: PROJECT, maxBuffer: 1 << 26 },
  );
  const { stdout } = await run.catch((error: { stdout: string }) => error);
  const { verdict, timelines } = JSON.parse(stdout) as RehearsalReport;
  expect({
    holds: verdict.holds,
    problems: [...verdict.problems, ...verdict.releases.flatMap(({ problems }) => problems)],
  }).toEqual({ holds: true, problems: [] });
  const [release] = verdict.releases;
  expect(release).toMatchObject({ end: "rolled back", exitCode: 1, stable: "1", candidate: "2", live: "1" });
  // All of its requests failed, and no other one.
  expect(release?.failed).toBe(release?.requests);
  expect(verdict.versions.find(({ version }) => version === "1")).toMatchObject({ failed: 0 });
  // Nobody waited for the whole of the canary: it had its first share, and never a larger one.
  expect(Math.max(...timelines.flatMap(({ lines }) => lines.map(({ weight }) => weight)))).toBe(20);
});
