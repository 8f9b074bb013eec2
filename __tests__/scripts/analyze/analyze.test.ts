import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { analyze, type AnalyzeOptions } from "../../../scripts/analyze/analyze";
import { findPercentile } from "../../../scripts/analyze/analysis";
import { type CommandContext, SILENT } from "../../../scripts/kit/context";
import type { AnalysisReport } from "../../../scripts/analyze/text";
import { jsonLog, mixedRuns, slowRuns, textLog } from "../../support/published-runs";
import { PROJECT } from "../../support/stack-json";
import { temporaryFolder } from "../../support/temporary-folder";

const folder = temporaryFolder("analyze");
const FIXTURES = join(PROJECT, "__tests__/scripts/analyze");
const SLOW = join(FIXTURES, "slow-runs.log");
const MODES = join(FIXTURES, "two-modes.jsonl");
const context: CommandContext = {
  projectDirectory: PROJECT,
  environment: {},
  progress: SILENT,
  signal: new AbortController().signal,
};

async function run(options: AnalyzeOptions) {
  const { exitCode, json, text } = await analyze(context, options);
  return { exitCode, text, report: json as AnalysisReport };
}
const file = (name: string, content: string) => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};
const p = (report: AnalysisReport, percentile: 50 | 95 | 99) => findPercentile(report.analysis, percentile).valueMs;

test("both fixtures equal what their generator writes; UPDATE_FIXTURES=1 writes them", () => {
  const fixtures = [
    [SLOW, textLog(slowRuns(), 512)],
    [MODES, jsonLog(mixedRuns(), 1_024)],
  ] as const;
  for (const [path, content] of fixtures) {
    if (process.env.UPDATE_FIXTURES === "1") writeFileSync(path, content);
    expect(readFileSync(path, "utf8")).toBe(content);
  }
});

describe('the published "40 of 44 runs (90.9 %) over 60 s, 61.5-247.3 s, mean 165.2 s, P95 230.2 s"', () => {
  test("the analysis of the runs over 60 s has every figure", async () => {
    const { report } = await run({ files: [SLOW] });
    const { overThreshold: over, count, maxMs } = report.analysis;
    expect([over.count, count, over.percent.toFixed(1)]).toEqual([40, 44, "90.9"]);
    const { minMs, maxMs: slowest, meanMs, p95Ms } = over.durations!;
    expect([minMs, slowest, meanMs, p95Ms].map((ms) => (ms / 1_000).toFixed(1))).toEqual([
      "61.5",
      "247.3",
      "165.2",
      "230.2",
    ]);
    // All 44 runs have the same largest value and P95, but another smallest and mean.
    expect([maxMs, p(report, 95)].map((ms) => (ms / 1_000).toFixed(1))).toEqual(["247.3", "230.2"]);
    expect(report.analysis.minMs).toBeLessThan(60_000);
    expect(report.analysis.meanMs).toBeLessThan(155_700);
  });

  test("memory of 512 MB is the first cause, and the recommended size is the one that was later chosen", async () => {
    const { report, text } = await run({ files: [SLOW] });
    expect(report.causes[0]).toMatchObject({
      id: "memory_pressure",
      strength: "strong",
      name: "Memory of 512 MB is nearly used up",
    });
    expect(report.causes.slice(1).every(({ strength }) => strength === "hypothesis")).toBe(true);
    expect(report.recommended.settings.find(({ setting }) => setting === "memory_size")).toMatchObject({
      value: 1_536,
      certainty: "high",
    });
    expect(text).toContain("40 of 44 (90.9 %)");
    expect(text).toContain("61.50 s to 247.3 s, mean 165.2 s, P95 230.2 s");
  });
});

describe('the published "P50 7.263 s against P99 49.1645 s (6.8x)"', () => {
  test("the analysis has every figure, to its last digit", async () => {
    const { report } = await run({ files: [MODES] });
    expect((p(report, 50) / 1_000).toFixed(4)).toBe("7.2630");
    expect((p(report, 99) / 1_000).toFixed(4)).toBe("49.1645");
    expect(report.analysis.p99ToP50!.toFixed(1)).toBe("6.8");
  });

  test("both modes are found, and no other property explains them", async () => {
    const { report, text } = await run({ files: [MODES] });
    expect(report.analysis.modality.verdict).toBe("two");
    expect(report.analysis.modality.modes.map(({ centreMs }) => Math.round(centreMs / 1_000))).toEqual([6, 32]);
    expect(report.causes.map(({ id }) => id)).toEqual(["two_kinds"]);
    expect(text).toContain("68.2 % around 6.430 s");
    expect(report.analysis.splits.map(({ by }) => by)).toEqual(["start", "start"]);
  });
});

