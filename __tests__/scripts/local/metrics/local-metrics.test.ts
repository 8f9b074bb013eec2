import { SQSClient } from "@aws-sdk/client-sqs";
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readApplied } from "../../../../scripts/local/applied/applied";
import { LocalMetrics } from "../../../../scripts/local/metrics/local-metrics";
import { timeLapse } from "../../../../scripts/local/metrics/time-lapse";
import { accountLimits } from "../../../../scripts/tools/account-limits";
import { metricData } from "../../../../scripts/tools/cloudwatch";
import { folder, lambda, NOWHERE, REGION, restApi, state } from "../fixtures";

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
        await metricData({
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
