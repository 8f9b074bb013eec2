import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { analyze } from "../../scripts/analyze/analyze";
import { seconds } from "../../scripts/kit/figures";
import { SILENT } from "../../scripts/kit/context";
import type { AnalysisReport } from "../../scripts/analyze/text";
import { openPage, startBrowser } from "../support/browser";
import { lowestContrast, measure } from "../support/page-measures";
import { PROJECT } from "../support/stack-json";
import { temporaryFolder } from "../support/temporary-folder";

const folder = temporaryFolder("analysis-page");
const fixtures = join(PROJECT, "__tests__/scripts/analyze");
const context = { projectDirectory: PROJECT, environment: {}, progress: SILENT, signal: new AbortController().signal };

/** The page of a log, as a file, and the result that it shows. */
async function written(log: string): Promise<{ url: string; report: AnalysisReport }> {
  const path = join(folder, "page", `${Math.abs(hash(log))}.html`);
  const { json } = await analyze(context, { files: [log], html: path });
  return { url: `file://${path}`, report: json as AnalysisReport };
}
const hash = (text: string) => [...text].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) | 0, 7);

let browser: Browser;
beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(() => browser?.close());

const LOGS = ["slow-runs.log", "two-modes.jsonl"].map((name) => join(fixtures, name));
const WINDOWS = [{ width: 390 }, { width: 1_280 }, { width: 1_280, colorScheme: "dark" }] as const;

describe.each(LOGS)("the page of %s", (log) => {
  test.each(WINDOWS)(
    "is whole at %p: nothing overflows, every chart has size and holds its letters, all text is readable, nothing is fetched",
    async (window) => {
      const { url } = await written(log);
      const { page, errors, requests } = await openPage(browser, url, window);
      const { overflow, svgs } = await measure(page);
      expect(overflow).toBeLessThanOrEqual(0);
      expect(svgs).toHaveLength(3);
      for (const { width, height, label, texts } of svgs) {
        expect(width).toBeGreaterThan(300);
        expect(height).toBeGreaterThan(200);
        expect(label).toMatch(/\d/);
        expect(texts).toEqual([]);
      }
      expect(await lowestContrast(page)).toBeGreaterThanOrEqual(4.5);
      expect((await measure(page)).overflow).toBeLessThanOrEqual(0); // with everything unfolded, too
      expect(errors).toEqual([]);
      expect(requests).toEqual([]);
      await page.context().close();
    },
  );

  test("has the figures of the JSON, in its tiles and in a table for each chart", async () => {
    const { url, report } = await written(log);
    const { page } = await openPage(browser, url, { width: 1_280 });
    const { text, tables } = await measure(page);
    expect(tables).toBeGreaterThanOrEqual(3);
    const { analysis, causes, recommended } = report;
    const tiles = (await page.evaluate(
      `Object.fromEntries([...document.querySelectorAll(".tile")].map((tile) => [tile.querySelector("span").textContent, tile.querySelector("b").textContent]))`,
    )) as Record<string, string>;
    for (const { percentile, valueMs } of analysis.percentiles.filter((each) => each.percentile !== 90))
      expect(tiles[`P${percentile}`]).toBe(seconds(valueMs));
    expect(tiles["over 60 s"]).toBe(`${analysis.overThreshold.percent.toFixed(1)} %`);
    expect(tiles["P99 / P50"]).toBe(`${analysis.p99ToP50!.toFixed(1)}x`);
    for (const figure of [analysis.minMs, analysis.maxMs, analysis.meanMs].map(seconds)) expect(text).toContain(figure);
    for (const part of causes.flatMap(({ name, evidence, next }) => [name, evidence, next]))
      expect(text).toContain(part);
    for (const { setting, value } of recommended.settings) expect(text).toContain(`${setting} = ${value}`);
    await page.context().close();
  });
});

test("a log that is full of HTML makes no HTML", async () => {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, "<b>evil<b>.log");
  const stream = (error: string) =>
    `REPORT RequestId: a\tDuration: 10.00 ms\tBilled Duration: 10 ms\tMemory Size: 128 MB\tMax Memory Used: 60 MB\tStatus: error\tError Type: ${error}`;
  writeFileSync(
    path,
    `${stream("Runtime.X")}\n${JSON.stringify({ type: "platform.report", record: { requestId: "b", status: "error", errorType: "<img src=x onerror=alert(1)>", metrics: { durationMs: 5, memorySizeMB: 128, maxMemoryUsedMB: 20 } } })}\n`,
  );
  const { url, report } = await written(path);
  expect(report.analysis.endings.errorTypes).toHaveLength(2);
  const { page, errors } = await openPage(browser, url, { width: 1_280 });
  expect(await page.evaluate(`document.querySelectorAll("b:not(.tile b), img").length`)).toBe(0);
  expect((await measure(page)).text).toContain("<img src=x onerror=alert(1)>");
  expect(errors).toEqual([]);
  await page.context().close();
});
