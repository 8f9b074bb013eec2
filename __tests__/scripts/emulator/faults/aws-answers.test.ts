import { DynamoDBClient, GetItemCommand, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { LambdaClient, InvokeCommand } from "@aws-sdk/client-lambda";
import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { SQSClient, SendMessageCommand } from "@aws-sdk/client-sqs";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { isUnavailable } from "../../../../handlers/aws/guards";
import { proxyTo, serve } from "./servers";

const configuration = (endpoint: string, maxAttempts: number) => ({
  endpoint,
  maxAttempts,
  region: "us-east-1",
  credentials: { accessKeyId: "test", secretAccessKey: "test" },
});

/** One call of each service's client. */
const CALLS = {
  "a read of DynamoDB": (url, attempts) =>
    new DynamoDBClient(configuration(url, attempts)).send(
      new GetItemCommand({ TableName: "t", Key: { k: { S: "1" } } }),
    ),
  "DynamoDB's account": (url, attempts) =>
    new DynamoDBClient(configuration(url, attempts)).send(new ListTablesCommand({})),
  SQS: (url, attempts) =>
    new SQSClient(configuration(url, attempts)).send(
      new SendMessageCommand({ QueueUrl: `${url}/1/q`, MessageBody: "x" }),
    ),
  S3: (url, attempts) =>
    new S3Client({ ...configuration(url, attempts), forcePathStyle: true }).send(
      new GetObjectCommand({ Bucket: "b", Key: "k" }),
    ),
  STS: (url, attempts) => new STSClient(configuration(url, attempts)).send(new GetCallerIdentityCommand({})),
  Lambda: (url, attempts) =>
    new LambdaClient(configuration(url, attempts)).send(new InvokeCommand({ FunctionName: "f" })),
} as const satisfies Readonly<Record<string, (url: string, attempts: number) => Promise<unknown>>>;
type Called = keyof typeof CALLS;

test.each<[Called, string, number]>([
  ["a read of DynamoDB", "ProvisionedThroughputExceededException", 400],
  ["DynamoDB's account", "ThrottlingException", 400],
  ["SQS", "ThrottlingException", 400],
  ["S3", "SlowDown", 503],
  ["STS", "Throttling", 400],
  ["Lambda", "ThrottlingException", 429],
])("%s throttles with %s, which its client knows as such", async (called, name, status) => {
  const proxy = await proxyTo((await serve()).url, { faults: [{ kind: "throttle" }] });
  const error: unknown = await CALLS[called](proxy.url, 1).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ name, $metadata: { httpStatusCode: status } });
});

test.each(Object.keys(CALLS) as Called[])(
  "%s breaks with status 500: its client tries again, and the handlers know it as unavailable",
  async (called) => {
    const proxy = await proxyTo((await serve()).url, { faults: [{ kind: "error" }] });
    const error: unknown = await CALLS[called](proxy.url, 2).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ $metadata: { httpStatusCode: 500, attempts: 2 } });
    expect(isUnavailable(error)).toBe(true);
    expect(proxy.statistics()).toMatchObject({ requests: 2, forwarded: 0, faults: { error: 2 } });
  },
);

test.each<[Called, string, number]>([
  ["a read of DynamoDB", "AccessDeniedException", 400],
  ["SQS", "AccessDeniedException", 403],
  ["S3", "AccessDenied", 403],
  ["STS", "AccessDenied", 403],
  ["Lambda", "AccessDeniedException", 403],
])("%s denies with %s, which its client does not try again", async (called, name, status) => {
  const proxy = await proxyTo((await serve()).url, { faults: [{ kind: "deny" }] });
  const error: unknown = await CALLS[called](proxy.url, 3).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ name, $metadata: { httpStatusCode: status, attempts: 1 } });
  expect(isUnavailable(error)).toBe(false);
});
