import { findCauses } from "../../../scripts/analyze/causes";
import { recommend } from "../../../scripts/analyze/recommendations";
import { analysisPage } from "../../../scripts/analyze/page";
import type { AnalysisReport } from "../../../scripts/analyze/text";
import { SETTINGS } from "../../../stacks/contract/settings";
import { analysisOf, runsOf, spread } from "../../support/runs";

function report(name: string, durations: readonly number[]): AnalysisReport {
  const analysis = analysisOf(runsOf(durations));
  const causes = findCauses(analysis);
  return {
    inputs: [name],
    reading: { lines: 9, reports: durations.length, skipped: 3, unreadable: 0, firstUnreadable: null },
    confidence: 0.95,
    methods: {},
    analysis,
    causes,
    recommended: recommend(analysis, causes, SETTINGS),
  };
}

// e2e/analysis-page.test looks at the page in a browser.
test("the same runs give the same bytes twice in one process, with no script and no address", async () => {
  const one = report("slow.log", [...spread(100, 3_000), ...spread(50, 90_000)]);
  const first = await analysisPage(one);
  await analysisPage(report("other.log", spread(60, 8_000)));
  expect(await analysisPage(one)).toBe(first);
  expect(first).not.toMatch(/zr\d|<script|https?:/);
});
