import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CreateAliasCommand, CreateEventSourceMappingCommand, CreateFunctionCommand, GetEventSourceMappingCommand, PublishVersionCommand, UpdateFunctionConfigurationCommand } from "@aws-sdk/client-lambda";
import { CreateQueueCommand, GetQueueAttributesCommand, SendMessageBatchCommand, SendMessageCommand, SetQueueAttributesCommand } from "@aws-sdk/client-sqs";
import { startLocalRuntime, type LocalRuntime } from "../../../../scripts/local";
import { createEmulatorClients, type EmulatorClients } from "../../../../scripts/local/emulator-clients";
import { startEmulator, type Emulator } from "../../../../scripts/tools/emulator";
import { temporaryFolder } from "../../../support/temporary-folder";
import { ACCOUNT, alias, folder, functionArn, integration, lambda, permission, REGION, resource, restApi, state, until, type FunctionFixture, type Resource } from "../fixtures";

jest.setTimeout(90_000);

let emulator: Emulator;
let clients: EmulatorClients;
let runtime: LocalRuntime | undefined;
let directory: string;
let uuid: string;
let queue: { name: string; url: string; dead: string };
let serial = 0;

beforeAll(async () => {
  emulator = await startEmulator({ directory: temporaryFolder("poller"), env: process.env });
  clients = createEmulatorClients(emulator.endpoint, REGION);
  await createRole();
});

/** The emulator wants the functions' role to exist; its IAM is asked by hand, as no client of it is installed. */
async function createRole(): Promise<void> {
  const trust = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "sts:AssumeRole", Principal: { Service: "lambda.amazonaws.com" } }] };
  const response = await fetch(emulator.endpoint, {
    method: "POST",
    headers: { authorization: `AWS4-HMAC-SHA256 Credential=local/20260101/${REGION}/iam/aws4_request, SignedHeaders=host, Signature=0` },
    body: new URLSearchParams({ Action: "CreateRole", Version: "2010-05-08", RoleName: "functions", AssumeRolePolicyDocument: JSON.stringify(trust) }),
  });
  if (!response.ok) throw new Error(`CreateRole answered ${response.status}: ${await response.text()}`);
}

afterAll(async () => {
  clients.destroy();
  await emulator.stop();
});

beforeEach(async () => {
  directory = folder();
  serial += 1;
  const name = `work${serial}`;
  const dead = await create(`${name}-dead`, {});
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: arnOf(`${name}-dead`), maxReceiveCount: 2 });
  queue = { name, dead, url: await create(name, { VisibilityTimeout: "1", RedrivePolicy }) };
});

afterEach(() => runtime?.stop());

function arnOf(name: string): string {
  return `arn:aws:sqs:${REGION}:${ACCOUNT}:${name}`;
}

async function create(name: string, attributes: Record<string, string>): Promise<string> {
  const { QueueUrl } = await clients.sqs.send(new CreateQueueCommand({ QueueName: name, Attributes: attributes }));
  return QueueUrl!;
}

async function depth(url: string): Promise<number> {
  const { Attributes } = await clients.sqs.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"] }));
  return Number(Attributes?.ApproximateNumberOfMessages) + Number(Attributes?.ApproximateNumberOfMessagesNotVisible);
}

async function send(...bodies: string[]): Promise<void> {
  await clients.sqs.send(new SendMessageBatchCommand({ QueueUrl: queue.url, Entries: bodies.map((body, index) => ({ Id: String(index), MessageBody: body })) }));
}

/** Makes in the emulator what terraform would have: the function with its alias, and the emulator's own mapping, switched on. */
async function deploy(name: string): Promise<void> {
  const ZipFile = readFileSync(join(directory, "assets", `${name}.zip`));
  const Role = `arn:aws:iam::${ACCOUNT}:role/functions`;
  await clients.lambda.send(new CreateFunctionCommand({ FunctionName: name, Role, Handler: "index.handler", Runtime: "nodejs22.x", Timeout: 5, MemorySize: 128, Code: { ZipFile }, Publish: true, Environment: { Variables: { MARK: "old" } } }));
  await clients.lambda.send(new CreateAliasCommand({ FunctionName: name, Name: "live", FunctionVersion: "1" }));
  const mapping = await clients.lambda.send(new CreateEventSourceMappingCommand({ FunctionName: functionArn(name), EventSourceArn: arnOf(queue.name), BatchSize: 10 }));
  uuid = mapping.UUID!;
}

