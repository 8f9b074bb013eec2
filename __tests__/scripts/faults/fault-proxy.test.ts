import { CreateTableCommand, DynamoDBClient, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import dynalite from "dynalite";
import { once } from "node:events";
import { Agent, get } from "node:http";
import type { AddressInfo } from "node:net";
import type { ProxiedRequest } from "../../../scripts/faults/proxied-request";
import { ask, isAnswered, proxyTo, serve } from "./servers";

test("without faults it passes requests on and answers back", async () => {
  const upstream = await serve((asked, reply) => reply.writeHead(201, { "x-a": "1" }).end(asked));
  const proxy = await proxyTo(upstream.url);
  expect(await ask(`${proxy.url}/a?b=c`, { method: "PUT", body: "€" })).toMatchObject({ status: 201, headers: { "x-a": "1" }, body: "PUT /a?b=c €" });
  expect(proxy.statistics()).toEqual({ connections: 1, requests: 1, forwarded: 1, broken: 0, faults: {} });
});

test("latency: the request waits, and is answered then", async () => {
  const proxy = await proxyTo((await serve()).url, { faults: [{ kind: "latency", ms: 100 }] });
  const startedMs = performance.now();
  expect(await ask(proxy.url)).toMatchObject({ status: 200 });
  expect(performance.now() - startedMs).toBeGreaterThanOrEqual(99);
});

test("refuse: new connections break, and it is over when it is taken back", async () => {
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
    return (url: string, limitMs = 2_000) =>
      new Promise<string>((resolve, reject) => {
        const sent = get(url, { agent, signal: AbortSignal.timeout(limitMs) }, (reply) => void reply.resume().once("end", () => setImmediate(resolve, `${reply.statusCode}`)));
        sent.once("error", reject);
      });
  };

  test("black-hole, of connections that were open before: they swallow, and new ones work", async () => {
    const proxy = await proxyTo((await serve()).url);
    const call = kept();
    await call(proxy.url);
    proxy.setFaults([{ kind: "black-hole", when: ({ connection }) => connection.isOlder }]);
    await expect(call(proxy.url, 200)).rejects.toThrow("aborted");
    await expect(kept()(proxy.url)).resolves.toBe("200");
    expect(proxy.statistics()).toMatchObject({ connections: 2, faults: { "black-hole": 1 } });
  });

  test("black-hole, of new connections: open ones work", async () => {
    const proxy = await proxyTo((await serve()).url);
    const call = kept();
    await call(proxy.url);
    proxy.setFaults([{ kind: "black-hole", when: ({ connection }) => !connection.isOlder }]);
    await expect(call(proxy.url)).resolves.toBe("200");
    expect(await isAnswered(proxy.url, 200)).toBe(false);
  });

  test("all open ones are reset at once, on demand", async () => {
    const proxy = await proxyTo((await serve()).url);
    const call = kept();
    await Promise.all([call(proxy.url), call(proxy.url)]);
    const [socket] = Object.values(agents.at(-1)?.freeSockets ?? {}).flatMap((sockets = []) => sockets);
    const closed = once(socket ?? new Agent(), "close");
    expect(proxy.resetConnections()).toBe(2);
    await closed;
    await expect(call(proxy.url)).resolves.toBe("200");
  });
});

test("the same numbers make the same faults", async () => {
  const upstream = await serve();
  const run = async () => {
    const numbers = [0.1, 0.9, 0.3, 0.5, 0.05, 0.7];
    const proxy = await proxyTo(upstream.url, { random: () => numbers.shift() ?? 1, faults: [{ kind: "error", share: 0.4 }] });
    const statuses = [];
    for (let time = 0; time < 6; time++) statuses.push((await ask(proxy.url)).status);
    return statuses;
  };
  expect(await run()).toEqual([500, 200, 500, 200, 500, 200]);
  expect(await run()).toEqual([500, 200, 500, 200, 500, 200]);
});

