import { dashboardPage } from "../../../scripts/dashboard/page";
import { DASHBOARD_STYLE } from "../../../scripts/dashboard/style";
import { dashboardReport as report, INCIDENT, widgets } from "../../support/dashboard-report";
import { lineColour, SERIES_COLOURS } from "../../../scripts/dashboard/charts";

describe("dashboard page", () => {
  // In a browser: e2e/dashboard-page.test.
  /** Widgets for tests that look at no particular chart: all of them take a second a page. */
  const FEW = { widgets: widgets.slice(0, 6) };
  test("the page begins with the charts that are beyond a line, or were in the window", async () => {
    const during = await dashboardPage(report({ window: INCIDENT }));
    const errors = widgets.findIndex(
      (widget) => widget.type === "metric" && widget.title === "Worker error rate (percent)",
    );
    expect(during).toContain(`<section id="w${errors}" class="card bad"`);
    expect(during).toMatch(
      new RegExp(
        `<li><a href="#w${errors}">Worker error rate</a>: <b class="bad">[\\d.]+ %</b>, ` +
          "above target 1 %, above error-rate-warning 1 %, above error-rate-critical 5 %</li>",
      ),
    );
    expect(during).toMatch(/<h1>quickturn-dev: \d charts beyond a line now<\/h1>/);
    const after = await dashboardPage(report());
    expect(after).toContain("<h1>quickturn-dev: no chart is beyond a line now</h1>");
    expect(after).toMatch(
      /Worker error rate<\/a>: was above error-rate-critical 5 % in \d+ of 288 periods; [\d.]+ % at 1[45]:\d\d/,
    );
    expect(after).not.toContain('class="card bad"');
  });

  test("the page shows the states of alarms, or says that they are unknown", async () => {
    expect(await dashboardPage(report(FEW))).toContain("State unknown: only CloudWatch knows it");
    const states = await dashboardPage(
      report({
        ...FEW,
        alarmStates: new Map([
          ["quickturn-dev-worker-errors", "ALARM"],
          ["quickturn-dev-memory", "OK"],
        ]),
      }),
    );
    expect(states).toContain('<li class="bad">worker-errors: in alarm</li>');
    expect(states).toContain('<li class="good">memory: ok</li>');
    expect(states).toContain('<li class="">dead-letters: not there</li>');
    expect(states).not.toContain("State unknown");
  });

  test("the same report makes the same bytes, with no script and no address", async () => {
    const first = await dashboardPage(report(FEW));
    expect(first).toContain("<svg");
    expect(await dashboardPage(report(FEW))).toBe(first);
    expect(first).not.toMatch(/zr\d|<script|https?:/);
  });
});

describe("dashboard style", () => {
  test("every colour of a drawing has one for dark", () => {
    const [, dark = ""] = DASHBOARD_STYLE.split("@media(prefers-color-scheme:dark)");
    for (const { light, dark: turned } of SERIES_COLOURS)
      expect(dark).toContain(`svg [stroke="${light}"]{stroke:${turned}}`);
  });

  test("a line's key has the colour of the line", () => {
    expect(["#2ca02c", "#ff7f0e", "#d62728", "#1f77b4", "#7f7f7f"].map((color) => lineColour(color).variable)).toEqual([
      "var(--good)",
      "var(--unsure)",
      "var(--warning)",
      "var(--link)",
      "var(--muted)",
    ]);
  });
});