test("several files with both formats and other lines give one set of runs, and the lines are counted by kind", async () => {
  const mixed = file(
    "mixed.log",
    `${readFileSync(MODES, "utf8")}hello\nREPORT RequestId: cut\n${readFileSync(SLOW, "utf8")}`,
  );
  const { report } = await run({ files: [mixed, SLOW] });
  expect(report.inputs).toEqual(["mixed.log", "slow-runs.log"]);
  expect(report.reading).toEqual({
    lines: 302 + 2 + 136 + 136,
    reports: 151 + 44 + 44,
    skipped: 151 + 1 + 92 + 92,
    unreadable: 1,
    firstUnreadable: { input: "mixed.log", line: 304 },
  });
  expect(report.analysis.memory.sizes.map(({ sizeMiB, count }) => [sizeMiB, count])).toEqual([
    [512, 88],
    [1_024, 151],
  ]);
});

test("a lower threshold counts more runs as slow", async () => {
  const { report } = await run({ files: [MODES], thresholdSeconds: 10 });
  expect(report.analysis.overThreshold).toMatchObject({
    thresholdMs: 10_000,
    count: mixedRuns().filter(({ durationMs }) => durationMs > 10_000).length,
  });
});

test("settings are written as a file that Terraform parses, with the same bytes every time", async () => {
  const [one, two] = [join(folder, "one.tfvars"), join(folder, "two.tfvars")];
  const { text } = await run({ files: [SLOW], tfvars: one });
  await run({ files: [SLOW], tfvars: two });
  expect(text).toContain(`Written: ${one}`);
  expect(readFileSync(one, "utf8")).toBe(readFileSync(two, "utf8"));
  expect(
    readFileSync(one, "utf8")
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#")),
  ).toEqual(["memory_size = 1536"]);
  const { status, stdout } = spawnSync("terraform", ["fmt", "-check", one], { encoding: "utf8" });
  expect([status, stdout]).toEqual([0, ""]); // Terraform would format it in the same way
});

test("a log without a report is an error that says what was read and what is allowed", async () => {
  await expect(run({ files: [file("none.log", "hello\nREPORT RequestId: cut\n")] })).rejects.toThrow(
    /^No REPORT line in none\.log: 2 lines were read\. 1 of them say that they are one and cannot be read, the first in line 2 of none\.log\. Allowed: /,
  );
  await expect(run({ files: [file("empty.log", "")] })).rejects.toThrow(
    "No REPORT line in empty.log: 0 lines were read. Allowed: ",
  );
  await expect(run({ files: [join(folder, "missing.log")] })).rejects.toMatchObject({
    name: "UsageError",
    message: expect.stringContaining("missing.log cannot be read") as string,
  });
});

test("options that contradict each other are refused with what is allowed", async () => {
  const cases: readonly (readonly [AnalyzeOptions, string])[] = [
    [{ files: [SLOW], logGroup: "/aws/lambda/x" }, "and --log-group /aws/lambda/x are given; allowed: one of the two."],
    [{ files: [SLOW], since: "1h" }, "--since 1h is given without --log-group"],
    [{ files: ["-", "-"] }, "- is given twice; standard input can be read once."],
    [{ files: [SLOW], thresholdSeconds: 0 }, "--threshold is 0; allowed: seconds above 0, up to 900"],
    [{ files: [SLOW], thresholdSeconds: NaN }, "--threshold is NaN; allowed: seconds above 0"],
    [{ files: [SLOW], tfvars: "x.json" }, "--tfvars is x.json; allowed: a file that ends on .tfvars"],
    [
      { files: [], logGroup: "/aws/lambda/x", since: "1y" },
      '--since is "1y"; allowed: a whole number above 0 and its unit, such as 90s, 30m, 2h or 1d.',
    ],
  ];
  for (const [options, message] of cases) await expect(run(options)).rejects.toThrow(message);
});
