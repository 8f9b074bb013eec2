import { join } from "node:path";
import type { Browser } from "playwright-core";
import type { Widget } from "../../scripts/dashboard/applied-dashboard";
import { evaluateCharts } from "../../scripts/dashboard/chart-data";
import { formatFigure, formatLine } from "../../scripts/dashboard/charts";
import { alarmName } from "../../scripts/dashboard/cloudwatch";
import { dashboardPage, type DashboardReport } from "../../scripts/dashboard/page";
import { writeAtomically } from "../../scripts/kit/files";
import { openPage, startBrowser } from "../support/browser";
import { DAY_END_MS, DAY_START_MS } from "../support/dashboard-metrics";
import { dashboardReport as report, INCIDENT, series, widgets } from "../support/dashboard-report";
import { temporaryFolder } from "../support/temporary-folder";

const folder = temporaryFolder("dashboard-page");
let browser: Browser;
beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(() => browser?.close());

async function opened(given: DashboardReport, window: { width: number; colorScheme?: "light" | "dark" }) {
  const path = join(folder, "page.html");
  writeAtomically(path, await dashboardPage(given));
  return openPage(browser, `file://${path}`, window);
}

/** Measures of the page; it runs in the page. */
const MEASURE = `(() => ({
  overflow: document.documentElement.scrollWidth - innerWidth,
  columns: new Set([...document.querySelectorAll(".board .card")].map((card) => Math.round(card.getBoundingClientRect().left))).size,
  sticking: [...document.querySelectorAll(".board > *")].flatMap((card) => { const box = card.getBoundingClientRect(); return [...card.querySelectorAll("svg text, h3, b, li, p")].filter((each) => { const own = each.getBoundingClientRect(); return own.right > box.right + 1 || own.left < box.left - 1; }).map((each) => each.textContent); }),
  covered: [...document.querySelectorAll(".board > *")].some((one, index, all) => all.slice(index + 1).some((other) => { const [a, b] = [one.getBoundingClientRect(), other.getBoundingClientRect()]; return a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1; })),
  labels: [...document.querySelectorAll("svg.chart")].map((svg) => svg.getAttribute("aria-label")),
  clipped: [...document.querySelectorAll("svg.chart")].flatMap((svg) => { const box = svg.getBoundingClientRect(); return [...svg.querySelectorAll("text")].filter((text) => { const own = text.getBoundingClientRect(); return own.left < box.left - 1 || own.right > box.right + 1 || own.top < box.top - 1 || own.bottom > box.bottom + 1; }).map((text) => text.textContent); }),
}))()`;
interface Measured {
  overflow: number;
  columns: number;
  sticking: string[];
  covered: boolean;
  labels: string[];
  clipped: string[];
}

/** The lowest contrast of any text with what is behind it. */
const CONTRAST = `(() => {
  const parts = (colour) => { const [r, g, b, a = 1] = colour.match(/[\\d.]+/g).map(Number); return { rgb: [r, g, b], a }; };
  const luminance = (rgb) => { const [r, g, b] = rgb.map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const behind = (element) => { for (let each = element; each; each = each.parentElement) { const { rgb, a } = parts(getComputedStyle(each).backgroundColor); if (a === 1) return rgb; } return [255, 255, 255]; };
  const found = [];
  for (const element of document.querySelectorAll("body *")) {
    if (![...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim())) continue;
    const style = getComputedStyle(element);
    const [one, other] = [luminance(parts(element.closest("svg") ? style.fill : style.color).rgb), luminance(behind(element))];
    found.push({ text: element.textContent.slice(0, 40), contrast: (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05) });
  }
  return found.sort((left, right) => left.contrast - right.contrast)[0];
})()`;

test.each([
  [{ width: 390 }, 1],
  [{ width: 390, colorScheme: "dark" }, 1],
  [{ width: 800 }, 2],
  [{ width: 1_280 }, 3],
  [{ width: 1_280, colorScheme: "dark" }, 3],
] as const)(
  "is whole at %p, %i columns: nothing overflows, covers or is cut off, all text is readable, nothing is fetched",
  async (window, columns) => {
    const { page, errors, requests } = await opened(report({ window: INCIDENT }), window);
    const measured = (await page.evaluate(MEASURE)) as Measured;
    expect(measured).toMatchObject({ columns, sticking: [], covered: false, clipped: [] });
    expect(measured.overflow).toBeLessThanOrEqual(0);
    await page.evaluate(`document.querySelectorAll("details").forEach((details) => (details.open = true))`);
    expect(((await page.evaluate(CONTRAST)) as { contrast: number }).contrast).toBeGreaterThanOrEqual(4.5);
    expect(((await page.evaluate(MEASURE)) as Measured).overflow).toBeLessThanOrEqual(0); // unfolded
    expect({ errors, requests }).toEqual({ errors: [], requests: [] });
    await page.context().close();
  },
);

