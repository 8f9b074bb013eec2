import { KPIS } from "../../stacks/settings";
import { encoded, resource, stackJson, stackText } from "../support/stack-json";

const stack = stackJson();

interface Widget {
  readonly type: "alarm" | "metric" | "text";
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly properties: {
    readonly title?: string;
    readonly markdown?: string;
    readonly alarms?: string;
    readonly metrics?: readonly (readonly unknown[])[];
    readonly annotations?: { readonly horizontal: string };
    readonly yAxis?: { readonly left: { readonly label: string } };
  };
}
const body = encoded(stack, resource(stack, "aws_cloudwatch_dashboard.dashboard_dashboard")["dashboard_body"]) as {
  widgets: readonly Widget[];
};
const { widgets } = body;
const charts = widgets.filter(({ type }) => type === "metric");
const chartOf = (title: string) => charts.find(({ properties }) => properties.title === title);

test("begins with what it is and with how the alarms stand, and then shows the KPIs", () => {
  expect(widgets.slice(0, 3).map(({ type }) => type)).toEqual(["text", "alarm", "text"]);
  expect(widgets[0]?.properties.markdown).toMatch(/^# \$\{var\.name\}-\$\{var\.environment\}\n/);
  expect(widgets[2]?.properties.markdown).toBe("## KPIs");
  for (const { runbook } of KPIS) expect(widgets[0]?.properties.markdown).toContain(runbook);
});

test("shows every alarm that calls a person", () => {
  for (const type of ["aws_cloudwatch_metric_alarm", "aws_cloudwatch_composite_alarm"]) {
    const calling = Object.entries(stack.resource[type] ?? {}).filter(
      ([, alarm]) => alarm["alarm_actions"] !== undefined,
    );
    for (const [name] of calling) expect(widgets[1]?.properties.alarms).toContain(`${type}.${name}[*].arn`);
  }
  expect(widgets[1]?.properties.alarms).not.toContain("_long");
});

const drawn = KPIS.filter(({ measure }) => !["cost", "capacity", "fill"].includes(measure.kind));
test.each(drawn.map((kpi) => [kpi.name, kpi] as const))(
  "%s has a chart in its unit, with its target and its alarms as lines",
  (_, { title, unit, targetSetting, alarms }) => {
    const chart = chartOf(`${title} (${unit})`);
    expect(chart?.properties.yAxis?.left.label).toBe(unit);
    const lines = String(chart?.properties.annotations?.horizontal ?? "");
    for (const { name, thresholdSetting } of alarms)
      expect(lines).toContain(`label = "${name}", value = var.${thresholdSetting}`);
    if (targetSetting !== undefined) expect(lines).toContain(`label = "target", value = var.${targetSetting}`);
  },
);

test("a line without a value is left out, because CloudWatch refuses it", () => {
  for (const {
    properties: { annotations },
  } of charts)
    if (annotations)
      expect(annotations.horizontal).toMatch(/^\$\{\[for line in \[.+\] : line if line\.value != null\]\}$/);
});

test("what CloudWatch puts into a label is left to it, and not taken for Terraform's", () => {
  const text = stackText();
  expect(text).toContain("[last $${LAST}]");
  expect(text).not.toMatch(/[^$]\$\{(LAST|PROP)/);
});

test("fits CloudWatch's grid: nothing overlaps or sticks out, and three charts stand in a row", () => {
  const cells = widgets.flatMap(({ x, y, width, height }) =>
    Array.from({ length: width * height }, (_, index) => `${x + (index % width)}/${y + Math.floor(index / width)}`),
  );
  expect(new Set(cells).size).toBe(cells.length);
  for (const { x, width } of widgets) expect(x + width).toBeLessThanOrEqual(24);
  expect(new Set(charts.map(({ x }) => x))).toEqual(new Set([0, 8, 16]));
});

test("is small: well below 500 widgets, at most ten rows a chart, and below 100 KB", () => {
  expect(widgets.length).toBeLessThan(100);
  for (const { properties } of charts) expect(properties.metrics?.length).toBeLessThanOrEqual(10);
  expect(JSON.stringify(body).length).toBeLessThan(100_000);
});

test("the ids of a chart's metrics are different, and its expressions name no others", () => {
  for (const { properties } of charts) {
    const options = (properties.metrics ?? []).map((row) => row.at(-1) as { id?: string; expression?: string });
    const ids = options.flatMap(({ id }) => id ?? []);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { expression = "" } of options)
      for (const [id] of expression.matchAll(/\bm\d+\b/g)) expect(ids).toContain(id);
  }
});
