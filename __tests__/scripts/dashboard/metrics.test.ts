import fc from "fast-check";
import {
  parseMetrics,
  savedSeries,
  seriesKey,
  type MetricSeries,
  seriesQueries,
  found,
  isSearch,
  parseSearch,
} from "../../../scripts/dashboard/metrics";
import { parseBody } from "../../../scripts/dashboard/body";
import { appliedBody } from "../../support/dashboard-state";

describe("metrics", () => {
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
});

describe("queries", () => {
  const widgets = parseBody(appliedBody());
  const calls = seriesQueries(widgets);

  test("every call is of one region and has at most 500 queries with ids of their own", () => {
    for (const { region, queries } of calls) {
      expect(region).toBe("us-east-1");
      expect(queries.length).toBeLessThanOrEqual(500);
      expect(new Set(queries.map(({ id }) => id)).size).toBe(queries.length);
      for (const { id } of queries) expect(id).toMatch(/^[a-z]\w*$/);
    }
  });

  test("an expression names metrics of its own call, and those of its own chart", () => {
    const [first] = calls;
    const number = widgets.findIndex(
      (widget) => widget.type === "metric" && widget.title === "Worker error rate (percent)",
    );
    const asked = first!.queries.find(({ of }) => of?.widget === number)!;
    const [, invocations, errors] =
      /^IF\(\(FILL\((q\d+), 0\)\)>=1, 100\*\(FILL\((q\d+), 0\)\)\/\(FILL\(\1, 0\)\)\)$/.exec(
        (asked.source as { expression: string }).expression,
      )!;
    const metric = (id: string) => first!.queries.find((query) => query.id === id)!.source;
    expect([metric(invocations!), metric(errors!)]).toMatchObject([
      { metric: "Invocations", dimensions: { FunctionName: "quickturn-dev-worker" } },
      { metric: "Errors" },
    ]);
  });

  test("a search is asked as it stands, with the label that names what it found", () => {
    const searches = calls
      .flatMap(({ queries }) => queries)
      .filter(({ source }) => "expression" in source && source.expression.startsWith("SEARCH"));
    expect(searches.map(({ label }) => label)).toEqual([
      "${PROP('Dim.Agent')}",
      "${PROP('Dim.Agent')}",
      "${PROP('Dim.Phase')}",
      "${PROP('Dim.Model')}",
    ]);
    expect((searches[0]!.source as { expression: string }).expression).toBe(
      `SEARCH('{Quickturn,Deployment,Agent} Deployment="quickturn-dev" MetricName="AgentDuration"', 'p95')`,
    );
  });

  test("a metric that several charts have is asked once a call", () => {
    for (const { queries } of calls) {
      const metrics = queries
        .filter(({ source }) => !("expression" in source))
        .map(({ source, periodSeconds }) => JSON.stringify([source, periodSeconds]));
      expect(new Set(metrics).size).toBe(metrics.length);
    }
  });
});

describe("search", () => {
  const series = (dimensions: Record<string, string>, more: Partial<MetricSeries> = {}): MetricSeries => ({
    namespace: "Quickturn",
    metric: "AgentDuration",
    dimensions,
    statistic: "p95",
    periodSeconds: 300,
    points: [],
    ...more,
  });
  const SEARCH = parseSearch(`SEARCH('{Quickturn,Deployment,Agent} Deployment="d" MetricName="AgentDuration"', 'p95')`);

  test("every search of the applied body is understood", () => {
    const searches = parseBody(appliedBody())
      .flatMap((widget) => (widget.type === "metric" ? widget.rows : []))
      .flatMap(({ source }) =>
        "expression" in source && isSearch(source.expression) ? [parseSearch(source.expression)] : [],
      );
    expect(searches.map(({ dimensions, terms }) => [...dimensions, terms["MetricName"]])).toEqual([
      ["Deployment", "Agent", "AgentDuration"],
      ["Deployment", "Agent", "AgentFailed"],
      ["Deployment", "Phase", "PhaseDuration"],
      ["Deployment", "Model", "TokensUsed"],
    ]);
  });

  test("finds what has exactly the dimensions, the values, the statistic and the period, in the order of names", () => {
    const [b, a] = [series({ Deployment: "d", Agent: "b" }), series({ Agent: "a", Deployment: "d" })];
    const others = [
      series({ Deployment: "other", Agent: "a" }),
      series({ Deployment: "d" }),
      series({ Deployment: "d", Agent: "a", Version: "1" }),
      series({ Deployment: "d", Agent: "c" }, { metric: "AgentFailed" }),
      series({ Deployment: "d", Agent: "c" }, { statistic: "p50" }),
      series({ Deployment: "d", Agent: "c" }, { periodSeconds: 60 }),
      series({ Deployment: "d", Agent: "c" }, { namespace: "Else" }),
    ];
    expect(found(SEARCH, 300, [b, ...others, a])).toEqual([a, b]);
  });

  test.each([`SEARCH('MetricName="X"', 'Sum')`, `SEARCH('{A,B} worker', 'Sum')`, `SEARCH('{A,B} X="y"', 'Sum', 60)`])(
    "%s is refused",
    (expression) => {
      expect(() => parseSearch(expression)).toThrow(
        `${expression} cannot be searched for here; allowed: SEARCH('{Namespace,Dimension}`,
      );
    },
  );
});
