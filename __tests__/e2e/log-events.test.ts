import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  PutLogEventsCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { analyze } from "../../scripts/analyze/analyze";
import { SILENT } from "../../scripts/kit/context";
import type { AnalysisReport } from "../../scripts/analyze/text";
import { startEmulator, type Emulator } from "../../scripts/emulator/moto";
import { temporaryFolder } from "../support/temporary-folder";

const GROUP = "/aws/lambda/quickturn-dev-worker";
const folder = temporaryFolder("log-events");
/** More than the emulator gives on a page. */
const RUNS = 12_000;
let emulator: Emulator;
let environment: NodeJS.ProcessEnv;

beforeAll(async () => {
  const credentials = { AWS_REGION: "us-east-1", AWS_ACCESS_KEY_ID: "local", AWS_SECRET_ACCESS_KEY: "local" };
  emulator = await startEmulator({ directory: folder, env: { ...process.env, ...credentials } });
  environment = { ...credentials, AWS_ENDPOINT_URL: emulator.endpoint };
  const client = new CloudWatchLogsClient({
    region: "us-east-1",
    endpoint: emulator.endpoint,
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  });
  await client.send(new CreateLogGroupCommand({ logGroupName: GROUP }));
  for (const version of ["7", "8"])
    await client.send(new CreateLogStreamCommand({ logGroupName: GROUP, logStreamName: `2026/01/05/[${version}]abc` }));
  const now = Date.now();
  const put = async (version: string, events: readonly { readonly ageMs: number; readonly message: string }[]) => {
    const sorted = events
      .map(({ ageMs, message }) => ({ timestamp: now - ageMs, message }))
      .sort((left, right) => left.timestamp - right.timestamp);
    await client.send(
      new PutLogEventsCommand({ logGroupName: GROUP, logStreamName: `2026/01/05/[${version}]abc`, logEvents: sorted }),
    );
  };
  const json = (index: number) =>
    JSON.stringify({
      time: "2026-01-05T09:00:00.000Z",
      type: "platform.report",
      record: {
        requestId: `j-${index}`,
        metrics: { durationMs: 2_000, billedDurationMs: 2_000, memorySizeMB: 1_024, maxMemoryUsedMB: 400 },
        status: "success",
      },
    });
  const text = (index: number) =>
    `REPORT RequestId: t-${index}\tDuration: 1000.00 ms\tBilled Duration: 1000 ms\tMemory Size: 1024 MB\tMax Memory Used: 400 MB\t\n`;
  await put("7", [
    { ageMs: 60_000, message: "hello, this is no report" },
    { ageMs: 3 * 3_600_000, message: text(-1) },
  ]);
  for (let from = 0; from < RUNS; from += 6_000)
    await put(
      "8",
      Array.from({ length: 6_000 }, (_, index) => ({
        ageMs: 120_000,
        message: index % 2 === 0 ? text(from + index) : json(from + index),
      })),
    );
  client.destroy();
});
afterAll(() => emulator?.stop());

test("analyze reads the group in both formats, passes over what is no report, and knows function and version", async () => {
  const context = { projectDirectory: folder, environment, progress: SILENT, signal: new AbortController().signal };
  const { json, exitCode } = await analyze(context, { files: [], logGroup: GROUP, since: "2h" });
  const { analysis, reading, inputs } = json as AnalysisReport;
  expect(exitCode).toBe(0);
  expect(inputs).toEqual([GROUP]);
  expect(reading).toMatchObject({ reports: RUNS, unreadable: 0 });
  expect(analysis).toMatchObject({ count: RUNS, meanMs: 1_500, functions: ["quickturn-dev-worker"] });
  await expect(analyze(context, { files: [], logGroup: GROUP, since: "6d" })).resolves.toMatchObject({
    json: {
      analysis: {
        splits: expect.arrayContaining([expect.objectContaining({ by: "version", key: "7", count: 1 })]) as unknown,
      },
    },
  });
  await expect(analyze(context, { files: [], logGroup: "/aws/lambda/other" })).rejects.toThrow(
    "The log group /aws/lambda/other in us-east-1 cannot be read",
  );
});