async function start(fixture: FunctionFixture, mapping: Record<string, unknown>, visibility = 3): Promise<LocalRuntime> {
  const name = `worker${serial}`;
  const resources = lambda(directory, { ...fixture, name });
  await clients.sqs.send(new SetQueueAttributesCommand({ QueueUrl: queue.url, Attributes: { VisibilityTimeout: String(visibility) } }));
  await deploy(name);
  runtime = await serve(name, resources, mapping, visibility);
  return runtime;
}

function applied(name: string, resources: Resource[], mapping: Record<string, unknown>, visibility: number): unknown {
  return state(
    restApi({ paths: { "/x": { get: integration(name) } } }), permission(name), resources,
    resource("aws_sqs_queue", "work", { arn: arnOf(queue.name), url: queue.url, visibility_timeout_seconds: visibility }),
    resource("aws_lambda_event_source_mapping", "work", {
      uuid, event_source_arn: arnOf(queue.name), function_name: functionArn(name), enabled: true, batch_size: 10, function_response_types: ["ReportBatchItemFailures"], ...mapping,
    }),
  );
}

function serve(name: string, resources: Resource[], mapping: Record<string, unknown>, visibility = 3): Promise<LocalRuntime> {
  return startLocalRuntime({
    state: applied(name, resources, mapping, visibility),
    moduleDirectory: directory, endpoint: emulator.endpoint, region: REGION, callers: [], workDirectory: join(directory, "work"), random: () => 0.05,
  });
}

function events(): { Records: Record<string, unknown>[] }[] {
  const text = readFileSync(join(directory, "work", "logs", `worker${serial}.log`), "utf8");
  return text.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line) as { Records: Record<string, unknown>[] });
}

function counts() {
  return runtime!.statistics().queues[queue.name];
}

test("a batch has Lambda's event, and its messages are deleted", async () => {
  await start({ code: `export const handler = async (event) => { console.log(JSON.stringify(event)); };` }, {});
  await clients.sqs.send(new SendMessageCommand({ QueueUrl: queue.url, MessageBody: "hello", MessageAttributes: { trace: { DataType: "String", StringValue: "t1" } } }));
  await until(() => counts()?.deleted === 1, "a deleted message");
  expect(events()[0]!.Records[0]).toMatchObject({
    messageId: expect.any(String) as string,
    receiptHandle: expect.any(String) as string,
    body: "hello",
    attributes: { ApproximateReceiveCount: "1", SentTimestamp: expect.stringMatching(/^\d{13}$/) as string },
    messageAttributes: { trace: { stringValue: "t1", stringListValues: [], binaryListValues: [], dataType: "String" } },
    md5OfBody: "5d41402abc4b2a76b9719d911017c592",
    eventSource: "aws:sqs",
    eventSourceARN: arnOf(queue.name),
    awsRegion: REGION,
  });
  expect(await depth(queue.url)).toBe(0);
});

test("the emulator's own mapping is switched off, so the first receive is the function's", async () => {
  await start({ code: `export const handler = async (event) => { console.log(JSON.stringify(event)); };` }, {});
  const own = await clients.lambda.send(new GetEventSourceMappingCommand({ UUID: uuid }));
  expect(own.State).toBe("Disabled");
});