test("draws every widget of the applied body, with the figures of the data", async () => {
  const given = report();
  const { page } = await opened(given, { width: 1_280 });
  const cards = (await page.evaluate(
    `[...document.querySelectorAll(".board > *")].map((card) => ({ id: card.id, title: card.querySelector("h3")?.textContent, now: [...card.querySelectorAll(".now b, .keys:not(.lines) b")].map((each) => each.textContent), lines: [...card.querySelectorAll(".lines li")].map((each) => each.textContent), rows: card.querySelectorAll("tbody tr").length, last: [...card.querySelectorAll("tbody tr:last-child td")].map((each) => each.textContent), charts: card.querySelectorAll("svg.chart").length, text: card.textContent }))`,
  )) as {
    id: string;
    title?: string;
    now: string[];
    lines: string[];
    rows: number;
    last: string[];
    charts: number;
    text: string;
  }[];
  expect(cards).toHaveLength(widgets.length);
  widgets.forEach((widget, index) => {
    const card = cards[index]!;
    expect(card.id).toBe(`w${index}`);
    if (widget.type === "alarm")
      for (const arn of widget.arns) expect(card.text).toContain(alarmName(arn).replace("quickturn-dev-", ""));
    if (widget.type !== "metric") return;
    const data = given.charts.get(index)!;
    // The unit stands at each value.
    expect(card.title).toBe(widget.title.replace(` (${widget.unit})`, ""));
    expect(card.now).toEqual(data.series.map(({ latest }) => formatFigure(latest, widget.unit)));
    expect(card.lines).toEqual(widget.lines.map((line) => formatLine(line, widget.unit)));
    expect(card.charts).toBe(data.series.length > 0 ? 1 : 0);
    if (data.series.length === 0) return expect(card.text).toContain("no data");
    expect(card.rows).toBe(new Set(data.series.flatMap(({ points }) => points.map(([ms]) => ms))).size);
    // The latest row has what the data has, not what the page made of it.
    const raw = widget.rows[0]!.source;
    if (widget.rows.length === 1 && !("expression" in raw))
      expect(card.last[1]).toBe(
        formatFigure(
          series
            .find(
              (each) =>
                each.metric === raw.metric &&
                each.statistic === raw.statistic &&
                JSON.stringify(each.dimensions) === JSON.stringify(raw.dimensions) &&
                each.periodSeconds === widget.rows[0]!.periodSeconds,
            )!
            .points.at(-1)![1],
          widget.unit,
        ),
      );
  });
  expect(cards.filter(({ text }) => text.includes("no data")).map(({ title }) => title)).toEqual([
    "Account's concurrency in use",
    "Invocations beyond the provisioned ones",
  ]);
  await page.context().close();
});

test("its parts and its alarms lead to where they are shown", async () => {
  const { page } = await opened(report(), { width: 390 });
  const links = (await page.evaluate(
    `[...document.querySelectorAll("nav a, .alarms a")].map((link) => ({ text: link.textContent, shown: document.querySelector(link.getAttribute("href")).textContent }))`,
  )) as { text: string; shown: string }[];
  const of = (text: string) => links.find((link) => link.text === text)?.shown;
  expect(of("Agents")).toMatch(/^Agents/);
  expect(of("worker-errors")).toMatch(/^Worker errors/);
  expect(links.length).toBeGreaterThan(40);
  await page.context().close();
});

test("a body that is full of HTML makes no HTML", async () => {
  const evil = "<img src=x onerror=alert(1)>";
  const point = [DAY_START_MS, 5] as const;
  const all: Widget[] = [
    { type: "text", x: 0, y: 0, width: 24, height: 1, markdown: evil },
    { type: "alarm", x: 0, y: 1, width: 24, height: 1, title: evil, arns: [`arn:aws:cloudwatch:r:1:alarm:${evil}`] },
    {
      type: "metric",
      x: 0,
      y: 2,
      width: 8,
      height: 6,
      title: evil,
      region: "r",
      unit: evil,
      lines: [{ label: evil, value: 1, color: '"><b>' }],
      rows: [
        {
          label: evil,
          visible: true,
          periodSeconds: 60,
          source: { namespace: "N", metric: "M", dimensions: {}, statistic: "Sum" },
        },
      ],
    },
  ];
  const values = { namespace: "N", metric: "M", dimensions: {}, statistic: "Sum", periodSeconds: 60, points: [point] };
  const window = { startMs: DAY_START_MS, endMs: DAY_END_MS };
  const charts = evaluateCharts(all, { series: [values], evaluated: [] }, window);
  const { page, errors } = await opened(report({ name: evil, source: evil, widgets: all, charts }), { width: 1_280 });
  expect(await page.evaluate(`document.querySelectorAll("img, script, [onerror]").length`)).toBe(0);
  expect(((await page.evaluate(`document.body.textContent`)) as string).split(evil).length).toBeGreaterThan(6);
  expect(errors).toEqual([]);
  await page.context().close();
});
