import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tune } from "../../../scripts/tune/tune";
import { UsageError, SILENT } from "../../../scripts/kit/context";
import type { TuneOptions } from "../../../scripts/tune/options";
import { reportLine } from "../../support/lambda-stand-in";
import { PROJECT } from "../../support/stack-json";
import { temporaryFolder } from "../../support/temporary-folder";

const folder = temporaryFolder("tune");
mkdirSync(folder, { recursive: true });
const RUNS = join(PROJECT, "__tests__/fixtures/tuning/runs.jsonl");
const file = (name: string, content: string) => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const run = (options: Partial<TuneOptions> = {}) =>
  tune(
    { projectDirectory: PROJECT, environment: {}, progress: SILENT, signal: new AbortController().signal },
    { function: "worker", strategy: "cost", prompt: [], seed: 1, cleanup: false, replay: RUNS, ...options },
  );

test.each([
  [{ runs: "x" }, '--runs is "x"'],
  [{ sizes: "64" }, '--sizes is "64"'],
  [{ concurrency: "0" }, '--concurrency is "0"'],
  [{ runUsd: "-1" }, '--run-usd is "-1"'],
  [{ budgetUsd: "0" }, '--budget-usd is "0"'],
])("of a measuring %j is refused before any state is read", async (given, message) => {
  await expect(run({ replay: undefined, prompt: ["hello"], state: "/nowhere", ...given })).rejects.toThrow(message);
});

test("a replay chooses by the strategy, describes every size, and writes the setting", async () => {
  const write = join(folder, "tuned.tfvars");
  const { exitCode, text, json } = await run({ strategy: "balanced", write });
  expect(exitCode).toBe(0);
  expect(json).toMatchObject({
    verdict: "chosen",
    chosenMiB: 1024,
    choices: { cost: 512, speed: 1769, balanced: 1024 },
  });
  expect(text).toContain("memory_size = 1024 (balanced)");
  expect(text).toContain(
    "128 MB    time                      cost                      left out: 3 of 3 runs failed (Runtime.OutOfMemory); allowed: 10 %, and none for want of memory",
  );
  expect(text).toContain("mean 5.711 s (5.373 s to 6.042 s), P50 5.904 s, P90 6.494 s, P95 6.526 s, P99 6.724 s");
  expect(text).toContain("quickturn canary --var memory_size=1024");
  expect(
    readFileSync(write, "utf8"),
  ).toBe(`# By quickturn tune --strategy balanced of runs.jsonl. Apply: quickturn apply --var-file <this file>. Take
# back: leave the line out and apply again.

# memory_size: The least of cost and time in equal parts. Expected: 5.745 s and $0.0773 for 1,000 runs.
# Effect: new version.
memory_size = 1024
`);
});

test("the front door has its own setting, and the same file gives the same page", async () => {
  const html = join(folder, "page.html");
  const { text } = await run({ function: "api", html });
  expect(text).toContain("api_memory_size = 512 (cost)");
  const page = readFileSync(html, "utf8");
  // The chosen size's bar has a colour of its own, in the wide and the narrow drawing of both charts.
  expect(page).toContain(`Green: ${/memory_size = (\d+)/.exec(text)?.[1]} MB, the chosen size.`);
  expect(page.match(/<path [^>]*fill="#1b7a43"/g)).toHaveLength(4);
  expect(page).toMatch(/>6 s</);
  await run({ function: "api", html });
  expect(readFileSync(html, "utf8")).toBe(page);
  expect(page).toContain("<title>api_memory_size = 512 (cost)</title>");
  expect(page).toContain(
    "<p>128 MB: left out: 3 of 3 runs failed (Runtime.OutOfMemory); allowed: 10 %, and none for want of memory.</p>",
  );
  expect(page).not.toContain(folder);
});

test("too few runs are inconclusive, with exit code 3 and a tfvars file that sets nothing", async () => {
  const write = join(folder, "none.tfvars");
  const log = file(
    "few.log",
    [256, 512].flatMap((memory) => [reportLine(memory, 100, { initMs: 200 }), reportLine(memory, 90)]).join("\n"),
  );
  const { exitCode, text } = await run({ replay: log, write });
  expect(exitCode).toBe(3);
  expect(text).toContain("No size can be chosen, and a comparison takes two.");
  expect(text).toContain("left out: there are 1 warm runs; allowed: from 5");
  expect(readFileSync(write, "utf8")).not.toMatch(/^[^#\n]/m);
});

test("memory does not matter in a log of runs that take the same time at all sizes", async () => {
  const log = file(
    "flat.log",
    [256, 512, 1024]
      .flatMap((memory) =>
        Array.from({ length: 12 }, (_, index) => reportLine(memory, 5_000 + 40 * ((index * 7) % 12))),
      )
      .join("\n"),
  );
  const { text, json } = await run({ replay: log, strategy: "speed" });
  expect(json).toMatchObject({ verdict: "no_difference", chosenMiB: 256 });
  expect(text).toContain("Memory does not matter here: memory_size = 256");
});

test.each<[string, Partial<TuneOptions>, string | RegExp]>([
  [
    "a wrong line",
    { replay: "wrong.jsonl" },
    "Line 2 of wrong.jsonl is wrong: memory_mb is 0; allowed: a number above 0.",
  ],
  ["no run", { replay: "empty.log" }, /^There is no run in empty\.log; allowed: lines such as/],
  ["no file", { replay: "missing.jsonl" }, /missing\.jsonl cannot be read/],
  [
    "both ways",
    { budgetUsd: "3", prompt: ["x"] },
    "--replay was given with --budget-usd, --prompt; allowed: one of them, because a replay measures nothing.",
  ],
  [
    "a tfvars file of another name",
    { write: "x.json" },
    "--write is x.json; allowed: a file that ends on .tfvars, which is how Terraform knows its format.",
  ],
  ["an unknown strategy", { strategy: "fast" as "cost" }, "--strategy is fast; allowed: cost, speed, balanced."],
  ["an unknown function", { function: "sweeper" as "api" }, "--function is sweeper; allowed: worker, api."],
  ["a share above all", { coldShare: "2" }, '--cold-share is "2"; allowed: a share from 0 to 1, such as 0.05.'],
  ["a worker without a prompt", { replay: undefined }, /^The worker is measured by real runs: give --prompt <text>/],
  [
    "a front door without events",
    { replay: undefined, function: "api" },
    /^The front door is measured by events: give --payload <file>/,
  ],
])("%s is refused with what is allowed", async (_, { replay, ...options }, message) => {
  file("wrong.jsonl", '{"memory_mb": 512, "duration_ms": 5}\n{"memory_mb": 0, "duration_ms": 5}\n');
  file("empty.log", "START RequestId: 1 Version: 1\n");
  const measures = /without/.test(_);
  const given = {
    ...options,
    ...(measures ? { replay: undefined } : replay === undefined ? {} : { replay: join(folder, replay) }),
  } as Partial<TuneOptions>;
  await expect(run(given)).rejects.toThrow(message);
  await expect(run(given)).rejects.toBeInstanceOf(UsageError);
});
