import { lineColour, SERIES_COLOURS } from "../../../scripts/reports/dashboard-charts";
import { DASHBOARD_STYLE, lineVariable } from "../../../scripts/reports/dashboard-style";

test("every colour of a drawing has its turn in dark", () => {
  const [, dark = ""] = DASHBOARD_STYLE.split("@media(prefers-color-scheme:dark)");
  for (const { light, dark: turned } of SERIES_COLOURS)
    expect(dark).toContain(`svg [stroke="${light}"]{stroke:${turned}}`);
});

test("a line's key has the colour of the line", () => {
  expect(
    ["#2ca02c", "#ff7f0e", "#d62728", "#1f77b4", "#7f7f7f"].map((color) => lineVariable(lineColour(color))),
  ).toEqual(["var(--good)", "var(--unsure)", "var(--warning)", "var(--link)", "var(--muted)"]);
});
