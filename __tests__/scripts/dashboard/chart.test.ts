import type { ChartRow, ChartWidget } from "../../../scripts/dashboard/body";
import { chartData, metricMath } from "../../../scripts/dashboard/chart";
import type { MetricSeries, Point } from "../../../scripts/dashboard/metrics";
import fc from "fast-check";

describe("chart", () => {
  const MINUTE = 60_000;
  const window = { startMs: 0, endMs: 5 * MINUTE };
  const metric = (id: string, statistic = "Sum", visible = false): ChartRow => ({
    id,
    label: `${id} [last \${LAST}]`,
    visible,
    periodSeconds: 60,
    source: { namespace: "N", metric: id, dimensions: {}, statistic },
  });
  const expression = (text: string, label = "value"): ChartRow => ({
    id: "value",
    label,
    visible: true,
    periodSeconds: 60,
    source: { expression: text },
  });
  const widget = (...rows: ChartRow[]): ChartWidget => ({
    type: "metric",
    x: 0,
    y: 0,
    width: 8,
    height: 6,
    title: "T",
    region: "r",
    unit: "count",
    rows,
    lines: [],
  });
  const series = (name: string, points: Point[], more: Partial<MetricSeries> = {}): MetricSeries => ({
    namespace: "N",
    metric: name,
    dimensions: {},
    statistic: "Sum",
    periodSeconds: 60,
    points,
    ...more,
  });
  const at = (...values: (number | undefined)[]): Point[] =>
    values.flatMap((value, minute): Point[] => (value === undefined ? [] : [[minute * MINUTE, value]]));
  const draw = (
    rows: ChartRow[],
    all: MetricSeries[],
    evaluated = [] as { widget: number; row: number; label: string; points: Point[] }[],
  ) => chartData(widget(...rows), 3, { series: all, evaluated }, window);

  test("a metric has its latest, smallest and largest value, under its label without the value in it", () => {
    expect(draw([metric("m0", "Sum", true)], [series("m0", at(4, 1, 9, 2))]).series).toEqual([
      { label: "m0", points: at(4, 1, 9, 2), periodSeconds: 60, latest: 2, minimum: 1, maximum: 9 },
    ]);
  });

  test("periods before the window, and those that have not ended by its end, are left out", () => {
    const points: Point[] = [
      [-MINUTE, 1],
      [0, 2],
      [4 * MINUTE, 3],
      [4.5 * MINUTE, 4],
      [5 * MINUTE, 5],
    ];
    expect(draw([metric("m0", "Sum", true)], [series("m0", points)]).series[0]!.points).toEqual([
      [0, 2],
      [4 * MINUTE, 3],
    ]);
  });

  test("an expression is evaluated period by period; FILL fills gaps in the whole window", () => {
    const rows = [expression("FILL(m0, 0)+FILL(m1, 0)"), metric("m0"), metric("m1")];
    expect(
      draw(rows, [series("m0", at(undefined, 1)), series("m1", at(undefined, undefined, undefined, 5))]).series,
    ).toMatchObject([{ points: at(0, 1, 0, 5, 0), latest: 0, maximum: 5 }]);
  });

  test("where none of its metrics has a value an expression has none, FILL or not", () => {
    expect(draw([expression("FILL(m0, 0)"), metric("m0")], [])).toMatchObject({ series: [], notes: [] });
  });

  test("what CloudWatch made of an expression counts before what is made here", () => {
    const given = [
      { widget: 3, row: 0, label: "x", points: at(7) },
      { widget: 4, row: 0, label: "other", points: at(8) },
    ];
    expect(draw([expression("m0*2"), metric("m0")], [series("m0", at(1))], given).series).toMatchObject([
      { label: "value", latest: 7 },
    ]);
  });

  test("a search has a line for each metric that it finds, by the dimension that the label names", () => {
    const search = expression(`SEARCH('{N,Agent} MetricName="M"', 'p95')`, "${PROP('Dim.Agent')}");
    const agent = (name: string, value: number) =>
      series("M", at(value), { dimensions: { Agent: name }, statistic: "p95" });
    expect(draw([search], [agent("b", 2), agent("a", 1)]).series.map(({ label, latest }) => [label, latest])).toEqual([
      ["a", 1],
      ["b", 2],
    ]);
  });

  test("a metric that is there in another period is told, and not drawn", () => {
    expect(draw([metric("m0", "p95", true)], [series("m0", at(1))])).toMatchObject({
      series: [],
      notes: ["The metrics have m0 as Sum of 60 s; this chart takes p95 of 60 s."],
    });
  });

  test("an expression that is not understood is told in its chart", () => {
    expect(draw([expression("RATE(m0)"), metric("m0")], [series("m0", at(1))]).notes).toEqual([
      "RATE with 1 arguments is not known here",
    ]);
    expect(draw([expression("m0+m9"), metric("m0")], [series("m0", at(1))]).notes).toEqual([
      "m0+m9 names m9; allowed: ids of metrics in this chart (m0).",
    ]);
    expect(draw([expression("100*m0/SERVICE_QUOTA(m0)"), metric("m0")], [series("m0", at(1))])).toMatchObject({
      series: [],
      notes: ["CloudWatch alone knows the service quota that this is a share of."],
    });
  });
});

describe("metric math", () => {
  const value = (text: string, metrics: Record<string, number> = {}, quota?: number) =>
    metricMath(text, quota)((id) => metrics[id]);

  test("multiplies before it adds, compares last, and minds parentheses", () => {
    expect(value("1+2*3")).toBe(7);
    expect(value("(1+2)*3")).toBe(9);
    expect(value("1+1>=2")).toBe(1);
    expect(value("8/4/2")).toBe(1);
  });

  test("adds and multiplies any numbers as JavaScript does", () => {
    const whole = fc.integer({ min: 0, max: 1e6 });
    fc.assert(fc.property(whole, whole, whole, (a, b, c) => expect(value("a+b*c-a", { a, b, c })).toBe(a + b * c - a)));
  });

  test("no data stays no data, but for FILL and MAX; a division by 0 is none", () => {
    expect(value("100*m0")).toBeUndefined();
    expect(value("FILL(m0, 0)+FILL(m1, 0)", { m1: 3 })).toBe(3);
    expect(value("MAX([m0, m1])", { m1: 3 })).toBe(3);
    expect(value("m0/m1", { m0: 1, m1: 0 })).toBeUndefined();
  });

  test("IF without a third argument has no data where its condition is false", () => {
    expect(value("IF(m0>=2, m0)", { m0: 1 })).toBeUndefined();
    expect(value("IF(m0>=2, m0)", { m0: 2 })).toBe(2);
  });

  test("a service quota that nobody knows is no data", () => {
    expect(value("100*m0/SERVICE_QUOTA(m1)", { m0: 5, m1: 5 }, 1_000)).toBe(0.5);
    expect(value("100*m0/SERVICE_QUOTA(m1)", { m0: 5, m1: 5 })).toBeUndefined();
  });

  test.each([
    ["RATE(m0)", "RATE with 1 arguments is not known here"],
    ["m0 ^ 2", "m0 ^ 2: characters that metric math does not have"],
    ["m0+", "ends too early"],
    ["m0 m1", '"m1" is one too many'],
    ["M0", '"M0" is no id; CloudWatch wants a lower-case letter first'],
  ])("%s is refused", (text, message) => expect(() => metricMath(text, 1)).toThrow(message));
});
