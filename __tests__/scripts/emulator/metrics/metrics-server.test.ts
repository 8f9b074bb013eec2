import {
  CloudWatchClient,
  DescribeAlarmsCommand,
  GetMetricDataCommand,
  PutMetricDataCommand,
} from "@aws-sdk/client-cloudwatch";
import { GetAccountSettingsCommand, GetFunctionConfigurationCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { getMetricData } from "../../../../scripts/emulator/metrics/metric-data";
import { MetricStore, putMetricData } from "../../../../scripts/emulator/metrics/metric-store";
import { MetricsServer } from "../../../../scripts/emulator/metrics/metrics-server";
import { answeringServer } from "../../../support/answering-server";

/** The installed SDK's clients against it: what they send and read is the wire format. */
const NOW = 1_700_000_040_000;
let emulator: Awaited<ReturnType<typeof answeringServer>>;
let server: MetricsServer;
let cloudwatch: CloudWatchClient;
let lambda: LambdaClient;

beforeEach(async () => {
  emulator = await answeringServer(({ url }) => ({
    body: url.startsWith("/2015-03-31/functions/")
      ? '{"FunctionName":"worker"}'
      : '{"MetricAlarms":[{"AlarmName":"a","StateValue":"OK"}]}',
  }));
  const store = new MetricStore();
  server = await MetricsServer.listen(emulator.url, {
    getMetricData: (input) => getMetricData(store, input),
    putMetricData: (input) => putMetricData(store, input, NOW),
    getAccountSettings: () => ({ AccountLimit: { ConcurrentExecutions: 1_000, UnreservedConcurrentExecutions: 940 } }),
  });
  const common = {
    endpoint: server.url,
    region: "us-east-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
    maxAttempts: 1,
  };
  [cloudwatch, lambda] = [new CloudWatchClient(common), new LambdaClient(common)];
});
afterEach(async () => {
  cloudwatch.destroy();
  lambda.destroy();
  await server.close();
  await emulator.stop();
});

const metric = {
  Namespace: "Quickturn",
  MetricName: "JobDuration",
  Dimensions: [{ Name: "Deployment", Value: "shop-dev" }],
};
const ask = (Stat: string, more: object = {}) =>
  new GetMetricDataCommand({
    StartTime: new Date(NOW - 60_000),
    EndTime: new Date(NOW + 60_000),
    MetricDataQueries: [{ Id: "q", MetricStat: { Metric: metric, Period: 120, Stat }, ...more }],
  });

test("what a client puts it gets back, percentiles and ranks too, however large and compressed the call was", async () => {
  const data = Array.from({ length: 900 }, (_, index) => ({
    MetricName: "JobDuration",
    Dimensions: metric.Dimensions,
    Value: index + 1,
    Timestamp: new Date(NOW - 1_000),
  }));
  await cloudwatch.send(new PutMetricDataCommand({ Namespace: "Quickturn", MetricData: data }));
  await cloudwatch.send(
    new PutMetricDataCommand({
      Namespace: "Quickturn",
      MetricData: data.slice(0, 1).map((datum) => ({ ...datum, Value: 901 })),
    }),
  );
  const values = async (name: string) => (await cloudwatch.send(ask(name))).MetricDataResults;
  expect(await values("p95")).toEqual([
    { Id: "q", Label: "JobDuration", StatusCode: "Complete", Timestamps: [new Date(NOW - 60_000)], Values: [856] },
  ]);
  expect((await values("SampleCount"))?.[0]?.Values).toEqual([901]);
  expect((await values("PR(:90)"))?.[0]?.Values?.[0]).toBeCloseTo(9_000 / 901, 9);
  expect(emulator.asked).toEqual([]);
});

test("a refusal reaches the client with its name and its words", async () => {
  await expect(
    cloudwatch.send(ask("Sum", { MetricStat: undefined, Expression: "SUM(METRICS())" })),
  ).rejects.toMatchObject({
    // The client's own name for ValidationError.
    name: "ValidationException",
    message:
      'q is the expression "SUM(METRICS())"; here only MetricStat is answered. Ask for the metrics, and compute it from them.',
    $metadata: { httpStatusCode: 400 },
  });
});

test("the account's limits are told", async () => {
  expect((await lambda.send(new GetAccountSettingsCommand({}))).AccountLimit).toEqual({
    ConcurrentExecutions: 1_000,
    UnreservedConcurrentExecutions: 940,
  });
});

test("everything else the emulator answers, of CloudWatch and of Lambda too", async () => {
  expect((await cloudwatch.send(new DescribeAlarmsCommand({}))).MetricAlarms?.[0]?.AlarmName).toBe("a");
  expect((await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: "worker" }))).FunctionName).toBe(
    "worker",
  );
  expect(emulator.asked.map(({ method, headers: { "x-amz-target": target } }) => [method, target])).toEqual([
    ["POST", "GraniteServiceVersion20100801.DescribeAlarms"],
    ["GET", undefined],
  ]);
});

test.each([
  ["form fields", "/", "Action=GetMetricData&Version=2010-08-01"],
  ["CBOR", "/service/GraniteServiceVersion20100801/operation/PutMetricData", ""],
])("metrics asked for by %s are refused instead of answered from the emulator's empty ones", async (_, path, body) => {
  const answer = await fetch(`${server.url}${path}`, { method: "POST", body });
  expect({ status: answer.status, body: (await answer.json()) as unknown }).toEqual({
    status: 400,
    body: {
      __type: "InvalidAction",
      message: expect.stringContaining("in CloudWatch's JSON protocol only") as unknown,
    },
  });
  expect(emulator.asked).toEqual([]);
});

test("a body that is none, and an emulator that is gone, are told", async () => {
  const bad = await fetch(server.url, {
    method: "POST",
    headers: { "x-amz-target": "GraniteServiceVersion20100801.GetMetricData" },
    body: "Action=",
  });
  expect(await bad.json()).toEqual({
    __type: "SerializationException",
    message: `The request's body is no JSON object; it begins "Action=".`,
  });
  await emulator.stop();
  expect((await fetch(server.url)).status).toBe(502);
});
