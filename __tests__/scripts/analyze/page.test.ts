import { findCauses } from "../../../scripts/analyze/causes";
import { recommend } from "../../../scripts/analyze/recommendations";
import { analysisPage, type AnalysisReport } from "../../../scripts/analyze/page";
import { SETTINGS } from "../../../stacks/contract/settings";
import { analysisOf, runsOf, spread } from "../../support/runs";

function report(name: string, durations: readonly number[]): AnalysisReport {
  const analysis = analysisOf(runsOf(durations));
  return {
    inputs: [name],
    reading: { lines: 9, reports: durations.length, skipped: 3, unreadable: 0, firstUnreadable: null },
    confidence: 0.95,
    methods: {},
    analysis,
    causes: findCauses(analysis),
    recommended: recommend(analysis, SETTINGS),
  };
}

// In a browser: e2e/analysis-page.test.
test("two pages made in one process of the same runs are the same bytes, with no script and no address", async () => {
  const one = report("slow.log", [...spread(100, 3_000), ...spread(50, 90_000)]);
  const first = await analysisPage(one);
  await analysisPage(report("other.log", spread(60, 8_000)));
  expect(await analysisPage(one)).toBe(first);
  expect(first).not.toMatch(/zr\d|<script|https?:/);
});
