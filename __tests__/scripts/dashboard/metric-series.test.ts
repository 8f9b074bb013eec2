import type { SeriesQuery } from "../../../scripts/dashboard/metrics";
import { metricSeries } from "../../../scripts/dashboard/metric-series";
import { answeringServer, type Answer } from "../../support/answering-server";

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
  metricSeries({
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
          Metric: { Namespace: "AWS/Lambda", MetricName: "Errors", Dimensions: [{ Name: "FunctionName", Value: "f" }] },
          Period: 300,
          Stat: "Sum",
        },
      },
      { Id: "w3_1", Expression: "q0*2", Period: 300, Label: "twice" },
    ],
  });
});

test("pages are put together, oldest first; a search's lines are told apart by their labels", async () => {
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

test("a query that went wrong is told, with CloudWatch's reason", async () => {
  answer = () =>
    body({
      MetricDataResults: [
        result("q0", "Errors", [], [], { StatusCode: "Forbidden", Messages: [{ Code: "C", Value: "not yours" }] }),
      ],
    });
  await expect(ask()).rejects.toThrow(
    "CloudWatch in us-east-1 answers Forbidden to q0 (not yours). Ask again; it takes credentials with cloudwatch:GetMetricData.",
  );
});

test("a refused call is told with the region, AWS's words and what to do", async () => {
  answer = () => ({
    status: 403,
    headers: { "content-type": "application/x-amz-json-1.0", "x-amzn-query-error": "AccessDenied;Sender" },
    body: JSON.stringify({ __type: "AccessDenied", message: "not you" }),
  });
  await expect(ask()).rejects.toThrow(
    /^CloudWatch in us-east-1 does not answer GetMetricData \(AccessDenied\w*: not you\)\. It takes credentials with cloudwatch:GetMetricData; or give saved metrics by --metrics\.$/,
  );
});