test("a reported failure stays, is given again, and ends in the dead-letter queue after maxReceiveCount", async () => {
  const code = `export const handler = async (event) => {
    console.log(JSON.stringify(event));
    return { batchItemFailures: event.Records.filter((record) => record.body === "poison").map((record) => ({ itemIdentifier: record.messageId })) };
  };`;
  await start({ code }, {});
  await send("good1", "poison", "good2");
  await until(async () => (await depth(queue.dead)) === 1, "a dead letter", 30_000);
  expect(counts()).toEqual({ received: 4, deleted: 2, failed: 2 });
  const poison = events().flatMap((event) => event.Records).filter((record) => record.body === "poison");
  expect(poison.map((record) => (record.attributes as Record<string, string>).ApproximateReceiveCount)).toEqual(["1", "2"]);
  expect(await depth(queue.url)).toBe(0);
});

test("an exception or a malformed answer fails the whole batch", async () => {
  await start({ code: `export const handler = async (event) => ({ batchItemFailures: [{ itemIdentifier: "unknown" }] });` }, {});
  await send("a", "b");
  await until(async () => (await depth(queue.dead)) === 2, "two dead letters", 30_000);
  expect(counts()).toMatchObject({ deleted: 0, failed: 4 });
});

test("no more batches run at once than the applied maximum, and stop waits for none", async () => {
  const code = `export const handler = async (event) => { await new Promise((go) => setTimeout(go, event.Records[0].body === "slow" ? 50_000 : 400)); };`;
  await start({ code, timeout: 60 }, { batch_size: 1, scaling_config: [{ maximum_concurrency: 2 }] }, 30);
  await send("1", "2", "3", "4", "5", "6");
  await until(() => counts()?.deleted === 6, "six deleted messages");
  expect(runtime!.statistics().functions[`worker${serial}`]).toMatchObject({ maxConcurrency: 2, invocations: 6, throttles: 0 });
  await send("slow", "slow", "slow");
  await until(() => counts()!.received >= 8, "batches under way");
  const began = Date.now();
  await runtime!.stop();
  expect(Date.now() - began).toBeLessThan(10_000);
});

test("a throttled batch is tried again without another receive", async () => {
  const code = `export const handler = async () => { await new Promise((go) => setTimeout(go, 300)); };`;
  await start({ code, reserved: 1 }, { batch_size: 1 }, 30);
  await send("1", "2", "3");
  await until(() => counts()?.deleted === 3, "three deleted messages");
  expect(counts()).toEqual({ received: 3, deleted: 3, failed: 0 });
  expect(runtime!.statistics().functions[`worker${serial}`]!.throttles).toBeGreaterThan(0);
});

test("a mapping that is switched off polls nothing, until a reload switches it on", async () => {
  const name = `worker${serial}`;
  const resources = lambda(directory, { name, code: `export const handler = async () => undefined;` });
  await deploy(name);
  runtime = await serve(name, resources, { enabled: false });
  await send("1");
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  expect([counts(), await depth(queue.url)]).toEqual([undefined, 1]);
  await runtime.reload(applied(name, resources, { enabled: true }, 1));
  await until(() => counts()?.deleted === 1, "a deleted message");
});

test("a weighted alias runs the older version with its own configuration and code", async () => {
  const name = `worker${serial}`;
  const code = (mark: string) => `export const handler = async (event) => { console.log(JSON.stringify({ code: "${mark}", mark: process.env.MARK, memory: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE })); };`;
  const first = lambda(directory, { name, code: code("one"), environment: { MARK: "old" } });
  await deploy(name);
  runtime = await serve(name, first, {});
  // What an apply does next: new code and memory as version 2, of which the alias gives it nine tenths.
  const [second] = lambda(directory, { name, code: code("two"), version: "2", memory_size: 256, environment: { MARK: "new" } });
  await clients.lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: name, MemorySize: 256, Environment: { Variables: { MARK: "new" } } }));
  await clients.lambda.send(new PublishVersionCommand({ FunctionName: name }));
  await runtime.reload(applied(name, [second!, alias(name, "2", { 1: 0.1 })], {}, 1));
  await send("x");
  await until(() => counts()?.deleted === 1, "a deleted message");
  expect(events()).toEqual([{ code: "one", mark: "old", memory: "128" }]);
  expect(runtime.statistics().functions[name]!.versions).toEqual({ 1: 1 });
});
