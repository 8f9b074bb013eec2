import { stripVTControlCharacters } from "node:util";
import { findCauses } from "../../../scripts/analyze/causes";
import { recommend, type Recommendation } from "../../../scripts/analyze/recommendations";
import type { RunReport } from "../../../scripts/analyze/report-line";
import {
  describeAnalysis,
  describeInterval,
  writeAnalysisTfvars,
  type AnalysisReport,
} from "../../../scripts/analyze/text";
import { SETTINGS } from "../../../stacks/contract/settings";
import { analysisOf, runsOf, spread } from "../../support/runs";

function reportOf(
  runs: readonly Partial<RunReport>[],
  reading: Partial<AnalysisReport["reading"]> = {},
): AnalysisReport {
  const analysis = analysisOf(runs);
  const causes = findCauses(analysis);
  return {
    inputs: ["a.log"],
    reading: { lines: 9, reports: runs.length, skipped: 3, unreadable: 0, firstUnreadable: null, ...reading },
    confidence: 0.95,
    methods: {},
    analysis,
    causes,
    recommended: recommend(analysis, causes, SETTINGS),
  };
}

describe("the text for a terminal", () => {
  const describeReport = (report: AnalysisReport) => stripVTControlCharacters(describeAnalysis(report, []));

  test("it has the figures, and its bars add up to all runs", () => {
    const text = describeReport(reportOf(runsOf([...spread(100, 3_000), ...spread(50, 90_000)])));
    expect(text).toContain("150 runs in a.log\n9 lines read, 3 of them no report");
    expect(text).toMatch(
      /P99 {2,}\d+\.\d s {2,}97\.5 %: at least \d+\.\d+ s; too few for an upper bound, it takes 368 runs/,
    );
    expect(text).toContain("33.3 % around 90.00 s");
    const bars = [...text.matchAll(/^ {2,}[\d.]+ m?s [█ ]{40} ([\d,]+)$/gm)].map(([, runs]) => Number(runs));
    expect(bars.length).toBeGreaterThan(5);
    expect(bars.reduce((sum, runs) => sum + runs, 0)).toBe(150);
  });

  test("an unknown figure is named as unknown", () => {
    const text = describeReport(reportOf([{ status: "unknown" }, { status: "unknown" }]));
    expect(text).toContain("the lines have no status");
    expect(text).toContain("too few for an interval, it takes 6 runs");
    expect(text).toContain("too few (fitted to nothing: 2 of the 20 runs that it takes)");
    expect(text).toContain("none that these lines show");
    expect(text).not.toMatch(/NaN|undefined|null|Infinity/);
  });

  test("an unreadable report is named by its line", () => {
    const firstUnreadable = { input: "b.log", line: 17 };
    expect(describeReport(reportOf([{}], { unreadable: 2, firstUnreadable }))).toContain(
      "2 reports cannot be read, the first in line 17 of b.log",
    );
  });

  test.each([
    [4_000, 6_000, "95 %: 4.000 s to 6.000 s"],
    [4_000, null, "97.5 %: at least 4.000 s; too few for an upper bound, it takes 6 runs"],
    [null, 6_000, "97.5 %: at most 6.000 s; too few for a lower bound, it takes 6 runs"],
    [null, null, "too few for an interval, it takes 6 runs"],
  ])("an interval from %p to %p is described as %p", (lowMs, highMs, text) => {
    expect(describeInterval({ percentile: 50, valueMs: 5_000, lowMs, highMs, runsForInterval: 6 })).toBe(text);
  });
});

describe("the tfvars file", () => {
  const recommendation = (given: Partial<Recommendation>): Recommendation => ({
    setting: "memory_size",
    value: 1_536,
    expected: "Room.",
    certainty: "high",
    effect: "new version",
    ...given,
  });
  const write = (settings: readonly Recommendation[], withheld: readonly string[] = []) =>
    writeAnalysisTfvars({ ...reportOf([{}]), recommended: { settings, withheld } });
  const findAssignments = (tfvars: string) =>
    tfvars.split("\n").filter((line) => line !== "" && !line.startsWith("# "));

  test("a value is a setting with its reason, and a hypothesis is a comment", () => {
    const tfvars = write([
      recommendation({}),
      recommendation({ setting: "max_parallel_agents", value: 0, certainty: "hypothesis" }),
      recommendation({ setting: "heartbeat_enabled", value: true }),
    ]);
    expect(findAssignments(tfvars)).toEqual(["memory_size = 1536", "heartbeat_enabled = true"]);
    expect(tfvars).toContain("# memory_size: Room. Certainty: high. Effect: new version.\nmemory_size = 1536\n");
    expect(tfvars).toContain("\n# max_parallel_agents = 0\n");
  });

  test("no line of a reason becomes a setting", () => {
    const tfvars = write([recommendation({ expected: 'x\nprofile = "baseline"\r\nname = "y"' })], ["z\nevil = 1"]);
    expect(findAssignments(tfvars)).toEqual(["memory_size = 1536"]);
  });

  test("lines have at most 110 characters", () => {
    const tfvars = write([recommendation({ expected: "word ".repeat(200) })]);
    for (const line of tfvars.split("\n")) expect(line.length).toBeLessThanOrEqual(110);
  });

  test("a file without settings says so", () => {
    expect(write([])).toContain("# Nothing: the evidence supports no change of a setting.");
  });
});
