import { getMetricData } from "../../../../scripts/local/metrics/metric-data";
import { MetricStore } from "../../../../scripts/local/metrics/metric-store";

const MINUTE = 60;
const BASE = 1_700_000_040; // A whole minute.
const stat = (Stat: string, Period: number, more = {}) => ({
  Metric: { Namespace: "N", MetricName: "m", Dimensions: [{ Name: "A", Value: "a" }] },
  Stat,
  Period,
  ...more,
});
const query = (Id: string, Stat: string, Period = MINUTE) => ({ Id, MetricStat: stat(Stat, Period) });
const input = (...MetricDataQueries: unknown[]) => ({
  StartTime: BASE,
  EndTime: BASE + 3 * MINUTE,
  ScanBy: "TimestampAscending",
  MetricDataQueries,
});

function store(): MetricStore {
  const filled = new MetricStore();
  [
    [0, 10],
    [30, 20],
    [119, 60],
    [180, 1_000],
  ].forEach(([seconds = 0, value = 0]) =>
    filled.record({ namespace: "N", metric: "m", dimensions: { A: "a" }, atMs: (BASE + seconds) * 1_000, value }),
  );
  return filled;
}
const answer = (given: Record<string, unknown>) =>
  getMetricData(store(), given)["MetricDataResults"] as {
    Id: string;
    Label: string;
    StatusCode: string;
    Timestamps: number[];
    Values: number[];
  }[];

test("each period with samples has a value at its start; the end is not included, an empty period is no 0", () => {
  expect(answer(input(query("sum", "Sum"), query("all", "p50", 3 * MINUTE)))).toEqual([
    { Id: "sum", Label: "m", StatusCode: "Complete", Timestamps: [BASE, BASE + MINUTE], Values: [30, 60] },
    { Id: "all", Label: "m", StatusCode: "Complete", Timestamps: [BASE], Values: [20] },
  ]);
});

test("without a word the newest comes first, a start within a minute is that minute's, and what is not to be returned is not", () => {
  const given = input({ ...query("sum", "Sum"), Label: "mine" }, { ...query("hidden", "Sum"), ReturnData: false });
  expect(answer({ ...given, ScanBy: undefined, StartTime: BASE + 29.5 })).toEqual([
    { Id: "sum", Label: "mine", StatusCode: "Complete", Timestamps: [BASE + MINUTE, BASE], Values: [60, 30] },
  ]);
});

test("a metric that nobody recorded is complete and empty: no data, not 0", () => {
  const other = { Id: "x", MetricStat: { ...stat("Sum", MINUTE), Metric: { Namespace: "N", MetricName: "other" } } };
  expect(answer(input(other))).toEqual([
    { Id: "x", Label: "other", StatusCode: "Complete", Timestamps: [], Values: [] },
  ]);
});

test.each<[string, object, string]>([
  [
    "an expression",
    input({ Id: "e", Expression: "m1/m2" }),
    'e is the expression "m1/m2"; here only MetricStat is answered.',
  ],
  [
    "an unknown statistic",
    input(query("a", "tm90")),
    'a asks for the statistic "tm90"; allowed here: SampleCount, Sum, Average, Minimum, Maximum, p0 to p100, PR(low:high).',
  ],
  [
    "an odd period",
    input(query("a", "Sum", 45)),
    "a has the period 45; allowed: 1, 5, 10, 20, 30, or a multiple of 60 seconds.",
  ],
  [
    "a bad id",
    input(query("Sum", "Sum")),
    'The id of a query is "Sum"; allowed: letters, digits and _, a lower-case letter first.',
  ],
  ["the same id twice", input(query("a", "Sum"), query("a", "p50")), "The id a is there twice; allowed: each once."],
  [
    "a unit",
    input({ Id: "a", MetricStat: stat("Sum", MINUTE, { Unit: "Count" }) }),
    'a asks for the unit "Count", and units are not kept here; leave it out.',
  ],
  ["no query", input(), "MetricDataQueries has 0 queries; allowed: 1 to 500."],
  [
    "too many",
    input(...Array.from({ length: 501 }, (_, index) => query(`q${index}`, "Sum"))),
    "MetricDataQueries has 501 queries; allowed: 1 to 500.",
  ],
  ["no metric", input({ Id: "a" }), "a has no MetricStat with a Metric."],
  [
    "no name",
    input({ Id: "a", MetricStat: { ...stat("Sum", MINUTE), Metric: { Namespace: "N" } } }),
    'a names the metric undefined of "N"; it takes Namespace and MetricName.',
  ],
  [
    "an end before the start",
    { ...input(query("a", "Sum")), EndTime: BASE },
    "must be less than the parameter EndTime",
  ],
  ["no time", { ...input(query("a", "Sum")), StartTime: "now" }, 'StartTime is "now"; allowed: seconds since 1970.'],
])("%s is refused as AWS refuses", (_, given, message) => {
  expect(() => getMetricData(store(), given as Record<string, unknown>)).toThrow(
    expect.objectContaining({
      name: "ValidationError",
      status: 400,
      message: expect.stringContaining(message) as unknown,
    }),
  );
});
