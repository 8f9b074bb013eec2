import { SQSClient } from "@aws-sdk/client-sqs";
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readApplied } from "../../../../scripts/emulator/applied/applied";
import { LocalMetrics, QueueGauge } from "../../../../scripts/emulator/metrics/local-metrics";
import { timeLapse, REAL_TIME } from "../../../../scripts/emulator/metrics/metric-store";
import { accountLimits } from "../../../../scripts/kit/aws-client";
import { readMetricData } from "../../../../scripts/gate/collect";
import { folder, lambda, NOWHERE, REGION, restApi, state, until, lambda as lambdaResource } from "../fixtures";
import { answeringServer } from "../../../support/answering-server";
import {
  CloudWatchClient,
  DescribeAlarmsCommand,
  GetMetricDataCommand,
  PutMetricDataCommand,
} from "@aws-sdk/client-cloudwatch";
import { GetAccountSettingsCommand, GetFunctionConfigurationCommand, LambdaClient } from "@aws-sdk/client-lambda";

describe("local metrics", () => {
  const ORIGIN = 1_700_000_040_000;
  const emf = (timestampMs: number, value: number) =>
    `${JSON.stringify({
      _aws: {
        Timestamp: timestampMs,
        CloudWatchMetrics: [
          { Namespace: "Quickturn", Dimensions: [["Deployment"]], Metrics: [{ Name: "JobDuration" }] },
        ],
      },
      Deployment: "shop",
      JobDuration: value,
    })}\n`;

  test("the gate's own clients read logged metrics, in time-lapse, and the account's limits", async () => {
    const directory = folder();
    const logDirectory = join(directory, "logs");
    mkdirSync(logDirectory);
    const log = join(logDirectory, "worker.log");
    writeFileSync(log, emf(ORIGIN, 1));
    const sqs = new SQSClient({ region: REGION });
    const metrics = await LocalMetrics.start({
      emulator: NOWHERE,
      sqs,
      logDirectory,
      time: timeLapse(30, ORIGIN),
      warn: () => undefined,
    });
    const environment = { AWS_ENDPOINT_URL: metrics.url, AWS_ACCESS_KEY_ID: "local", AWS_SECRET_ACCESS_KEY: "local" };
    const { signal } = new AbortController();
    try {
      metrics.configure(
        readApplied(
          state(
            restApi({ paths: {} }),
            lambda(directory, { name: "worker", code: "", reserved: 60 }),
            lambda(directory, { name: "api", code: "" }),
          ),
          () => undefined,
        ),
      );
      const query = {
        id: "jobs",
        namespace: "Quickturn",
        metric: "JobDuration",
        dimensions: { Deployment: "shop" },
        statistic: "Sum",
        periodSeconds: 60,
      };
      const jobs = async () =>
        (
          await readMetricData({
            environment,
            region: REGION,
            queries: [query],
            startMs: ORIGIN,
            endMs: ORIGIN + 300_000,
            signal,
          })
        )["jobs"];
      expect(await jobs()).toEqual({ status: "Complete", messages: [], values: [] });
      appendFileSync(log, `START RequestId: 1\n${emf(ORIGIN + 100, 5)}${emf(ORIGIN + 4_000, 7)}`);
      expect((await jobs())?.values).toEqual([5, 7]);
      expect((await jobs())?.values).toEqual([5, 7]);
      expect(await accountLimits({ environment, region: REGION }, signal)).toEqual({
        concurrentExecutions: 1_000,
        unreservedConcurrentExecutions: 940,
      });
    } finally {
      await metrics.stop();
      sqs.destroy();
    }
  });
});

