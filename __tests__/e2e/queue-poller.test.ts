import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  CreateAliasCommand,
  CreateEventSourceMappingCommand,
  CreateFunctionCommand,
  GetEventSourceMappingCommand,
  PublishVersionCommand,
  UpdateFunctionConfigurationCommand,
} from "@aws-sdk/client-lambda";
import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  GetQueueAttributesCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
} from "@aws-sdk/client-sqs";
import { startLocalRuntime, type LocalRuntime } from "../../scripts/emulator";
import { createEmulatorClients, type EmulatorClients } from "../../scripts/emulator/local-runtime";
import { startEmulator, type Emulator } from "../../scripts/emulator/moto";
import { temporaryFolder } from "../support/temporary-folder";
import {
  ACCOUNT,
  alias,
  folder,
  functionArn,
  integration,
  lambda,
  permission,
  REGION,
  resource,
  restApi,
  state,
  until,
  type FunctionFixture,
  type Resource,
} from "../scripts/emulator/fixtures";

/** The runtime polls queues of the emulator, which counts receives and moves what failed too often. */
let emulator: Emulator;
let clients: EmulatorClients;
let runtime: LocalRuntime | undefined;
let directory: string;
let uuid: string;
let queue: { name: string; url: string; dead: string };
let serial = 0;

/** Longer than any test: a message that failed is given again when the test says so. */
const HIDDEN_SECONDS = 3_600;

beforeAll(async () => {
  emulator = await startEmulator({ directory: temporaryFolder("poller"), env: process.env });
  clients = createEmulatorClients(emulator.endpoint, REGION);
  await createRole();
});

/** The emulator wants the functions' role to exist; its IAM is asked by hand, as no client of it is installed. */
async function createRole(): Promise<void> {
  const trust = {
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: "sts:AssumeRole", Principal: { Service: "lambda.amazonaws.com" } }],
  };
  const response = await fetch(emulator.endpoint, {
    method: "POST",
    headers: {
      authorization: `AWS4-HMAC-SHA256 Credential=local/20260101/${REGION}/iam/aws4_request, SignedHeaders=host, Signature=0`,
    },
    body: new URLSearchParams({
      Action: "CreateRole",
      Version: "2010-05-08",
      RoleName: "functions",
      AssumeRolePolicyDocument: JSON.stringify(trust),
    }),
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
  queue = { name, dead, url: await create(name, { VisibilityTimeout: String(HIDDEN_SECONDS), RedrivePolicy }) };
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
  const { Attributes } = await clients.sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl: url,
      AttributeNames: ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
    }),
  );
  return Number(Attributes?.ApproximateNumberOfMessages) + Number(Attributes?.ApproximateNumberOfMessagesNotVisible);
}

async function send(...bodies: string[]): Promise<void> {
  await clients.sqs.send(
    new SendMessageBatchCommand({
      QueueUrl: queue.url,
      Entries: bodies.map((body, index) => ({ Id: String(index), MessageBody: body })),
    }),
  );
}

/**
 * Makes in the emulator what terraform would have: the function with its alias, and the emulator's own mapping,
 * switched on.
 */
async function deploy(name: string): Promise<void> {
  const ZipFile = readFileSync(join(directory, "assets", `${name}.zip`));
  const Role = `arn:aws:iam::${ACCOUNT}:role/functions`;
  await clients.lambda.send(
    new CreateFunctionCommand({
      FunctionName: name,
      Role,
      Handler: "index.handler",
      Runtime: "nodejs22.x",
      Timeout: 5,
      MemorySize: 128,
      Code: { ZipFile },
      Publish: true,
      Environment: { Variables: { MARK: "old" } },
    }),
  );
  await clients.lambda.send(new CreateAliasCommand({ FunctionName: name, Name: "live", FunctionVersion: "1" }));
  const mapping = await clients.lambda.send(
    new CreateEventSourceMappingCommand({
      FunctionName: functionArn(name),
      EventSourceArn: arnOf(queue.name),
      BatchSize: 10,
    }),
  );
  uuid = mapping.UUID!;
}

async function start(fixture: FunctionFixture): Promise<LocalRuntime> {
  const name = `worker${serial}`;
  const resources = lambda(directory, { ...fixture, name });
  await deploy(name);
  runtime = await serve(name, resources, {});
  return runtime;
}

