import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { MAX_IDLE_MS, openConnection, type TimeOuts } from "../../../handlers/aws/connection";
import { openCounters } from "../../../handlers/telemetry";
import { NOW_MS, settled } from "../fixtures";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(answer: (reply: ServerResponse) => unknown): Promise<number> {
  const server = createServer((message, reply) => void message.resume().once("end", () => answer(reply)));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

function open(timeOuts?: TimeOuts) {
  const clock = { nowMs: NOW_MS };
  const counters = openCounters();
  return {
    clock,
    counters,
    connection: openConnection({ counters, nowMs: () => clock.nowMs, ...(timeOuts && { timeOuts }) }),
  };
}

type Handler = ReturnType<typeof open>["connection"]["requestHandler"];
const ask = async (handler: Handler, port: number, abortSignal?: AbortSignal) => {
  const request = { protocol: "http:", hostname: "127.0.0.1", port, path: "/", method: "GET", headers: {}, query: {} };
  const { response } = await handler.handle(request as never, { ...(abortSignal && { abortSignal }) });
  let text = "";
  for await (const chunk of response.body as AsyncIterable<Buffer>) text += chunk.toString();
  return text;
};

test("a connection has the pool and the time-outs that keep a dead socket from hanging", async () => {
  const { requestHandler } = open().connection;
  // The handler settles its configuration with its first request.
  await ask(requestHandler, 1).catch(() => undefined);
  expect(requestHandler.httpHandlerConfigs()).toMatchObject({
    connectionTimeout: 5_000,
    requestTimeout: 60_000,
    throwOnRequestTimeout: true,
    socketTimeout: 60_000,
    httpsAgent: { keepAlive: true, maxSockets: 50 },
    httpAgent: { keepAlive: true, maxSockets: 50 },
  });
});

test("for agents the same pool has no time-out but for connecting", async () => {
  const { requestHandler, patient } = open().connection;
  await Promise.allSettled([ask(requestHandler, 1), ask(patient.requestHandler, 1)]);
  const [strict, long] = [requestHandler.httpHandlerConfigs(), patient.requestHandler.httpHandlerConfigs()];
  expect(long).toMatchObject({ connectionTimeout: 5_000, requestTimeout: undefined, socketTimeout: undefined });
  expect([long.httpAgent === strict.httpAgent, long.httpsAgent === strict.httpsAgent]).toEqual([true, true]);
});

test("clients share the connection's one pool, and retry adaptively three times", async () => {
  const { connection } = open();
  const [one, other] = [
    new DynamoDBClient({ ...connection, region: "us-east-1" }),
    new DynamoDBClient({ ...connection, region: "us-east-1" }),
  ];
  expect(one.config.requestHandler).toBe(connection.requestHandler);
  expect(other.config.requestHandler).toBe(connection.requestHandler);
  expect(await one.config.maxAttempts()).toBe(3);
  expect((await one.config.retryStrategy()) as object).toMatchObject({ mode: "adaptive" });
});

test("as an invocation starts, sockets that were idle for too long are dropped, and counted", async () => {
  const port = await serve((reply) => reply.end("ok"));
  const { clock, counters, connection } = open();
  await ask(connection.requestHandler, port);
  await ask(connection.patient.requestHandler, port);
  expect(counters.take()).toEqual({ PoolOpened: 1, PoolReused: 1 });
  expect(connection.dropIdle()).toBe(0);
  clock.nowMs += MAX_IDLE_MS + 1;
  expect(connection.dropIdle()).toBe(1);
  expect(await ask(connection.requestHandler, port)).toBe("ok");
  expect(counters.take()).toEqual({ PoolIdleDropped: 1, PoolOpened: 1 });
});

const SHORT: TimeOuts = { connectMs: 60_000, requestMs: 200, silenceMs: 300 };

test("an answer that does not begin ends with a time-out; a patient call that was made before waits on, and takes it when it comes", async () => {
  const replies: ServerResponse[] = [];
  const port = await serve((reply) => replies.push(reply));
  const { connection } = open(SHORT);
  const patient = ask(connection.patient.requestHandler, port);
  while (replies.length === 0) await settled();
  await expect(ask(connection.requestHandler, port)).rejects.toThrow("exceeded the configured 200 ms requestTimeout");
  replies[0]?.end("late");
  expect(await patient).toBe("late");
});

test("a patient call ends with its signal", async () => {
  const controller = new AbortController();
  const port = await serve(() => controller.abort());
  await expect(ask(open().connection.patient.requestHandler, port, controller.signal)).rejects.toMatchObject({
    name: "AbortError",
  });
});

test("an answer whose body stalls ends with a time-out; a patient call that was made before takes it when it comes", async () => {
  const replies: ServerResponse[] = [];
  const port = await serve((reply) => {
    reply.write("begun");
    replies.push(reply);
  });
  const { connection } = open(SHORT);
  const patient = ask(connection.patient.requestHandler, port);
  while (replies.length === 0) await settled();
  await expect(ask(connection.requestHandler, port)).rejects.toThrow("timed out after 300 ms of inactivity");
  replies[0]?.end(", and ended");
  expect(await patient).toBe("begun, and ended");
});
