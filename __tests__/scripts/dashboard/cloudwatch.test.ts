import { parseBody } from "../../../scripts/dashboard/applied-dashboard";
import { listQueries, readAlarmStates, readMetrics, type SeriesQuery } from "../../../scripts/dashboard/cloudwatch";
import { answeringServer, type Answer } from "../../support/answering-server";
import { appliedBody } from "../../support/dashboard-state";

describe("queries", () => {
  const widgets = parseBody(appliedBody());
  const calls = listQueries(widgets);

  test("every call is of one region and has at most 500 queries with ids of their own", () => {
    for (const { region, queries } of calls) {
      expect(region).toBe("us-east-1");
      expect(queries.length).toBeLessThanOrEqual(500);
      expect(new Set(queries.map(({ id }) => id)).size).toBe(queries.length);
      for (const { id } of queries) expect(id).toMatch(/^[a-z]\w*$/);
    }
  });

  test("an expression names the metrics of its own chart by their ids in the call", () => {
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

  test("a search is asked unchanged, with the label that names what it found", () => {
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

  test("a metric of several charts is asked once a call", () => {
    for (const { queries } of calls) {
      const metrics = queries
        .filter(({ source }) => !("expression" in source))
        .map(({ source, periodSeconds }) => JSON.stringify([source, periodSeconds]));
      expect(new Set(metrics).size).toBe(metrics.length);
    }
  });
});

describe("metrics", () => {
  const source = { namespace: "AWS/Lambda", metric: "Errors", dimensions: { FunctionName: "f" }, statistic: "Sum" };
  const QUERIES: SeriesQuery[] = [
    { id: "q0", source, periodSeconds: 300 },
    { id: "w3_1", source: { expression: "q0*2" }, periodSeconds: 300, label: "twice", of: { widget: 3, row: 1 } },
  ];
  let answer: (count: number) => Answer;
  let server: Awaited<ReturnType<typeof answeringServer>>;
  beforeAll(async () => (server = await answeringServer((_, count) => answer(count))));
  afterAll(() => server.stop());
  beforeEach(() => (server.asked.length = 0));

  const ask = () =>
    readMetrics({
      queries: QUERIES,
      startMs: 1_795_000_200_000,
      endMs: 1_795_003_800_000,
      region: "us-east-1",
      environment: { AWS_ENDPOINT_URL: server.url, AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" },
      signal: new AbortController().signal,
    });
  const body = (document: object): Answer => ({
    headers: { "content-type": "application/x-amz-json-1.0" },
    body: JSON.stringify(document),
  });
  const result = (id: string, label: string, timestamps: number[], values: number[], more: object = {}) => ({
    Id: id,
    Label: label,
    StatusCode: "Complete",
    Timestamps: timestamps,
    Values: values,
    ...more,
  });

  test("a metric is asked by its name and an expression by its ids, both in their period", async () => {
    answer = () => body({ MetricDataResults: [] });
    expect(await ask()).toEqual({ series: [], evaluated: [] });
    expect(JSON.parse(server.asked[0]!.body)).toMatchObject({
      StartTime: 1_795_000_200,
      EndTime: 1_795_003_800,
      MetricDataQueries: [
        {
          Id: "q0",
          MetricStat: {
            Metric: {
              Namespace: "AWS/Lambda",
              MetricName: "Errors",
              Dimensions: [{ Name: "FunctionName", Value: "f" }],
            },
            Period: 300,
            Stat: "Sum",
          },
        },
        { Id: "w3_1", Expression: "q0*2", Period: 300, Label: "twice" },
      ],
    });
  });

  test("pages are joined, oldest value first; the results of a search differ by their labels", async () => {
    answer = (count) =>
      body(
        count === 1
          ? {
              MetricDataResults: [
                result("q0", "Errors", [1_795_000_500], [2]),
                result("w3_1", "b", [1_795_000_200], [4]),
              ],
              NextToken: "t",
            }
          : {
              MetricDataResults: [
                result("q0", "Errors", [1_795_000_200], [1]),
                result("w3_1", "a", [1_795_000_200], [5]),
              ],
            },
      );
    expect(await ask()).toEqual({
      series: [
        {
          ...source,
          periodSeconds: 300,
          points: [
            [1_795_000_200_000, 1],
            [1_795_000_500_000, 2],
          ],
        },
      ],
      evaluated: [
        { widget: 3, row: 1, label: "b", points: [[1_795_000_200_000, 4]] },
        { widget: 3, row: 1, label: "a", points: [[1_795_000_200_000, 5]] },
      ],
    });
  });

  test("a time without a value is no value", async () => {
    answer = () => body({ MetricDataResults: [result("q0", "Errors", [1_795_000_200, 1_795_000_500], [1])] });
    expect((await ask()).series[0]!.points).toEqual([[1_795_000_200_000, 1]]);
  });

  test("a failed query is an error with CloudWatch's reason", async () => {
    answer = () =>
      body({
        MetricDataResults: [
          result("q0", "Errors", [], [], { StatusCode: "Forbidden", Messages: [{ Code: "C", Value: "not yours" }] }),
        ],
      });
    await expect(ask()).rejects.toThrow(
      "CloudWatch in us-east-1 answers Forbidden to q0 (not yours). Ask again; it takes credentials with " +
        "cloudwatch:GetMetricData.",
    );
  });

  test("a refused call is an error with the region, AWS's words and what to do", async () => {
    answer = () => ({
      status: 403,
      headers: { "content-type": "application/x-amz-json-1.0", "x-amzn-query-error": "AccessDenied;Sender" },
      body: JSON.stringify({ __type: "AccessDenied", message: "not you" }),
    });
    await expect(ask()).rejects.toThrow(
      /us-east-1 .* GetMetricData \(AccessDenied\w*: not you\)\. .* cloudwatch:GetMetricData; or give .* --metrics\.$/,
    );
  });
});

describe("alarm states", () => {
  let answer: (count: number) => Answer;
  let server: Awaited<ReturnType<typeof answeringServer>>;
  beforeAll(async () => (server = await answeringServer((_, count) => answer(count))));
  afterAll(() => server.stop());
  beforeEach(() => (server.asked.length = 0));
  const json = { "content-type": "application/x-amz-json-1.0" };
  const ask = (names: readonly string[]) =>
    readAlarmStates(
      {
        region: "us-east-1",
        environment: { AWS_ENDPOINT_URL: server.url, AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" },
      },
      names,
      new AbortController().signal,
    );

  test("both kinds of alarms are asked by name, a hundred a call", async () => {
    answer = (count) => ({
      headers: json,
      body: JSON.stringify(
        count === 1
          ? {
              MetricAlarms: [{ AlarmName: "n0", StateValue: "OK" }],
              CompositeAlarms: [{ AlarmName: "n1", StateValue: "ALARM" }],
            }
          : { MetricAlarms: [{ AlarmName: "n100", StateValue: "INSUFFICIENT_DATA" }] },
      ),
    });
    const names = Array.from({ length: 101 }, (_, index) => `n${index}`);
    expect(await ask(names)).toEqual(
      new Map([
        ["n0", "OK"],
        ["n1", "ALARM"],
        ["n100", "INSUFFICIENT_DATA"],
      ]),
    );
    const asked = server.asked.map(({ body }) => JSON.parse(body) as { AlarmNames: string[]; AlarmTypes: string[] });
    expect(asked.map(({ AlarmNames }) => AlarmNames.length)).toEqual([100, 1]);
    expect(asked[0]!.AlarmTypes).toEqual(["MetricAlarm", "CompositeAlarm"]);
  });

  test("without a name CloudWatch is not asked", async () => {
    expect(await ask([])).toEqual(new Map());
    expect(server.asked).toEqual([]);
  });

  test("a refused call is an error with the region, AWS's words and what to do", async () => {
    answer = () => ({
      status: 403,
      headers: { ...json, "x-amzn-query-error": "AccessDenied;Sender" },
      body: JSON.stringify({ __type: "AccessDenied", message: "not you" }),
    });
    await expect(ask(["a"])).rejects.toThrow(
      /us-east-1 .* DescribeAlarms \(AccessDenied\w*: not you\)\. .* cloudwatch:DescribeAlarms; or .* --metrics\.$/,
    );
  });
});
