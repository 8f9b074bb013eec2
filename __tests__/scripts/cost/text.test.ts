import { cost, type CostReport } from "../../../scripts/cost/cost";
import { describeCost, formatUsd } from "../../../scripts/cost/text";
import type { CommandContext } from "../../../scripts/kit/context";
import { PARTS } from "../../../scripts/cost/bill";

const ESCAPES = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, "g");
const reckon = async (options: object) =>
  (await cost({} as CommandContext, { vars: [], ...options })).json as CostReport;
const lines = (report: CostReport) => describeCost(report).replaceAll(ESCAPES, "").split("\n");

test("one deployment is shown with the dearest part first, each with its share and a bar", async () => {
  const shown = lines(await reckon({ requests: "100000" }));
  expect(shown[0]).toBe("100,000 requests a month in us-east-1");
  expect(shown[1]).toMatch(/^ {2}model tokens \(downstream\) +\$14,700\.00 +9\d\.\d % {2}#+$/);
  const shares = shown.filter((line) => / % {2}#/.test(line)).map((line) => Number(/([\d.]+) %/.exec(line)?.[1]));
  expect([...shares].sort((left, right) => right - left)).toEqual(shares);
  expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(100, 0);
});

test("two are shown part by part with the difference, and a request is held against $0.20", async () => {
  const shown = lines(await reckon({ compare: ["baseline", "optimized"], requests: "100000" }));
  expect(shown[1]).toMatch(/baseline +optimized +difference$/);
  expect(shown.find((line) => line.startsWith(`  ${PARTS.worker} `))).toMatch(
    /\$560\.49 +\$240\.88 +-\$319\.61 +-57\.0 %$/,
  );
  expect(shown.find((line) => line.startsWith(`  ${PARTS.cache} `))).toMatch(/\$0\.00 +\$14\.60 +\+\$14\.60 *$/);
  expect(shown.find((line) => line.startsWith("  a request"))).toContain(
    "baseline: below $0.20, optimized: below $0.20",
  );
  expect(lines(await reckon({ requests: "100" })).find((line) => line.startsWith("  a request"))).toContain(
    "optimized: not below $0.20",
  );
});

test("parts that nobody pays for are left out", async () => {
  expect(lines(await reckon({})).some((line) => line.includes(PARTS.distribution))).toBe(false);
});

test("a part that is many times as dear as before is told as times, not as percent", async () => {
  const shown = lines(await reckon({ compare: ["baseline", "optimized"], requests: "10000" }));
  expect(shown.find((line) => line.includes(PARTS.upkeep))).toMatch(/ 10\.7 times$/);
  expect(shown.filter((line) => /\+\d{3,}\.\d %/.test(line))).toEqual([]);
});

test("it says that polls save no tokens, what the reports' figures can be, and what is left out", async () => {
  const text = lines(await reckon({ compare: ["baseline", "optimized"] })).join("\n");
  expect(text).toContain("a poll asks no model, so the cache saves no tokens");
  expect(text).toMatch(/900 s x 10\.0 GB = \$0\.1500 +29\.4 % of \$0\.51/);
  expect(text).toContain("At least $0.3600 of the first figure is no Lambda run.");
  expect(text).toContain("the model tokens differ by $0.00 a month");
  expect(text).toContain("without free tiers");
});

test("a month without requests has no cost of one", async () => {
  const shown = lines(await reckon({ requests: "0" }));
  expect(shown.find((line) => line.startsWith("  a request"))).toMatch(/^ {2}a request +- +optimized: no requests$/);
});

test("a run that the time-out cuts is told", async () => {
  expect(lines(await reckon({ compare: ["baseline", "optimized"], vars: ["timeout=120"] })).join("\n")).toContain(
    "the worker's time-out cuts runs short, and they fail",
  );
});

test("what a plan does not know yet is told", async () => {
  const report = await reckon({});
  expect(describeCost({ ...report, unknown: ["a.b.c is known after the apply; the setting's 1 was taken"] })).toContain(
    "a.b.c is known after the apply",
  );
});

test.each([
  [0, "$0.00"],
  [0.000012345, "$0.0000123"],
  [0.08001, "$0.0800"],
  [0.5, "$0.5000"],
  [12.345, "$12.35"],
  [-1_234.5, "-$1,234.50"],
])("%d dollars are %s", (usd, text) => expect(formatUsd(usd)).toBe(text));
