import { parseBody, readAppliedDashboard, type ChartWidget } from "../../../scripts/dashboard/applied-dashboard";
import { appliedBody, shownState } from "../../support/dashboard-state";

describe("applied dashboard", () => {
  const dashboard = (values: object) => ({
    address: "aws_cloudwatch_dashboard.d",
    type: "aws_cloudwatch_dashboard",
    values,
  });
  const root = (...resources: object[]) => ({ root_module: { resources } });

  test("is found in a state, in a plan, and in a module of either", () => {
    expect(readAppliedDashboard(shownState({ widgets: [] }, "mine"))).toEqual({ name: "mine", widgets: [] });
    const values = { dashboard_name: "mine", dashboard_body: '{"widgets":[]}' };
    expect(readAppliedDashboard({ planned_values: root(dashboard(values)) })).toEqual({ name: "mine", widgets: [] });
    expect(
      readAppliedDashboard({
        values: { root_module: { child_modules: [{ child_modules: [root(dashboard(values)).root_module] }] } },
      }),
    ).toEqual({ name: "mine", widgets: [] });
  });

  test.each<[string, unknown, string]>([
    [
      "something else",
      { a: 1 },
      "It holds 0 resources and 0 dashboards; allowed: what terraform show -json printed of",
    ],
    ["nothing", null, "It holds 0 resources"],
    ["a state without a dashboard", { values: root() }, "It holds 0 resources and 0 dashboards; allowed"],
    [
      "two dashboards",
      { values: root(dashboard({}), dashboard({})) },
      "It holds 2 resources and 2 dashboards, aws_cloudwatch_dashboard.d, aws_cloudwatch_dashboard.d; allowed",
    ],
    [
      "a plan that does not know the body yet",
      { planned_values: root(dashboard({ dashboard_name: "d" })) },
      "aws_cloudwatch_dashboard.d has no dashboard_body, which terraform knows only after the apply",
    ],
    [
      "a broken body",
      shownState("{widgets"),
      "The dashboard_body of aws_cloudwatch_dashboard.dashboard_dashboard is no JSON",
    ],
  ])("%s is refused, and the message says what to give instead", (_, document, message) =>
    expect(() => readAppliedDashboard(document)).toThrow(message),
  );
});

describe("dashboard body", () => {
  const chart = (properties: object = {}, place: object = {}) => ({
    type: "metric",
    x: 0,
    y: 0,
    width: 8,
    height: 6,
    ...place,
    properties: { title: "T", region: "us-east-1", metrics: [["N", "M", "D", "v", { stat: "Sum" }]], ...properties },
  });
  const parse = (...widgets: object[]) => parseBody({ widgets });

  test("reads every widget of the applied body, with its place, rows and lines", () => {
    const body = appliedBody() as { widgets: { type: string; properties: { title?: string; metrics?: unknown[] } }[] };
    const widgets = parseBody(body);
    expect(widgets).toHaveLength(body.widgets.length);
    const charts = widgets.filter((widget): widget is ChartWidget => widget.type === "metric");
    expect(charts.map(({ title, rows }) => [title, rows.length])).toEqual(
      body.widgets
        .filter(({ type }) => type === "metric")
        .map(({ properties }) => [properties.title, properties.metrics!.length]),
    );
    const errors = charts.find(({ title }) => title === "Worker error rate (percent)")!;
    expect(errors).toMatchObject({ unit: "percent", region: "us-east-1", width: 8, height: 6 });
    expect(errors.rows[0]).toMatchObject({
      id: "value",
      visible: true,
      periodSeconds: 300,
      source: { expression: "IF((FILL(m1, 0))>=1, 100*(FILL(m0, 0))/(FILL(m1, 0)))" },
    });
    expect(errors.rows[1]).toMatchObject({
      id: "m0",
      visible: false,
      source: {
        namespace: "AWS/Lambda",
        metric: "Errors",
        dimensions: { FunctionName: "quickturn-dev-worker" },
        statistic: "Sum",
      },
    });
    expect(errors.lines.map(({ label, value }) => [label, value])).toEqual([
      ["target", 1],
      ["error-rate-warning", 1],
      ["error-rate-critical", 5],
    ]);
  });

  test("widgets are in reading order, whatever their order in the body", () => {
    expect(
      parse(chart({ title: "third" }, { y: 6 }), chart({ title: "second" }, { x: 8 }), chart({ title: "first" })).map(
        (widget) => (widget as ChartWidget).title,
      ),
    ).toEqual(["first", "second", "third"]);
  });

  test("a field that the body leaves out has CloudWatch's default", () => {
    expect((parse(chart({ metrics: [["N", "M"]] }))[0] as ChartWidget).rows).toEqual([
      {
        label: "M",
        visible: true,
        periodSeconds: 300,
        source: { namespace: "N", metric: "M", dimensions: {}, statistic: "Average" },
      },
    ]);
  });

  test.each<[string, unknown, string]>([
    [
      "an unknown type",
      { widgets: [chart({}), { ...chart(), type: "log" }] },
      'Widget 2: type is "log"; allowed: text, alarm and metric',
    ],
    ["no widgets", {}, "The dashboard's body: widgets is missing; allowed: a list"],
    ["a list", [], "The dashboard's body is []; allowed: an object"],
    ["another view", { widgets: [chart({ view: "pie" })] }, 'Widget 1 (T): view is "pie"; allowed: timeSeries'],
    [
      "a widget over the edge",
      { widgets: [chart({}, { x: 20 })] },
      "Widget 1 reaches from column 20 to 28; allowed: up to 24",
    ],
    [
      "a line without a value",
      { widgets: [chart({ annotations: { horizontal: [{ label: "target", value: null }] } })] },
      'Widget 1 (T), line 1 "target" is null; allowed: a number',
    ],
    [
      "the short form of a row",
      {
        widgets: [
          chart({
            metrics: [
              ["N", "M"],
              [".", "."],
            ],
          }),
        ],
      },
      'Widget 1 (T), row 2 is [".","."]; allowed: [namespace, metric, dimension, value',
    ],
    ["half a dimension", { widgets: [chart({ metrics: [["N", "M", "D"]] })] }, 'row 1 is ["N","M","D"]; allowed'],
    ["no region", { widgets: [chart({ region: undefined })] }, "Widget 1 (T): region is missing; allowed: text"],
    [
      "a period of half a second",
      { widgets: [chart({ period: 0.5 })] },
      "Widget 1 (T): period is 0.5; allowed: a whole number from 1 on",
    ],
    [
      "an alarm widget without its list",
      { widgets: [{ ...chart(), type: "alarm", properties: {} }] },
      "Widget 1: properties: alarms is missing; allowed: a list",
    ],
  ])("%s is refused, and the message says where it is", (_, body, message) =>
    expect(() => parseBody(body)).toThrow(message),
  );
});