test("where the upstream is not there, the connection breaks", async () => {
  const proxy = await proxyTo("http://127.0.0.1:9");
  await expect(ask(proxy.url)).rejects.toThrow("ECONNRESET");
  expect(proxy.statistics()).toMatchObject({ forwarded: 1, broken: 1 });
});

test("stopping ends what waits and what nobody answers, and leaves no connection", async () => {
  const upstream = await serve();
  const proxy = await proxyTo(upstream.url, { faults: [{ kind: "latency", ms: 60_000, when: ({ path }) => path === "/slow" }, { kind: "black-hole", when: ({ path }) => path === "/hole" }] });
  await ask(proxy.url);
  const waiting = Promise.allSettled([ask(`${proxy.url}/slow`), ask(`${proxy.url}/hole`)]);
  while (proxy.statistics().requests < 3) await new Promise((resolve) => setTimeout(resolve, 5));
  await proxy.stop();
  expect(await waiting).toMatchObject([{ status: "rejected" }, { status: "rejected" }]);
  await expect(ask(proxy.url)).rejects.toThrow("ECONNREFUSED");
  while (upstream.sockets.size > 0) await new Promise((resolve) => setTimeout(resolve, 5));
});

test("a caller who leaves in the middle, and is reset after, leaves nothing open", async () => {
  const proxy = await proxyTo((await serve()).url, { faults: [{ kind: "black-hole" }] });
  await Promise.all([isAnswered(proxy.url, 50), isAnswered(proxy.url, 50)]);
  await proxy.stop();
  expect(proxy.resetConnections()).toBe(0);
});

describe("serialize", () => {
  test("requests with the same key reach the upstream one after the other, those with another at once", async () => {
    const [running, most] = [new Map<string, number>(), new Map<string, number>()];
    const upstream = await serve((asked, reply) => {
      const path = asked.split(" ")[1] ?? "";
      running.set(path, (running.get(path) ?? 0) + 1);
      most.set(path, Math.max(most.get(path) ?? 0, running.get(path) ?? 0));
      setTimeout(() => {
        running.set(path, (running.get(path) ?? 0) - 1);
        reply.end();
      }, 20);
    });
    const proxy = await proxyTo(upstream.url, { serialize: ({ path }: ProxiedRequest) => (path === "/one" ? "one" : undefined) });
    await Promise.all(["/one", "/one", "/one", "/many", "/many", "/many"].map((path) => ask(proxy.url + path)));
    expect(Object.fromEntries(most)).toEqual({ "/one": 1, "/many": 3 });
  });
});

test("a write whose answer got lost was done: the client's next attempt meets its own first", async () => {
  const table = dynalite({ createTableMs: 0 });
  await new Promise<void>((resolve) => table.listen(0, "127.0.0.1", resolve));
  const proxy = await proxyTo(`http://127.0.0.1:${(table.address() as AddressInfo).port}`);
  const client = new DynamoDBClient({ endpoint: proxy.url, region: "us-east-1", credentials: { accessKeyId: "test", secretAccessKey: "test" } });
  try {
    await client.send(new CreateTableCommand({ TableName: "table", BillingMode: "PAY_PER_REQUEST", AttributeDefinitions: [{ AttributeName: "k", AttributeType: "S" }], KeySchema: [{ AttributeName: "k", KeyType: "HASH" }] }));
    let dropped = 0;
    proxy.setFaults([{ kind: "drop-reply", when: ({ service, operation }) => service === "dynamodb" && operation === "UpdateItem" && (dropped += 1) === 1 }]);
    const { Attributes, $metadata } = await client.send(new UpdateItemCommand({ TableName: "table", Key: { k: { S: "1" } }, UpdateExpression: "ADD n :one", ExpressionAttributeValues: { ":one": { N: "1" } }, ReturnValues: "ALL_NEW" }));
    expect([Attributes?.["n"]?.N, $metadata.attempts]).toEqual(["2", 2]);
  } finally {
    client.destroy();
    table.close();
  }
});
