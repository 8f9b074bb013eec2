import { getMetricData, parseStatistic, putMetricData } from "../../../../scripts/emulator/metrics/metric-data";
import { MetricStore } from "../../../../scripts/emulator/metrics/metric-store";
import { array, assert, double, integer, property, tuple } from "fast-check";

describe("metric data", () => {
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

  test("each period with samples has one value; the end is not included, and an empty period has no value", () => {
    expect(answer(input(query("sum", "Sum"), query("all", "p50", 3 * MINUTE)))).toEqual([
      { Id: "sum", Label: "m", StatusCode: "Complete", Timestamps: [BASE, BASE + MINUTE], Values: [30, 60] },
      { Id: "all", Label: "m", StatusCode: "Complete", Timestamps: [BASE], Values: [20] },
    ]);
  });

  test("by default the newest comes first; ReturnData false leaves a query out", () => {
    const given = input({ ...query("sum", "Sum"), Label: "mine" }, { ...query("hidden", "Sum"), ReturnData: false });
    expect(answer({ ...given, ScanBy: undefined, StartTime: BASE + 29.5 })).toEqual([
      { Id: "sum", Label: "mine", StatusCode: "Complete", Timestamps: [BASE + MINUTE, BASE], Values: [60, 30] },
    ]);
  });

  test("metric math is evaluated period by period, and FILL fills gaps but makes no data", () => {
    const math = (Id: string, Expression: string) => ({ Id, Expression, Period: MINUTE });
    const none = { Id: "x", MetricStat: { ...stat("Sum", MINUTE), Metric: { Namespace: "N", MetricName: "other" } } };
    const found = answer(
      input({ ...query("m1", "Sum"), ReturnData: false }, none, math("e", "100*FILL(m1,0)"), math("f", "FILL(x,0)")),
    );
    expect(found.map(({ Id, Timestamps, Values }) => ({ Id, Timestamps, Values }))).toEqual([
      { Id: "x", Timestamps: [], Values: [] },
      { Id: "e", Timestamps: [BASE, BASE + 60, BASE + 120], Values: [3_000, 6_000, 0] },
      { Id: "f", Timestamps: [], Values: [] },
    ]);
  });

  test("a search has a result for each metric with exactly its dimensions, whose label names them", () => {
    const search = { Id: "s", Expression: "SEARCH('{N,A} MetricName=\"m\"', 'Sum')", Period: 3 * MINUTE };
    expect(answer(input({ ...search, Label: "${PROP('Dim.A')}" }))).toEqual([
      { Id: "s", Label: "a", StatusCode: "Complete", Timestamps: [BASE], Values: [90] },
    ]);
    expect(answer(input({ ...search, Expression: "SEARCH('{N} MetricName=\"m\"', 'Sum')" }))).toEqual([]);
  });

  test("a metric that nobody recorded has no data instead of 0", () => {
    const other = { Id: "x", MetricStat: { ...stat("Sum", MINUTE), Metric: { Namespace: "N", MetricName: "other" } } };
    expect(answer(input(other))).toEqual([
      { Id: "x", Label: "other", StatusCode: "Complete", Timestamps: [], Values: [] },
    ]);
  });

  test.each<[string, object, string]>([
    [
      "an expression of metrics that nobody asks for",
      input({ Id: "e", Expression: "1+m1/m2", Period: MINUTE }, { ...query("m1", "Sum"), ReturnData: false }),
      "e: 1+m1/m2 names m2; allowed: ids of metrics beside it (m1).",
    ],
    [
      "an expression of a kind that is not evaluated here",
      input({ Id: "e", Expression: "RATE(m1)", Period: MINUTE }, query("m1", "Sum")),
      "e: RATE(m1) calls RATE with 1 arguments, which is not supported here.",
    ],
    [
      "an unknown statistic",
      input(query("a", "tm90")),
      'a asks for the statistic "tm90"; ' +
        "allowed here: SampleCount, Sum, Average, Minimum, Maximum, p0 to p100, PR(low:high).",
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
      'a has the MetricName missing and the Namespace "N"; expected texts.',
    ],
    [
      "an end before the start",
      { ...input(query("a", "Sum")), EndTime: BASE },
      "must be less than the parameter EndTime",
    ],
    ["no time", { ...input(query("a", "Sum")), StartTime: "now" }, 'StartTime is "now"; allowed: seconds since 1970.'],
  ])("%s is refused with a ValidationError", (_, given, message) => {
    expect(() => getMetricData(store(), given as Record<string, unknown>)).toThrow(
      expect.objectContaining({
        name: "ValidationError",
        status: 400,
        message: expect.stringContaining(message) as unknown,
      }),
    );
  });
});

