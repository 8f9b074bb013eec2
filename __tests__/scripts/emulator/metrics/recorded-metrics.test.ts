import { jsonLines } from "../../../../handlers/telemetry";
import { embeddedMetrics, putMetricData } from "../../../../scripts/emulator/metrics/recorded-metrics";
import { MetricStore } from "../../../../scripts/emulator/metrics/metric-store";

describe("embedded metrics", () => {
  const line = (directives: unknown, values: object, timestamp: unknown = 1_000) =>
    JSON.stringify({ _aws: { Timestamp: timestamp, CloudWatchMetrics: directives }, ...values });

  test("what the handlers write comes back as they measured it", () => {
    const lines: string[] = [];
    jsonLines(
      (text) => lines.push(text),
      () => 5_000,
      "shop-dev",
    )(
      "info",
      "finished",
      { request_id: "r" },
      { metrics: { JobDuration: 120, RequestFailed: 0 } },
      { metrics: { JobDuration: 120 }, dimensions: { Version: "7" } },
    );
    expect(lines.flatMap((text) => embeddedMetrics(text.trimEnd()))).toEqual([
      {
        namespace: "Quickturn",
        metric: "JobDuration",
        dimensions: { Deployment: "shop-dev" },
        value: 120,
        atMs: 5_000,
      },
      {
        namespace: "Quickturn",
        metric: "RequestFailed",
        dimensions: { Deployment: "shop-dev" },
        value: 0,
        atMs: 5_000,
      },
      {
        namespace: "Quickturn",
        metric: "JobDuration",
        dimensions: { Deployment: "shop-dev", Version: "7" },
        value: 120,
        atMs: 5_000,
      },
    ]);
  });

  test("each metric is once for each set of dimensions, and each value of an array for itself", () => {
    const text = line(
      [{ Namespace: "N", Dimensions: [["A"], ["A", "B"], []], Metrics: [{ Name: "m", Unit: "Count" }] }],
      { A: "a", B: "b", m: [1, 2] },
    );
    expect(embeddedMetrics(text).map(({ dimensions, value }) => [dimensions, value])).toEqual([
      [{ A: "a" }, 1],
      [{ A: "a", B: "b" }, 1],
      [{}, 1],
      [{ A: "a" }, 2],
      [{ A: "a", B: "b" }, 2],
      [{}, 2],
    ]);
  });

  test("a metric or a dimension that the line does not hold, or holds as something else, is left out; the others stay", () => {
    const text = line(
      [
        {
          Namespace: "N",
          Dimensions: [["A"], ["Gone"], ["Number"]],
          Metrics: [{ Name: "m" }, { Name: "gone" }, { Name: "text" }, {}],
        },
        { Dimensions: [[]], Metrics: [{ Name: "m" }] },
      ],
      { A: "a", Number: 5, m: 1, text: "1" },
    );
    expect(embeddedMetrics(text)).toEqual([
      { namespace: "N", metric: "m", dimensions: { A: "a" }, value: 1, atMs: 1_000 },
    ]);
  });

  test.each([
    "START RequestId: 1 Version: 2",
    '{"level":"info"}',
    '{"_aws"',
    line([], {}),
    line(undefined, {}),
    line("x", {}),
    line([{ Namespace: "N", Dimensions: [[]], Metrics: [{ Name: "m" }] }], { m: 1 }, "now"),
    '["_aws"]',
    '{"_aws":null}',
  ])("%p holds no metric", (text) => expect(embeddedMetrics(text)).toEqual([]));
});

describe("put metric data", () => {
  const NAME = { namespace: "N", metric: "m", dimensions: { A: "a" } };
  const Dimensions = [{ Name: "A", Value: "a" }];

  function put(...MetricData: unknown[]): MetricStore {
    const store = new MetricStore();
    putMetricData(store, { Namespace: "N", MetricData }, 7_000);
    return store;
  }
  const found = (store: MetricStore) => [...store.byPeriod(NAME, 0, 100_000, 1_000)];

  test("a value is of its own time or of now, and values are as often as they are counted", () => {
    expect(
      found(
        put(
          { MetricName: "m", Dimensions, Value: 5, Timestamp: 3 },
          { MetricName: "m", Dimensions, Value: 6 },
          { MetricName: "m", Dimensions, Values: [1, 2], Counts: [2, 1] },
          { MetricName: "m", Dimensions, Values: [9] },
        ),
      ),
    ).toEqual([
      [3_000, [5]],
      [7_000, [1, 1, 2, 6, 9]],
    ]);
  });

  test.each<[string, unknown, string]>([
    [
      "statistic sets",
      { MetricName: "m", StatisticValues: { Sum: 1, SampleCount: 1, Minimum: 1, Maximum: 1 } },
      "m comes as StatisticValues; here only Value and Values are recorded.",
    ],
    ["no value", { MetricName: "m" }, "m has the value missing; allowed: numbers."],
    ["text", { MetricName: "m", Value: "5" }, 'm has the value "5"; allowed: numbers.'],
    ["no name", { Value: 5 }, "A datum has the MetricName missing; it takes one."],
    [
      "a count that is none",
      { MetricName: "m", Values: [1], Counts: [1.5] },
      "m has the count 1.5; allowed here: whole numbers from 0 to 10000.",
    ],
  ])("%s are refused, and nothing of the call is recorded", (_, datum, message) => {
    const store = new MetricStore();
    expect(() =>
      putMetricData(store, { Namespace: "N", MetricData: [{ MetricName: "m", Dimensions, Value: 1 }, datum] }, 0),
    ).toThrow(message);
    expect(found(store)).toEqual([]);
  });

  test("a call without a namespace is refused", () =>
    expect(() => putMetricData(new MetricStore(), {}, 0)).toThrow("Namespace is missing; it takes one."));
});
