import fc from "fast-check";
import { parseMetrics, savedSeries, seriesKey, type MetricSeries } from "../../../../scripts/judges/dashboard/metrics";

const entry = {
  namespace: "N",
  metric: "M",
  dimensions: { D: "v" },
  statistic: "Sum",
  period: 300,
  timestamps: ["2026-11-20T00:05:00Z", 1_795_132_800],
  values: [2, 1],
};

test("an entry's values are in the order of time, which is ISO or seconds since 1970", () => {
  expect(parseMetrics([entry])).toEqual([
    {
      namespace: "N",
      metric: "M",
      dimensions: { D: "v" },
      statistic: "Sum",
      periodSeconds: 300,
      points: [
        [1_795_132_800_000, 1],
        [1_795_133_100_000, 2],
      ],
    },
  ]);
});

test("GetMetricData's answer is read with what was asked; its expressions are left to be made again", () => {
  const asked = {
    Id: "q0",
    MetricStat: {
      Metric: { Namespace: "N", MetricName: "M", Dimensions: [{ Name: "D", Value: "v" }] },
      Period: 300,
      Stat: "Sum",
    },
  };
  const document = {
    MetricDataQueries: [
      asked,
      { Id: "e", Expression: "q0*2" },
      { ...asked, Id: "q1", MetricStat: { ...asked.MetricStat, Stat: "p95" } },
    ],
    MetricDataResults: [
      { Id: "q0", Timestamps: entry.timestamps, Values: entry.values },
      { Id: "e", Timestamps: [], Values: [] },
    ],
  };
  expect(parseMetrics(document)).toEqual([
    ...parseMetrics([entry]),
    { ...parseMetrics([entry])[0]!, statistic: "p95", points: [] },
  ]);
});

test("what is saved is read as it was", () => {
  const series = fc.record({
    namespace: fc.constant("N"),
    metric: fc.string({ minLength: 1 }),
    dimensions: fc.dictionary(
      fc.string({ minLength: 1 }).filter((name) => name !== "__proto__"),
      fc.string({ minLength: 1 }),
    ),
    statistic: fc.constant("p95"),
    periodSeconds: fc.integer({ min: 1, max: 86_400 }),
    points: fc
      .uniqueArray(
        fc.tuple(
          fc.integer({ min: 0, max: 4e9 }).map((s) => s * 1_000),
          fc.double({ noNaN: true, noDefaultInfinity: true }),
        ),
        { selector: ([ms]) => ms },
      )
      .map((points) => points.sort(([a], [b]) => a - b)),
  });
  fc.assert(
    fc.property(series, (each: MetricSeries) =>
      expect(parseMetrics(JSON.parse(JSON.stringify([savedSeries(each)])))).toEqual([
        {
          ...each,
          dimensions: { ...each.dimensions },
          points: each.points.map(([ms, value]) => [ms, value + 0 === 0 ? 0 : value]),
        },
      ]),
    ),
  );
});

test("the order of dimensions tells no two metrics apart", () => {
  const [one] = parseMetrics([{ ...entry, dimensions: { A: "1", B: "2" } }]);
  expect(seriesKey({ ...one!, dimensions: { B: "2", A: "1" } })).toBe(seriesKey(one!));
});

test.each<[string, unknown, string]>([
  ["text", "x", 'It is "x"; allowed: a list of {namespace, metric, dimensions'],
  ["an answer without what was asked", { MetricDataResults: [] }, "allowed: a list of {namespace"],
  ["an entry that is none", [5], "Entry 1 is 5; allowed: an object of a list of"],
  ["no metric", [{ ...entry, metric: undefined }], "Entry 1's metric is missing; allowed: text"],
  ["a period in words", [{ ...entry, period: "5m" }], `Entry 1's period is "5m"; allowed: whole seconds from 1 on`],
  [
    "fewer values",
    [{ ...entry, values: [1] }],
    "Entry 1 has 2 timestamps and 1 values; allowed: two lists of one length",
  ],
  ["a value in words", [{ ...entry, values: [1, "2"] }], `Entry 1's value 2 is "2"; allowed: a number`],
  [
    "a time without a zone",
    [{ ...entry, timestamps: ["2026-11-20T00:05:00", 5] }],
    `Entry 1's timestamp 1 is "2026-11-20T00:05:00"; allowed: an ISO time with its zone`,
  ],
  [
    "milliseconds",
    [{ ...entry, timestamps: [1_795_132_800_000, 5] }],
    "Entry 1's timestamp 1 is 1795132800000; allowed",
  ],
  [
    "one metric twice",
    [entry, entry],
    "Entries 1 and 2 are both the Sum of N M in periods of 300 s; allowed: each once",
  ],
])("%s is refused, with the entry and what is allowed", (_, document, message) =>
  expect(() => parseMetrics(document)).toThrow(message),
);
