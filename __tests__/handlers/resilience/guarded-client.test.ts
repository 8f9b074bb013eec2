import { DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { SQSClient, SendMessageCommand } from "@aws-sdk/client-sqs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { openCounters } from "../../../handlers/counters";
import type { Guard } from "../../../handlers/resilience/guard";
import { guardClient } from "../../../handlers/resilience/guarded-client";
import { FAILURES_TO_OPEN, openGuards } from "../../../handlers/resilience/guards";
import { keepingLog } from "../fixtures";

let server: Server;
let answers: { status: number; body: string }[];
let asked: number;
beforeEach(async () => {
  answers = [];
  asked = 0;
  server = createServer((message, reply) => {
    asked += 1;
    const { status, body } = answers.shift() ?? { status: 200, body: "{}" };
    message
      .resume()
      .once("end", () => reply.writeHead(status, { "content-type": "application/x-amz-json-1.0" }).end(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const configuration = () => ({
  endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  region: "us-east-1",
  credentials: { accessKeyId: "test", secretAccessKey: "test" },
  maxAttempts: 1,
});
const read = new GetItemCommand({ TableName: "t", Key: { k: { S: "1" } } });
const failure = (type: string, status = 400) => ({ status, body: JSON.stringify({ __type: type, message: "no" }) });

test("each operation of a client goes through the guard, once for all of its attempts", async () => {
  const run = jest.fn(<T>(work: () => Promise<T>) => work());
  const client = guardClient(new DynamoDBClient({ ...configuration(), maxAttempts: 3 }), { run } as Guard);
  answers = [failure("InternalServerError", 500)];
  await client.send(read);
  expect(asked).toBe(2);
  expect(run).toHaveBeenCalledTimes(1);
  await client.send(read);
  expect(run).toHaveBeenCalledTimes(2);
});

test("clients of every service that we use take a guard, and stay what they are", () => {
  const guard: Guard = { run: (work) => work() };
  const clients = [
    new DynamoDBClient(configuration()),
    new SQSClient(configuration()),
    new S3Client(configuration()),
  ] as const;
  for (const client of clients)
    expect(guardClient<{ middlewareStack: typeof client.middlewareStack }>(client, guard)).toBe(client);
});

test("a client whose service fails five times is not let through, and another is", async () => {
  const guards = openGuards({ counters: openCounters(), log: keepingLog().log });
  const dynamodb = guardClient(new DynamoDBClient(configuration()), guards("dynamodb"));
  const sqs = guardClient(new SQSClient(configuration()), guards("sqs"));
  answers = Array.from({ length: FAILURES_TO_OPEN }, () => failure("ProvisionedThroughputExceededException"));
  for (let time = 0; time < FAILURES_TO_OPEN; time++)
    await expect(dynamodb.send(read)).rejects.toMatchObject({ name: "ProvisionedThroughputExceededException" });
  await expect(dynamodb.send(read)).rejects.toThrow("dynamodb was not called: it failed 5 times in a row.");
  expect(asked).toBe(FAILURES_TO_OPEN);
  await sqs
    .send(new SendMessageCommand({ QueueUrl: `${configuration().endpoint}/1/q`, MessageBody: "x" }))
    .catch((error: unknown) => expect(error).not.toMatchObject({ name: "DependencyDownError" }));
  expect(asked).toBe(FAILURES_TO_OPEN + 1);
});

test("what the service refuses never opens the circuit", async () => {
  const client = guardClient(
    new DynamoDBClient(configuration()),
    openGuards({ counters: openCounters(), log: keepingLog().log })("dynamodb"),
  );
  answers = Array.from({ length: 2 * FAILURES_TO_OPEN }, () => failure("ConditionalCheckFailedException"));
  for (let time = 0; time < 2 * FAILURES_TO_OPEN; time++)
    await expect(client.send(read)).rejects.toMatchObject({ name: "ConditionalCheckFailedException" });
  await expect(client.send(read)).resolves.toBeDefined();
});