describe("queue gauge", () => {
  test("each queue is asked at an interval until the gauge stops, and a missing emulator is one warning", async () => {
    let works = true;
    const server = await answeringServer(() =>
      works
        ? {
            body: JSON.stringify({
              Attributes: { ApproximateNumberOfMessages: "4", ApproximateNumberOfMessagesNotVisible: "1" },
            }),
          }
        : { status: 400, body: "{}" },
    );
    const sqs = new SQSClient({
      endpoint: server.url,
      region: "us-east-1",
      credentials: { accessKeyId: "local", secretAccessKey: "local" },
      maxAttempts: 1,
      useQueueUrlAsEndpoint: false,
    });
    const [counted, warnings, timers]: [unknown[][], string[], { ms: number; fire: () => void }[]] = [[], [], []];
    let ended = 0;
    const every = (ms: number, fire: () => void) => {
      timers.push({ ms, fire });
      return () => void (ended += 1);
    };
    const gauge = new QueueGauge({
      sqs,
      everyMs: 2_000,
      timers: { every },
      warn: (text) => warnings.push(text),
      counted: (...counts) => counted.push(counts),
    });
    const queue = {
      arn: "arn:aws:sqs:us-east-1:123456789012:dead",
      url: `${server.url}/123456789012/dead`,
      visibilityTimeoutSeconds: 30,
    };
    gauge.configure([queue]);
    gauge.configure([queue]);
    expect(timers.map(({ ms }) => ms)).toEqual([2_000]);
    timers[0]!.fire();
    await until(() => counted.length === 1);
    expect(counted).toEqual([["dead", 4, 1]]);
    works = false;
    timers[0]!.fire();
    await until(() => warnings.length === 1);
    timers[0]!.fire();
    await gauge.stop();
    expect([warnings.length, server.asked.length, ended]).toEqual([1, 3, 1]);
    expect(warnings[0]).toContain("The queues do not tell what they hold, and their metrics have no data");
    sqs.destroy();
    await server.stop();
  });
});

describe("the server", () => {
  /** The installed SDK's clients against it: what they send and read is the wire format. */
  const NOW = 1_700_000_040_000;
  let emulator: Awaited<ReturnType<typeof answeringServer>>;
  let server: LocalMetrics;
  let cloudwatch: CloudWatchClient;
  let lambda: LambdaClient;

  beforeEach(async () => {
    emulator = await answeringServer(({ url }) => ({
      body: url.startsWith("/2015-03-31/functions/")
        ? '{"FunctionName":"worker"}'
        : '{"MetricAlarms":[{"AlarmName":"a","StateValue":"OK"}]}',
    }));
    server = await LocalMetrics.start({
      emulator: emulator.url,
      sqs: new SQSClient({ region: "us-east-1" }),
      logDirectory: folder(),
      time: REAL_TIME,
      warn: () => undefined,
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
    await server.stop();
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

  test("a client reads the data that it put, also after a large compressed call", async () => {
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

  test("a refusal reaches the client with its name and its message", async () => {
    await expect(
      cloudwatch.send(ask("Sum", { MetricStat: undefined, Expression: "SUM(METRICS())", Period: 60 })),
    ).rejects.toMatchObject({
      // The client's own name for ValidationError.
      name: "ValidationException",
      message: expect.stringMatching(/^q: SUM\(METRICS\(\)\) has "\)" where /) as unknown,
      $metadata: { httpStatusCode: 400 },
    });
  });

  test("the account's limits are answered", async () => {
    const functions = state(restApi({ paths: {} }), lambdaResource(folder(), { code: "", reserved: 60 }));
    server.configure(readApplied(functions, () => undefined));
    expect((await lambda.send(new GetAccountSettingsCommand({}))).AccountLimit).toEqual({
      ConcurrentExecutions: 1_000,
      UnreservedConcurrentExecutions: 940,
    });
  });

  test("the emulator answers all other calls, those of CloudWatch and Lambda too", async () => {
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
  ])(
    "metrics asked for by %s are refused instead of answered from the emulator's empty ones",
    async (_, path, body) => {
      const answer = await fetch(`${server.url}${path}`, { method: "POST", body });
      expect({ status: answer.status, body: (await answer.json()) as unknown }).toEqual({
        status: 400,
        body: {
          __type: "InvalidAction",
          message: expect.stringContaining("in CloudWatch's JSON protocol only") as unknown,
        },
      });
      expect(emulator.asked).toEqual([]);
    },
  );

  test("a body that is not JSON, and an emulator that is gone, are errors with their reason", async () => {
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
});
