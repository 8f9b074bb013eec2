import type { MetricQuery } from "../../../scripts/gate/reads";
import { readMetricData } from "../../../scripts/gate/collect";
import { answeringServer, type Answer } from "../../support/answering-server";

const query = (id: string): MetricQuery => ({
  id,
  namespace: "AWS/Lambda",
  metric: "Errors",
  dimensions: { FunctionName: "f" },
  statistic: "Sum",
  periodSeconds: 1_800,
});
let answer: (count: number) => Answer;
let server: Awaited<ReturnType<typeof answeringServer>>;
beforeAll(async () => (server = await answeringServer((_, count) => answer(count))));
afterAll(() => server.stop());
beforeEach(() => (server.asked.length = 0));

const ask = (ids: readonly string[]) =>
  readMetricData({
    queries: ids.map(query),
    startMs: 1_795_000_020_000,
    endMs: 1_795_001_820_000,
    region: "us-east-1",
    environment: { AWS_ENDPOINT_URL: server.url, AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" },
    signal: new AbortController().signal,
  });
const body = (document: object): Answer => ({
  headers: { "content-type": "application/x-amz-json-1.0" },
  body: JSON.stringify(document),
});

test("a query is asked by namespace, name and dimensions, without a unit, oldest first", async () => {
  answer = () =>
    body({ MetricDataResults: [{ Id: "a", StatusCode: "Complete", Values: [3], Timestamps: [1_795_000_020] }] });
  expect(await ask(["a"])).toEqual({ a: { status: "Complete", messages: [], values: [3] } });
  const asked = JSON.parse(server.asked[0]!.body) as Record<string, unknown>;
  expect(asked).toMatchObject({
    StartTime: 1_795_000_020,
    EndTime: 1_795_001_820,
    ScanBy: "TimestampAscending",
    MetricDataQueries: [
      {
        Id: "a",
        MetricStat: {
          Metric: { Namespace: "AWS/Lambda", MetricName: "Errors", Dimensions: [{ Name: "FunctionName", Value: "f" }] },
          Period: 1_800,
          Stat: "Sum",
        },
      },
    ],
  });
  expect(server.asked[0]!.body).not.toContain("Unit");
});

test("pages are put together; the last one's status counts; messages of a query and of the call are kept", async () => {
  answer = (count) =>
    body(
      count === 1
        ? {
            MetricDataResults: [{ Id: "a", StatusCode: "PartialData", Values: [1, 2], Timestamps: [1, 2] }],
            NextToken: "t",
          }
        : {
            MetricDataResults: [
              { Id: "a", StatusCode: "Complete", Values: [3], Timestamps: [3], Messages: [{ Code: "C", Value: "v" }] },
            ],
            Messages: [{ Code: "All" }],
          },
    );
  expect(await ask(["a"])).toEqual({ a: { status: "Complete", messages: ["C: v", "All"], values: [1, 2, 3] } });
  expect((JSON.parse(server.asked[1]!.body) as { NextToken: string }).NextToken).toBe("t");
});

test("a query without an answer is missing, not empty", async () => {
  answer = () => body({ MetricDataResults: [] });
  expect(await ask(["a"])).toEqual({ a: { status: "Missing", messages: [], values: [] } });
});

test("a refused call is told with the region, AWS's words and the permission", async () => {
  answer = () => ({
    status: 403,
    headers: { "content-type": "application/x-amz-json-1.0", "x-amzn-query-error": "AccessDenied;Sender" },
    body: JSON.stringify({ __type: "AccessDenied", message: "not you" }),
  });
  await expect(ask(["a"])).rejects.toThrow(
    /^CloudWatch in us-east-1 does not answer GetMetricData \(AccessDenied\w*: not you\)\. It takes credentials with cloudwatch:GetMetricData\.$/,
  );
});
