import { jsonLines } from "../../../../handlers/telemetry";
import {
  KEPT_SAMPLES,
  MetricStore,
  putMetricData,
  readEmbeddedMetrics,
} from "../../../../scripts/emulator/metrics/metric-store";

describe("metric store", () => {
  const name = { namespace: "N", metric: "m", dimensions: { A: "1", B: "2" } };

  test("values come by period from the start, the end not included, ascending, whatever the order of arrival", () => {
    const store = new MetricStore();
    for (const [atMs, value] of [
      [60_000, 3],
      [119_999, 1],
      [120_000, 5],
      [59_999, 9],
      [180_000, 7],
      [300_000, 8],
    ] as const)
      store.record({ ...name, atMs, value });
    expect([...store.byPeriod(name, { startMs: 60_000, endMs: 300_000, periodMs: 60_000 })]).toEqual([
      [60_000, [1, 3]],
      [120_000, [5]],
      [180_000, [7]],
    ]);
    expect([...store.byPeriod(name, { startMs: 60_000, endMs: 300_000, periodMs: 240_000 })]).toEqual([
      [60_000, [1, 3, 5, 7]],
    ]);
  });

  test("a metric is told by all its dimensions, in any order, and by no fewer", () => {
    const store = new MetricStore();
    store.record({ ...name, atMs: 0, value: 1 });
    expect([
      ...store.byPeriod({ ...name, dimensions: { B: "2", A: "1" } }, { startMs: 0, endMs: 1, periodMs: 1 }),
    ]).toEqual([[0, [1]]]);
    const others: readonly Record<string, string>[] = [{ A: "1" }, {}, { A: "1", B: "3" }, { A: "1", B: "2", C: "" }];
    for (const dimensions of others)
      expect(store.byPeriod({ ...name, dimensions }, { startMs: 0, endMs: 1, periodMs: 1 }).size).toBe(0);
  });

  test("a full metric lets the oldest samples go", () => {
    const store = new MetricStore();
    for (let index = 0; index <= KEPT_SAMPLES; index++) store.record({ ...name, atMs: index, value: index });
    const [[, values = []] = []] = [
      ...store.byPeriod(name, { startMs: 0, endMs: KEPT_SAMPLES + 1, periodMs: KEPT_SAMPLES + 1 }),
    ];
    expect({ count: values.length, newest: values.at(-1) }).toEqual({
      count: KEPT_SAMPLES * 0.9 + 1,
      newest: KEPT_SAMPLES,
    });
  });
});

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
    expect(lines.flatMap((text) => readEmbeddedMetrics(text.trimEnd()))).toEqual([
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
    expect(readEmbeddedMetrics(text).map(({ dimensions, value }) => [dimensions, value])).toEqual([
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
    expect(readEmbeddedMetrics(text)).toEqual([
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
  ])("%p holds no metric", (text) => expect(readEmbeddedMetrics(text)).toEqual([]));
});

describe("put metric data", () => {
  const NAME = { namespace: "N", metric: "m", dimensions: { A: "a" } };
  const Dimensions = [{ Name: "A", Value: "a" }];

  function put(...MetricData: unknown[]): MetricStore {
    const store = new MetricStore();
    putMetricData(store, { Namespace: "N", MetricData }, 7_000);
    return store;
  }
  const found = (store: MetricStore) => [...store.byPeriod(NAME, { startMs: 0, endMs: 100_000, periodMs: 1_000 })];

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
    ["no name", { Value: 5 }, "A datum has the MetricName missing; expected a text."],
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
    expect(() => putMetricData(new MetricStore(), {}, 0)).toThrow("Namespace is missing; expected a text."));
});