function applied(name: string, resources: Resource[], mapping: Record<string, unknown>): unknown {
  return state(
    restApi({ paths: { "/x": { get: integration(name) } } }),
    permission(name),
    resources,
    resource("aws_sqs_queue", "work", {
      arn: arnOf(queue.name),
      url: queue.url,
      visibility_timeout_seconds: HIDDEN_SECONDS,
    }),
    resource("aws_lambda_event_source_mapping", "work", {
      uuid,
      event_source_arn: arnOf(queue.name),
      function_name: functionArn(name),
      enabled: true,
      batch_size: 10,
      function_response_types: ["ReportBatchItemFailures"],
      ...mapping,
    }),
  );
}

function serve(name: string, resources: Resource[], mapping: Record<string, unknown>): Promise<LocalRuntime> {
  return startLocalRuntime({
    environment: process.env,
    state: applied(name, resources, mapping),
    moduleDirectory: directory,
    endpoint: emulator.endpoint,
    region: REGION,
    callers: [],
    workDirectory: join(directory, "work"),
    random: () => 0.05,
  });
}

function events(): { Records: Record<string, unknown>[] }[] {
  const text = readFileSync(join(directory, "work", "logs", `worker${serial}.log`), "utf8");
  return text
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as { Records: Record<string, unknown>[] });
}

function counts() {
  return runtime!.statistics().queues[queue.name];
}

const SAYS = `console.log(JSON.stringify(event));`;

test("a batch has Lambda's event, its messages are deleted, and the emulator's own mapping is off, so that the first receive is the function's", async () => {
  await start({ code: `export const handler = async (event) => { ${SAYS} };` });
  expect((await clients.lambda.send(new GetEventSourceMappingCommand({ UUID: uuid }))).State).toBe("Disabled");
  await clients.sqs.send(
    new SendMessageCommand({
      QueueUrl: queue.url,
      MessageBody: "hello",
      MessageAttributes: { trace: { DataType: "String", StringValue: "t1" } },
    }),
  );
  await until(() => counts()?.deleted === 1);
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

test("a reported failure stays, is given again when it is visible, and ends in the dead-letter queue after maxReceiveCount", async () => {
  const code = `export const handler = async (event) => {
    ${SAYS}
    return { batchItemFailures: event.Records.filter((record) => record.body === "poison").map((record) => ({ itemIdentifier: record.messageId })) };
  };`;
  await start({ code });
  await send("good1", "poison", "good2");
  const poison = () =>
    events()
      .flatMap((event) => event.Records)
      .filter((record) => record.body === "poison");
  for (const failed of [1, 2]) {
    await until(() => counts()?.failed === failed);
    await clients.sqs.send(
      new ChangeMessageVisibilityCommand({
        QueueUrl: queue.url,
        ReceiptHandle: String(poison().at(-1)!.receiptHandle),
        VisibilityTimeout: 0,
      }),
    );
  }
  await until(async () => (await depth(queue.dead)) === 1);
  expect(counts()).toEqual({ received: 4, deleted: 2, failed: 2 });
  expect(poison().map((record) => (record.attributes as Record<string, string>).ApproximateReceiveCount)).toEqual([
    "1",
    "2",
  ]);
  expect(await depth(queue.url)).toBe(0);
});

test("a weighted alias runs the older version with its own configuration and code", async () => {
  const name = `worker${serial}`;
  const code = (mark: string) =>
    `export const handler = async (event) => { console.log(JSON.stringify({ code: "${mark}", mark: process.env.MARK, memory: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE })); };`;
  const first = lambda(directory, { name, code: code("one"), environment: { MARK: "old" } });
  await deploy(name);
  runtime = await serve(name, first, {});
  // What an apply does next: new code and memory as version 2, of which the alias gives it nine tenths.
  const [second] = lambda(directory, {
    name,
    code: code("two"),
    version: "2",
    memory_size: 256,
    environment: { MARK: "new" },
  });
  await clients.lambda.send(
    new UpdateFunctionConfigurationCommand({
      FunctionName: name,
      MemorySize: 256,
      Environment: { Variables: { MARK: "new" } },
    }),
  );
  await clients.lambda.send(new PublishVersionCommand({ FunctionName: name }));
  await runtime.reload(applied(name, [second!, alias(name, "2", { 1: 0.1 })], {}));
  await send("x");
  await until(() => counts()?.deleted === 1);
  expect(events()).toEqual([{ code: "one", mark: "old", memory: "128" }]);
  expect(runtime.statistics().functions[name]!.versions).toEqual({ 1: 1 });
});
