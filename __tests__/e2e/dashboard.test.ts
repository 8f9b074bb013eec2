import {
  CloudWatchClient,
  PutMetricAlarmCommand,
  PutMetricDataCommand,
  SetAlarmStateCommand,
} from "@aws-sdk/client-cloudwatch";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { dashboard } from "../../scripts/dashboard/dashboard";
import { SILENT } from "../../scripts/kit/context";
import { startEmulator, type Emulator } from "../../scripts/emulator/moto";
import { shownState } from "../support/dashboard-state";
import { temporaryFolder } from "../support/temporary-folder";

/**
 * The dashboard from CloudWatch over the wire. The emulator answers expressions with nothing, so what is put together
 * of metrics is evaluated here; searches it has none of.
 */
const folder = temporaryFolder("emulated-dashboard");
const KEYS = { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" };
let emulator: Emulator;
beforeAll(async () => (emulator = await startEmulator({ directory: folder, env: process.env })));
afterAll(() => emulator?.stop());

test("draws metrics, what is reckoned from them, and the states of alarms, as CloudWatch has them", async () => {
  const client = new CloudWatchClient({
    region: "us-east-1",
    endpoint: emulator.endpoint,
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  });
  const endMs = Math.floor(Date.now() / 3_600_000) * 3_600_000;
  const at = (minutes: number) => new Date(endMs - minutes * 60_000);
  const datum = (metric: string, minutes: number, value: number) => ({
    MetricName: metric,
    Dimensions: [{ Name: "FunctionName", Value: "quickturn-dev-worker" }],
    Timestamp: at(minutes),
    Value: value,
  });
  await client.send(
    new PutMetricDataCommand({
      Namespace: "AWS/Lambda",
      MetricData: [
        datum("Errors", 14, 1),
        datum("Errors", 4, 2),
        datum("Errors", 3, 4),
        datum("Invocations", 14, 10),
        datum("Invocations", 4, 20),
      ],
    }),
  );
  await client.send(
    new PutMetricAlarmCommand({
      AlarmName: "quickturn-dev-worker-errors",
      Namespace: "AWS/Lambda",
      MetricName: "Errors",
      Statistic: "Sum",
      Period: 300,
      EvaluationPeriods: 1,
      Threshold: 5,
      ComparisonOperator: "GreaterThanThreshold",
    }),
  );
  await client.send(
    new SetAlarmStateCommand({ AlarmName: "quickturn-dev-worker-errors", StateValue: "ALARM", StateReason: "test" }),
  );
  client.destroy();
  const [html, state] = [join(folder, "page.html"), join(folder, "state.json")];
  writeFileSync(state, JSON.stringify(shownState()));

  const { json } = await dashboard(
    {
      projectDirectory: folder,
      environment: { ...KEYS, AWS_ENDPOINT_URL: emulator.endpoint },
      progress: SILENT,
      signal: new AbortController().signal,
    },
    { html, state, end: new Date(endMs).toISOString() },
  );

  const { charts, alarms, source } = json as {
    source: string;
    charts: {
      title: string;
      series: { latest: number; minimum: number; values: number }[];
      lines: { label: string; now: boolean }[];
    }[];
    alarms: { name: string; state: string }[];
  };
  const chart = (title: string) => charts.find((each) => each.title === title);
  expect(source).toBe("CloudWatch in us-east-1");
  expect(chart("Worker errors (count)")).toMatchObject({
    series: [{ latest: 6, minimum: 1, values: 2 }],
    lines: [{ label: "worker-errors", now: true }],
  });
  expect(chart("Worker error rate (percent)")!.series).toMatchObject([{ latest: 30, minimum: 10, values: 2 }]);
  expect(chart("Agents' durations, P95 (ms)")!.series).toEqual([]);
  expect(alarms.find(({ name }) => name === "quickturn-dev-worker-errors")!.state).toBe("ALARM");
  expect(readFileSync(html, "utf8")).toMatch(/<li class="bad"><a href="#w\d+">worker-errors: in alarm<\/a><\/li>/);
});