describe("statistic", () => {
  const of = (name: string, values: readonly number[]) =>
    parseStatistic(name)!([...values].sort((left, right) => left - right));
  const KNOWN = [61.5, 84, 112, 165.2, 190, 230.2, 247.3];

  test.each([
    ["SampleCount", 7],
    ["Sum", 1090.2],
    ["Average", 155.742857],
    ["Minimum", 61.5],
    ["Maximum", 247.3],
    // As numpy.percentile has them by default.
    ["p50", 165.2],
    ["p95", 242.17],
    ["p99", 246.274],
    ["p0", 61.5],
    ["p100", 247.3],
    ["p99.9", 247.1974],
    // Three of seven are at most 112; the lower bound itself is outside, the upper one inside.
    ["PR(:112)", 300 / 7],
    ["PR(112:)", 400 / 7],
    ["PR(61.5:112)", 200 / 7],
    ["PR(:0)", 0],
    ["PR(:1000)", 100],
  ])("%s of a known set", (name, expected) => expect(of(name, KNOWN)).toBeCloseTo(expected, 5));

  test("of 99 quick samples and a slow one, 99 percent are below the bound, and the P99 lies between them", () => {
    const values = [...Array<number>(99).fill(100), 10_000];
    expect([of("PR(:5000)", values), of("p99", values), of("p95", values)]).toEqual([99, expect.closeTo(199, 6), 100]);
  });

  const values = array(double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 60 });

  test("a rank is the share of samples above its lower and up to its upper bound", () => {
    assert(
      property(
        values,
        tuple(integer({ min: -1000, max: 1000 }), integer({ min: 1, max: 1000 })),
        (given, [low, width]) => {
          const within = given.filter((value) => value > low && value <= low + width).length;
          expect(of(`PR(${low}:${low + width})`, given)).toBeCloseTo((100 * within) / given.length, 9);
          expect(of(`PR(:${low})`, given) + of(`PR(${low}:)`, given)).toBeCloseTo(100, 9);
        },
      ),
    );
  });

  test("at most the percentile's share of the samples is below it, and percentiles ascend", () => {
    assert(
      property(values, integer({ min: 0, max: 100 }), integer({ min: 0, max: 100 }), (given, one, other) => {
        const percentile = of(`p${one}`, given);
        expect(given.filter((value) => value < percentile).length).toBeLessThanOrEqual(
          Math.ceil((given.length - 1) * (one / 100)) + 1,
        );
        expect(of(`p${Math.min(one, other)}`, given)).toBeLessThanOrEqual(of(`p${Math.max(one, other)}`, given));
      }),
    );
  });

  test.each(["tm90", "PR(:)", "PR(5:5)", "PR(9:5)", "p101", "p", "sum", "IQM", "toString", ""])(
    "%p is none that is computed here",
    (name) => expect(parseStatistic(name)).toBeUndefined(),
  );
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

  test("a value has its own time, or is of now", () => {
    expect(
      found(put({ MetricName: "m", Dimensions, Value: 5, Timestamp: 3 }, { MetricName: "m", Dimensions, Value: 6 })),
    ).toEqual([
      [3_000, [5]],
      [7_000, [6]],
    ]);
  });

  test.each<[string, unknown, string]>([
    [
      "statistic sets",
      { MetricName: "m", StatisticValues: { Sum: 1, SampleCount: 1, Minimum: 1, Maximum: 1 } },
      "m comes as StatisticValues; here only Value is recorded.",
    ],
    ["no value", { MetricName: "m" }, "m has the value missing; allowed: numbers."],
    ["text", { MetricName: "m", Value: "5" }, 'm has the value "5"; allowed: numbers.'],
    ["no name", { Value: 5 }, "A datum has the MetricName missing; expected a text."],
    [
      "sets of values",
      { MetricName: "m", Values: [1], Counts: [2] },
      "m comes as Values; here only Value is recorded.",
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
