import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { benchTests, verdict } from "../../../bench/tests";
import { SILENT } from "../../../scripts/kit/context";
import { temporaryFolder } from "../../support/temporary-folder";

const folder = temporaryFolder("bench-tests");
const run = { measuredOn: "2026-11-22", seconds: 330, passed: 5_000, failed: 0 };

test("a run within six minutes holds, a longer one is a miss with its cause", () => {
  expect(verdict(run)).toMatchObject({
    exitCode: 0,
    figures: [{ measured: "5.5 min", mustReach: "<= 6 min", holds: true }],
  });
  expect(verdict({ ...run, seconds: 1_800 })).toMatchObject({
    exitCode: 1,
    figures: [{ measured: "30.0 min", holds: false, cause: expect.stringContaining("provider") as unknown }],
  });
});

test("a run that failed, and none, say nothing about the time, and why", () => {
  expect(verdict({ ...run, failed: 2 })).toMatchObject({ exitCode: 0, figures: [{ cause: "2 failed: run it again" }] });
  expect(verdict(undefined)).toMatchObject({
    exitCode: 0,
    figures: [{ measured: "not measured", cause: expect.stringContaining("npm test was not run here") as unknown }],
  });
});

test("it reads what the test runner left", async () => {
  mkdirSync(join(folder, ".quickturn"));
  writeFileSync(join(folder, ".quickturn", "tests-test.json"), JSON.stringify(run));
  const context = { projectDirectory: folder, environment: {}, progress: SILENT, signal: new AbortController().signal };
  expect((await benchTests(context)).figures[0]).toMatchObject({
    compares: "npm test, 5000 tests, 2026-11-22",
    measured: "5.5 min",
  });
});
