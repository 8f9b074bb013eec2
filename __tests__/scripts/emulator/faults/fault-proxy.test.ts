import { CreateTableCommand, DynamoDBClient, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import dynalite from "dynalite";
import { Agent, get } from "node:http";
import type { AddressInfo } from "node:net";
import type { ProxiedRequest } from "../../../../scripts/emulator/http";
import { holdTimers, until } from "../fixtures";
import { ask, begin, proxyTo, serve } from "./servers";

jest.mock("node:timers/promises", () => jest.requireActual<object>("../../../support/timers-promises"));

test("without faults it passes requests on and answers back", async () => {
  const upstream = await serve((asked, reply) => reply.writeHead(201, { "x-a": "1" }).end(asked));
  const proxy = await proxyTo(upstream.url);
  expect(await ask(`${proxy.url}/a?b=c`, { method: "PUT", body: "€" })).toMatchObject({
    status: 201,
    headers: { "x-a": "1" },
    body: "PUT /a?b=c €",
  });
  expect(proxy.statistics()).toEqual({ connections: 1, requests: 1, forwarded: 1, broken: 0, faults: {} });
});

test("latency: the request waits before it is answered", async () => {
  const proxy = await proxyTo((await serve()).url, { faults: [{ kind: "latency", ms: 100 }] });
  holdTimers();
  try {
    const asked = ask(proxy.url);
    await until(() => jest.getTimerCount() === 1);
    jest.advanceTimersByTime(99);
    expect([jest.getTimerCount(), proxy.statistics().forwarded]).toEqual([1, 0]);
    jest.advanceTimersByTime(1);
    expect(await asked).toMatchObject({ status: 200 });
  } finally {
    jest.useRealTimers();
  }
});

test("refuse: new connections break until the fault is removed", async () => {
  const proxy = await proxyTo((await serve()).url, { faults: [{ kind: "refuse" }] });
  await expect(ask(proxy.url)).rejects.toThrow("ECONNRESET");
  proxy.setFaults([]);
  await expect(ask(proxy.url)).resolves.toMatchObject({ status: 200 });
  expect(proxy.statistics()).toMatchObject({ requests: 1, faults: { refuse: 1 } });
});

describe("a kept connection", () => {
  const agents: Agent[] = [];
  afterEach(() => agents.splice(0).forEach((agent) => agent.destroy()));
  const kept = () => {
    const agent = new Agent({ keepAlive: true });
    agents.push(agent);
    return (url: string) =>
      new Promise<string>((resolve, reject) => {
        const sent = get(
          url,
          { agent },
          (reply) => void reply.resume().once("end", () => setImmediate(resolve, `${reply.statusCode}`)),
        );
        sent.once("error", reject);
      });
  };

  test("all open ones are reset at once, on demand", async () => {
    const proxy = await proxyTo((await serve()).url);
    const call = kept();
    await Promise.all([call(proxy.url), call(proxy.url)]);
    const [socket] = Object.values(agents.at(-1)?.freeSockets ?? {}).flatMap((sockets = []) => sockets);
    // Not events.once: Node 20 emits the reset as an error first, which that would throw.
    const closed = new Promise((resolve) => (socket ?? new Agent()).once("close", resolve));
    expect(proxy.resetConnections()).toBe(2);
    await closed;
    await expect(call(proxy.url)).resolves.toBe("200");
  });
});

test("the same numbers make the same faults", async () => {
  const upstream = await serve();
  const run = async () => {
    const numbers = [0.1, 0.9, 0.3, 0.5, 0.05, 0.7];
    const proxy = await proxyTo(upstream.url, {
      random: () => numbers.shift() ?? 1,
      faults: [{ kind: "error", share: 0.4 }],
    });
    const statuses = [];
    for (let time = 0; time < 6; time++) statuses.push((await ask(proxy.url)).status);
    return statuses;
  };
  expect(await run()).toEqual([500, 200, 500, 200, 500, 200]);
  expect(await run()).toEqual([500, 200, 500, 200, 500, 200]);
});

test("the connection breaks when the upstream does not exist", async () => {
  const proxy = await proxyTo("http://127.0.0.1:9");
  await expect(ask(proxy.url)).rejects.toThrow("ECONNRESET");
  expect(proxy.statistics()).toMatchObject({ forwarded: 1, broken: 1 });
});

test("stopping ends delayed and unanswered requests, and leaves no connection", async () => {
  const upstream = await serve();
  const proxy = await proxyTo(upstream.url, {
    faults: [
      { kind: "latency", ms: 60_000, when: ({ path }) => path === "/slow" },
      { kind: "black-hole", when: ({ path }) => path === "/hole" },
    ],
  });
  await ask(proxy.url);
  const waiting = Promise.allSettled([ask(`${proxy.url}/slow`), ask(`${proxy.url}/hole`)]);
  await until(() => Object.keys(proxy.statistics().faults).length === 2);
  await proxy.stop();
  expect(await waiting).toMatchObject([{ status: "rejected" }, { status: "rejected" }]);
  await expect(ask(proxy.url)).rejects.toThrow("ECONNREFUSED");
  await until(() => upstream.sockets.size === 0);
});

test("a caller who leaves in the middle leaves no open connection", async () => {
  const proxy = await proxyTo((await serve()).url, { faults: [{ kind: "black-hole" }] });
  const callers = [begin(proxy.url), begin(proxy.url)];
  await until(() => proxy.statistics().faults["black-hole"] === 2);
  callers.forEach(({ leave }) => leave());
  await proxy.stop();
  await until(() => proxy.resetConnections() === 0);
});

describe("serialize", () => {
  test("requests with the same key reach the upstream one after the other, those with another at once", async () => {
    const waiting: Record<string, (() => void)[]> = { "/one": [], "/many": [] };
    const upstream = await serve((asked, reply) => waiting[asked.split(" ")[1] ?? ""]!.push(() => void reply.end()));
    const proxy = await proxyTo(upstream.url, {
      serialize: ({ path }: ProxiedRequest) => (path === "/one" ? "one" : undefined),
    });
    const asked = Promise.all(["/one", "/one", "/one", "/many", "/many", "/many"].map((path) => ask(proxy.url + path)));
    await until(() => proxy.statistics().forwarded === 6 && waiting["/many"]!.length === 3);
    for (let turn = 1; turn <= 3; turn++) {
      await until(() => waiting["/one"]!.length > 0);
      expect([waiting["/one"]!.length, upstream.asked.filter((line) => line === "GET /one").length]).toEqual([1, turn]);
      waiting["/one"]!.pop()!();
    }
    waiting["/many"]!.forEach((answer) => answer());
    await asked;
  });

  test("a request that fails does not delay those after it", async () => {
    let failures = 1;
    const upstream = await serve((_asked, reply) => (failures-- > 0 ? reply.destroy() : reply.end("done")));
    const proxy = await proxyTo(upstream.url, { serialize: () => "key" });
    const [failed, next] = await Promise.allSettled([ask(proxy.url), ask(proxy.url)]);
    expect(failed).toMatchObject({ status: "rejected", reason: { code: "ECONNRESET" } });
    expect(next).toMatchObject({ status: "fulfilled", value: { body: "done" } });
  });
});

test("a write whose answer was lost has been done, so the client's next attempt finds its own first one", async () => {
  const table = dynalite({ createTableMs: 0 });
  await new Promise<void>((resolve) => table.listen(0, "127.0.0.1", resolve));
  const proxy = await proxyTo(`http://127.0.0.1:${(table.address() as AddressInfo).port}`);
  const client = new DynamoDBClient({
    endpoint: proxy.url,
    region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  });
  try {
    await client.send(
      new CreateTableCommand({
        TableName: "table",
        BillingMode: "PAY_PER_REQUEST",
        AttributeDefinitions: [{ AttributeName: "k", AttributeType: "S" }],
        KeySchema: [{ AttributeName: "k", KeyType: "HASH" }],
      }),
    );
    let dropped = 0;
    proxy.setFaults([
      {
        kind: "drop-reply",
        when: ({ service, operation }) => service === "dynamodb" && operation === "UpdateItem" && (dropped += 1) === 1,
      },
    ]);
    const { Attributes, $metadata } = await client.send(
      new UpdateItemCommand({
        TableName: "table",
        Key: { k: { S: "1" } },
        UpdateExpression: "ADD n :one",
        ExpressionAttributeValues: { ":one": { N: "1" } },
        ReturnValues: "ALL_NEW",
      }),
    );
    expect([Attributes?.["n"]?.N, $metadata.attempts]).toEqual(["2", 2]);
  } finally {
    client.destroy();
    table.close();
  }
});
