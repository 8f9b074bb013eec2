import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readResults, recordOf, writeResults, benchResult } from "../../../bench/results";
import { temporaryFolder } from "../../support/temporary-folder";

const folder = temporaryFolder("bench-record");
const result = (measured: string) =>
  benchResult("agents", { method: "Once.", figures: [{ compares: "a / b", measured }], charts: [], data: { runs: 1 } });

test("a record says when and on what it was measured", () => {
  expect(recordOf(result("1x"), 61.4)).toEqual({
    measuredOn: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
    machine: expect.stringMatching(/^\d+ CPUs, \w+ \w+, Node [\d.]+$/),
    seconds: 61,
    method: "Once.",
    figures: [{ compares: "a / b", measured: "1x" }],
    charts: [],
    data: { runs: 1 },
  });
});

test("what was measured now is written beside what was before, as JSON and as a page", async () => {
  const here = join(folder, "new", "bench");
  await writeResults(here, { agents: recordOf(result("1x"), 1), wake: recordOf(result("2x"), 1) }, ["agents", "wake"]);
  const written = await writeResults(here, { agents: recordOf(result("3x"), 1) }, ["agents", "wake"]);
  expect(written).toEqual([join(here, "results.json"), join(here, "report.html")]);
  expect(Object.entries(readResults(here)).map(([name, { figures }]) => [name, figures[0]?.measured])).toEqual([
    ["agents", "3x"],
    ["wake", "2x"],
  ]);
  expect(readFileSync(written[1]!, "utf8")).toContain("3x");
});

test("where nothing was written there are no results, and a broken file is told with what to do", () => {
  expect(readResults(join(folder, "nowhere"))).toEqual({});
  mkdirSync(join(folder, "broken"), { recursive: true });
  writeFileSync(join(folder, "broken", "results.json"), "{");
  expect(() => readResults(join(folder, "broken"))).toThrow(
    /results\.json is no JSON\. Delete it, or take the committed one back: git checkout -- /,
  );
});
