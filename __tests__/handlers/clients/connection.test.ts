import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { openConnection } from "../../../handlers/clients/connection";

test("a connection has the pool and the time-outs that keep a dead socket from hanging", async () => {
  const { requestHandler } = openConnection();
  // The handler settles its configuration with its first request.
  await requestHandler.handle({ protocol: "http:", hostname: "127.0.0.1", port: 1, path: "/", method: "GET", headers: {}, query: {} } as never).catch(() => undefined);
  expect(requestHandler.httpHandlerConfigs()).toMatchObject({
    connectionTimeout: 5_000,
    requestTimeout: 60_000,
    throwOnRequestTimeout: true,
    httpsAgent: { keepAlive: true, maxSockets: 50 },
    httpAgent: { keepAlive: true, maxSockets: 50 },
  });
});

test("clients share the connection's one pool, and retry adaptively three times", async () => {
  const connection = openConnection();
  const [one, other] = [new DynamoDBClient({ ...connection, region: "us-east-1" }), new DynamoDBClient({ ...connection, region: "us-east-1" })];
  expect(one.config.requestHandler).toBe(connection.requestHandler);
  expect(other.config.requestHandler).toBe(connection.requestHandler);
  expect(await one.config.maxAttempts()).toBe(3);
  expect((await one.config.retryStrategy()) as object).toMatchObject({ mode: "adaptive" });
});
