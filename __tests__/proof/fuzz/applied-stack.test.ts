import { join } from "node:path";
import { judgeLogs } from "./fuzz";
import { publishedDocument } from "../../../scripts/publish/openapi";
import { runFuzz } from "./fuzz-run";
import { seededRandom } from "../../../scripts/kit/random";
import { startLocalRuntime, type LocalRuntime } from "../../../scripts/emulator";
import { ALICE, BOB } from "../../support/callers";
import { EmulatedStack } from "../../support/emulated-stack";

const AGENTS = [
  { name: "fast", kind: "scripted", target: "20ms quick answer", phases: [1] },
  { name: "broken", kind: "scripted", target: "5ms !upstream refused", phases: [1] },
];

let stack: EmulatedStack;
let runtime: LocalRuntime;

beforeAll(async () => (stack = await EmulatedStack.applied({ agents: AGENTS })));
beforeAll(async () => {
  await stack.flip([]);
  runtime = await startLocalRuntime({
    state: await stack.terraform.show(),
    moduleDirectory: stack.directory,
    endpoint: stack.emulator.endpoint,
    region: "us-east-1",
    callers: [ALICE, BOB],
    workDirectory: stack.folder,
  });
});
afterAll(async () => {
  await runtime?.stop();
  await stack?.stop();
});

test("what the OpenAPI document allows and forbids is answered as it says, without a fault, a hang or a leak in answers or logs; and all that was accepted ends", async () => {
  const names = ["aws_dynamodb_table", "aws_s3_bucket", "aws_lambda_function", "aws_sqs_queue"].flatMap((type) =>
    Object.entries(stack.attributes())
      .filter(([address]) => address.startsWith(`${type}.`))
      .map(([, { name, bucket, function_name: functionName }]) => String(functionName ?? bucket ?? name)),
  );
  expect(names.length).toBeGreaterThan(6);
  // It stands in the failure's text, so that the same requests can be sent again.
  const seed = Math.floor(Math.random() * 2 ** 31);
  const report = await runFuzz({
    url: runtime.url,
    region: "us-east-1",
    document: publishedDocument(stack.directory, { authorization: "iam" }),
    callers: [ALICE, BOB].map((credentials) => ({ kind: "iam", credentials })),
    names,
    requests: 300,
    concurrency: 6,
    random: seededRandom(seed),
    marker: "qtfuzz",
    signal: new AbortController().signal,
  });
  expect({ seed, findings: report.findings }).toEqual({ seed, findings: [] });
  expect(report.tally.requests).toBe(300);
  expect(report.accepted).toBeGreaterThan(20);
  expect(report.ended).toBeGreaterThanOrEqual(report.accepted);
  const logs = judgeLogs(
    { folder: join(stack.folder, "logs"), secrets: [ALICE.secretAccessKey, BOB.secretAccessKey] },
    "qtfuzz",
  );
  expect(logs.files).toEqual(
    expect.arrayContaining(["access.log", "quickturn-dev-api.log", "quickturn-dev-worker.log"]),
  );
  expect({ seed, findings: logs.findings }).toEqual({ seed, findings: [] });
});
