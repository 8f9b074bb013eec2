import { SQSClient } from "@aws-sdk/client-sqs";
import { appendFileSync, mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readApplied } from "../../../../scripts/emulator/applied/applied";
import { LocalMetrics, LogTail, QueueGauge } from "../../../../scripts/emulator/metrics/local-metrics";
import { timeLapse } from "../../../../scripts/emulator/metrics/recorder";
import { accountLimits } from "../../../../scripts/kit/aws-client";
import { readMetricData } from "../../../../scripts/gate/collect";
import { folder, lambda, NOWHERE, REGION, restApi, state, until } from "../fixtures";
import { answeringServer } from "../../../support/answering-server";
import { temporaryFolder } from "../../../support/temporary-folder";

describe("local metrics", () => {
  const ORIGIN = 1_700_000_040_000;
  const emf = (timestampMs: number, value: number) =>
    `${JSON.stringify({ _aws: { Timestamp: timestampMs, CloudWatchMetrics: [{ Namespace: "Quickturn", Dimensions: [["Deployment"]], Metrics: [{ Name: "JobDuration" }] }] }, Deployment: "shop", JobDuration: value })}\n`;

  test("the gate's own tools are answered from the logs of the applied functions, in time-lapse, and from the reservations", async () => {
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
  test("it asks each queue at its rate, tells an emulator that is gone once, and asks no more once stopped", async () => {
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

describe("log tail", () => {
  const path = () => join(temporaryFolder("tail"), "worker.log");

  test("each whole line comes once, and what was there before does not", () => {
    const file = path();
    writeFileSync(file, "old\n");
    const tail = new LogTail(file);
    expect(tail.take()).toEqual([]);
    appendFileSync(file, "one\ntwo\nthr");
    expect(tail.take()).toEqual(["one", "two"]);
    appendFileSync(file, "ee\n");
    expect([tail.take(), tail.take()]).toEqual([["three"], []]);
  });

  test("a file that comes later is read from its begin, over more than one chunk, no character broken", () => {
    const file = path();
    const tail = new LogTail(file);
    expect(tail.take()).toEqual([]);
    const lines = Array.from({ length: 30_000 }, (_, index) => `${index} äöü€ ${"x".repeat(60)}`);
    writeFileSync(file, `${lines.join("\n")}\n`);
    expect(tail.take()).toEqual(lines);
  });

  test("a log that became shorter has no lines, because a log only grows", () => {
    const file = path();
    writeFileSync(file, "one\ntwo\n");
    const tail = new LogTail(file);
    truncateSync(file, 2);
    expect(tail.take()).toEqual([]);
  });
});
