import { join } from "node:path";
import { bench } from "../../../bench/bench";
import { readResults } from "../../../bench/results";
import { SILENT } from "../../../scripts/kit/context";
import { temporaryFolder } from "../../support/temporary-folder";

const context = {
  projectDirectory: temporaryFolder("bench"),
  environment: {},
  progress: SILENT,
  signal: new AbortController().signal,
};

test("benchmarks run in the order in which they were named, each once, and each is written as it ends", async () => {
  const folder = join(context.projectDirectory, "bench");
  const { exitCode, text, json } = await bench(context, { names: ["tests", "cost", "tests"], write: folder });
  expect(exitCode).toBe(0);
  expect((json as { benches: { bench: string }[] }).benches.map((each) => each.bench)).toEqual(["tests", "cost"]);
  expect(Object.keys(readResults(folder))).toEqual(["cost", "tests"]);
  expect(text).toMatch(/^tests: .*not measured.*\n\ncost: .*\n\nWritten: .*results\.json, .*report\.html$/s);
});

test("without a folder nothing is written, and a name that is none is told with those that are", async () => {
  expect((await bench(context, { names: ["cost"] })).text).not.toContain("Written");
  await expect(bench(context, { names: ["coast"] })).rejects.toThrow(
    /^There is no benchmark coast\. Allowed: agents, cache, pool, wake, cold, /,
  );
});
