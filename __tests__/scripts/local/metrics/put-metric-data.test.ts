import { MetricStore } from "../../../../scripts/local/metrics/metric-store";
import { putMetricData } from "../../../../scripts/local/metrics/put-metric-data";

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
