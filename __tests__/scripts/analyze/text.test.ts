import { stripVTControlCharacters } from "node:util";
import { describeAnalysis, intervalText } from "../../../scripts/analyze/text";
import { findCauses } from "../../../scripts/analyze/causes";
import { recommend } from "../../../scripts/analyze/recommendations";
import type { RunReport } from "../../../scripts/analyze/report-line";
import type { AnalysisReport } from "../../../scripts/analyze/page";
import { SETTINGS } from "../../../stacks/contract/settings";
import { analysisOf, runsOf, spread } from "../../support/runs";

function text(runs: readonly Partial<RunReport>[], reading: Partial<AnalysisReport["reading"]> = {}): string {
  const analysis = analysisOf(runs);
  const report = {
    inputs: ["a.log"],
    reading: { lines: 9, reports: runs.length, skipped: 3, unreadable: 0, firstUnreadable: null, ...reading },
    confidence: 0.95,
    methods: {},
    analysis,
    causes: findCauses(analysis),
    recommended: recommend(analysis, SETTINGS),
  };
  return stripVTControlCharacters(describeAnalysis(report, []));
}

test("the figures stand in it, and the runs of the bars add up", () => {
  const shown = text(runsOf([...spread(100, 3_000), ...spread(50, 90_000)]));
  expect(shown).toContain("150 runs in a.log\n9 lines read, 3 of them no report");
  expect(shown).toMatch(
    /P99 {2,}\d+\.\d s {2,}97\.5 %: at least \d+\.\d+ s; too few for an upper bound, it takes 368 runs/,
  );
  expect(shown).toContain("33.3 % around 90.00 s");
  const bars = [...shown.matchAll(/^ {2,}[\d.]+ m?s [█ ]{40} ([\d,]+)$/gm)].map(([, runs]) => Number(runs));
  expect(bars.length).toBeGreaterThan(5);
  expect(bars.reduce((sum, runs) => sum + runs, 0)).toBe(150);
});

test("what is not known is not shown as a number", () => {
  const shown = text([{ status: "unknown" }, { status: "unknown" }]);
  expect(shown).toContain("the lines have no status");
  expect(shown).toContain("too few for an interval, it takes 6 runs");
  expect(shown).toContain("too few (fitted to nothing: 2 of the 20 runs that it takes)");
  expect(shown).toContain("none that these lines show");
  expect(shown).not.toMatch(/NaN|undefined|null|Infinity/);
});

test("a broken report is named by its line", () => {
  expect(text([{}], { unreadable: 2, firstUnreadable: { input: "b.log", line: 17 } })).toContain(
    "2 reports cannot be read, the first in line 17 of b.log",
  );
});

test("an interval is told with both bounds, with one, or with none", () => {
  const percentile = { percentile: 50, valueMs: 5_000, lowMs: 4_000, highMs: 6_000, runsForInterval: 6 };
  expect(intervalText(percentile)).toBe("95 %: 4.000 s to 6.000 s");
  expect(intervalText({ ...percentile, highMs: null })).toBe(
    "97.5 %: at least 4.000 s; too few for an upper bound, it takes 6 runs",
  );
  expect(intervalText({ ...percentile, lowMs: null })).toBe(
    "97.5 %: at most 6.000 s; too few for a lower bound, it takes 6 runs",
  );
  expect(intervalText({ ...percentile, lowMs: null, highMs: null })).toBe("too few for an interval, it takes 6 runs");
});
