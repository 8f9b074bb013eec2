import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import type { BenchRecord, BenchResults } from "../../../../bench/results";
import { benchPage } from "../../../../bench/report";
import { openPage, startBrowser } from "../../../support/browser";
import { lowestContrast, measure } from "../../../support/page-measures";
import { temporaryFolder } from "../../../support/temporary-folder";

const folder = temporaryFolder("bench-page");
const record = (changes: Partial<BenchRecord>): BenchRecord => ({
  measuredOn: "2026-11-22",
  machine: "2 CPUs, linux x64, Node 20.19.0",
  seconds: 7,
  method: "Medians of 3 runs.",
  figures: [],
  charts: [],
  data: {},
  ...changes,
});

const RESULTS: BenchResults = {
  agents: record({
    figures: [
      {
        compares: "one after the other / all at once",
        measured: "6.98x",
        mustReach: ">= 6.9x",
        limit: "7x",
        holds: true,
      },
    ],
    charts: [
      {
        title: "Worker time",
        unit: "ms",
        kind: "bars",
        categories: ["one after the other", "all at once", "one agent hangs", "one fails at once"],
        series: [{ name: "median", values: [21_040, 3_020, 6_010, 3_021] }],
      },
    ],
  }),
  wake: record({
    figures: [
      {
        compares: "default / ours",
        measured: "> 1475.0x",
        mustReach: "<= 50 ms",
        limit: "a fresh connection",
        holds: true,
      },
    ],
    charts: [
      {
        title: "First answer",
        unit: "ms",
        kind: "bars",
        logarithmic: true,
        categories: ["black hole, 1", "black hole, 5", "freeze, 1", "freeze, 5", "reset, 1", "reset, 5"],
        series: [
          { name: "ours", values: [5, 6, 5, 6, 5, 6] },
          { name: "default", values: [10_000, 10_000, 10_000, 10_000, 16, null] },
        ],
      },
    ],
  }),
  growth: record({
    figures: [
      {
        compares: "1 / 50 deployments",
        measured: "60.0x",
        mustReach: "<= 55x",
        limit: "50x",
        holds: false,
        cause: "a <b> of its own",
      },
      { compares: "told", measured: "3 s" },
    ],
    charts: [
      {
        title: "Plan",
        unit: "s",
        kind: "lines",
        categories: ["1", "10", "50"],
        series: [{ name: "plan", values: [1.2, 9, 72] }],
      },
    ],
  }),
};

let browser: Browser;
beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(() => browser?.close());

async function opened(results: BenchResults, window: { readonly width: number; readonly colorScheme?: "dark" }) {
  const path = join(folder, "report.html");
  writeFileSync(path, await benchPage(results));
  return openPage(browser, `file://${path}`, window);
}

test.each([{ width: 390 }, { width: 1_280 }, { width: 1_280, colorScheme: "dark" }] as const)(
  "the page is whole at %p: nothing overflows, every chart holds its letters, all text is readable, nothing is fetched",
  async (window) => {
    const { page, errors, requests } = await opened(RESULTS, window);
    const { overflow, svgs } = await measure(page);
    expect(overflow).toBeLessThanOrEqual(0);
    expect(svgs).toHaveLength(3);
    for (const { width, height, label, texts } of svgs)
      expect({ isWide: width > 300, isHigh: height > 200, label, texts }).toEqual({
        isWide: true,
        isHigh: true,
        label: expect.stringMatching(/\d/),
        texts: [],
      });
    expect(await lowestContrast(page)).toBeGreaterThanOrEqual(4.5);
    expect([errors, requests]).toEqual([[], []]);
    await page.context().close();
  },
);

test("it says how many bounds are missed, shows every figure with its bound, its limit and the cause of a miss, and when and where it was measured", async () => {
  const { page } = await opened(RESULTS, { width: 1_280 });
  expect(await page.title()).toBe("1 of 3 bounds are missed");
  const { text } = await measure(page);
  for (const told of [
    "6.98x",
    ">= 6.9x",
    "7x",
    "MISS: a <b> of its own",
    "2026-11-22, 2 CPUs, linux x64, Node 20.19.0, 7 s",
    "Medians of 3 runs.",
  ])
    expect(text).toContain(told);
  await page.context().close();
});

test("with no miss it says so, and the same results are the same bytes", async () => {
  const good: BenchResults = { agents: RESULTS["agents"]! };
  expect(await benchPage(good)).toContain("<h1>All 1 bounds hold</h1>");
  expect(await benchPage(good)).toBe(await benchPage(good));
});
