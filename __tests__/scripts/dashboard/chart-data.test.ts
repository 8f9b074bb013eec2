import type { ChartRow, ChartWidget } from "../../../scripts/dashboard/applied-dashboard";
import { checkLines, evaluateChart } from "../../../scripts/dashboard/chart-data";
import type { MetricSeries, Point } from "../../../scripts/dashboard/cloudwatch";

describe("chart data", () => {
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
  ) => evaluateChart({ widget: widget(...rows), number: 3, metrics: { series: all, evaluated }, window });

  test("a metric has its latest, smallest and largest value, and a label without the value", () => {
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

  test("an expression has no value where none of its metrics has one, even with FILL", () => {
    expect(draw([expression("FILL(m0, 0)"), metric("m0")], [])).toMatchObject({ series: [], notes: [] });
  });

  test("CloudWatch's own result of an expression is preferred to evaluating it here", () => {
    const given = [
      { widget: 3, row: 0, label: "x", points: at(7) },
      { widget: 4, row: 0, label: "other", points: at(8) },
    ];
    expect(draw([expression("m0*2"), metric("m0")], [series("m0", at(1))], given).series).toMatchObject([
      { label: "value", latest: 7 },
    ]);
  });

  test("a search has a series for each metric that it finds, labelled by the dimension that its label names", () => {
    const search = expression(`SEARCH('{N,Agent} MetricName="M"', 'p95')`, "${PROP('Dim.Agent')}");
    const agent = (name: string, value: number) =>
      series("M", at(value), { dimensions: { Agent: name }, statistic: "p95" });
    expect(draw([search], [agent("b", 2), agent("a", 1)]).series.map(({ label, latest }) => [label, latest])).toEqual([
      ["a", 1],
      ["b", 2],
    ]);
  });

  test("a metric with another statistic or period is not drawn, and a note says so", () => {
    expect(draw([metric("m0", "p95", true)], [series("m0", at(1))])).toMatchObject({
      series: [],
      notes: ["The metrics have m0 as Sum of 60 s; this chart takes p95 of 60 s."],
    });
  });

  test("a note says which expression cannot be evaluated", () => {
    expect(draw([expression("RATE(m0)"), metric("m0")], [series("m0", at(1))]).notes).toEqual([
      "RATE(m0) calls RATE with 1 arguments, which is not supported here.",
    ]);
    expect(draw([expression("m0+m9"), metric("m0")], [series("m0", at(1))]).notes).toEqual([
      "m0+m9 names m9; allowed: ids of metrics beside it (m0).",
    ]);
    expect(draw([expression("100*m0/SERVICE_QUOTA(m0)"), metric("m0")], [series("m0", at(1))])).toMatchObject({
      series: [],
      notes: ["CloudWatch alone knows the service quota that this is a share of."],
    });
  });
});

describe("line checks", () => {
  const line = (label: string, value: number) => ({ label, value, color: "#d62728" });
  const points = (...values: number[]): Point[] => values.map((value, index) => [index * 1_000, value]);

  test("a value that should be low is beyond its line above it, a rate of hits below it", () => {
    expect(checkLines("Worker error rate (percent)", [line("error-rate-critical", 5)], [points(1, 9, 7)])).toEqual([
      { line: line("error-rate-critical", 5), beyond: "above", now: true, periods: 2, ofPeriods: 3, worst: [1_000, 9] },
    ]);
    expect(
      checkLines("Cache hit rate of the status route (percent)", [line("target", 70)], [points(60, 80)]),
    ).toMatchObject([{ beyond: "below", now: false, periods: 1, worst: [0, 60] }]);
  });

  test("no heartbeat is beyond its line, below it", () =>
    expect(
      checkLines("Heartbeats of the worker (count)", [line("worker-heartbeat-missing", 1)], [points(3, 0)]),
    ).toMatchObject([{ beyond: "below", now: true }]));

  test("a value on the line is not beyond it", () =>
    expect(checkLines("Worker errors (count)", [line("worker-errors", 5)], [points(5)])).toMatchObject([
      { now: false, periods: 0 },
    ]));

  test("no value is beyond the target of a capacity; any series may be beyond a limit", () => {
    const checks = checkLines(
      "Requests that ran at once (count)",
      [line("target", 1), line("reserved", 3)],
      [points(1), points(9)],
    );
    expect(checks).toMatchObject([
      { beyond: undefined, now: false, periods: 0 },
      { beyond: "above", now: true, periods: 1 },
    ]);
  });

  test("without data nothing is beyond", () =>
    expect(checkLines("x", [line("quota", 0)], [])).toEqual([
      { line: line("quota", 0), beyond: "above", now: false, periods: 0, ofPeriods: 0 },
    ]));
});
