import type { IncomingMessage } from "node:http";
import { readRequest, resetConnection, openUpstream, type Upstream } from "../../../scripts/emulator/http";
import { createServer, connect, type AddressInfo, type Socket } from "node:net";
import { once } from "node:events";
import { proxied, serve } from "./faults/servers";

describe("proxied request", () => {
  const message = (headers: IncomingMessage["headers"], ...chunks: string[]) =>
    Object.assign(
      (async function* () {
        yield* chunks.map((chunk) => Buffer.from(chunk));
      })(),
      { method: "POST", url: "/q?x=1", headers },
    ) as unknown as IncomingMessage;

  test("a request is read whole, with the service of its signature and the operation of its target", async () => {
    const authorization =
      "AWS4-HMAC-SHA256 Credential=AKID/20260301/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0";
    const headers = { authorization, "x-amz-target": "DynamoDB_20120810.UpdateItem" };
    expect(await readRequest(message(headers, "a", "b"))).toEqual({
      method: "POST",
      path: "/q?x=1",
      headers,
      body: Buffer.from("ab"),
      service: "dynamodb",
      operation: "UpdateItem",
    });
  });

  test("a request without signature and target has neither service nor operation", async () => {
    expect(await readRequest(message({}))).toMatchObject({
      service: "",
      operation: "",
      body: Buffer.alloc(0),
    });
  });

  test("a request that breaks off is rejected", async () => {
    const broken = Object.assign(
      (async function* () {
        yield Buffer.from("a");
        throw new Error("aborted");
      })(),
      { headers: {} },
    );
    await expect(readRequest(broken as unknown as IncomingMessage)).rejects.toThrow("aborted");
  });
});

describe("reset", () => {
  async function pair(): Promise<{ near: Socket; far: Socket }> {
    const server = createServer({ allowHalfOpen: true });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const far = connect({ port: (server.address() as AddressInfo).port, host: "127.0.0.1", allowHalfOpen: true });
    const [[near]] = (await Promise.all([once(server, "connection"), once(far, "connect")])) as [[Socket], unknown];
    server.close();
    return { near, far };
  }

  test("the other side gets a RST", async () => {
    const { near, far } = await pair();
    const failed = once(far, "error") as Promise<[Error]>;
    resetConnection(near);
    expect((await failed)[0].message).toBe("read ECONNRESET");
  });

  test("a connection whose own end was sent already is closed, because a reset would fail", async () => {
    const { near, far } = await pair();
    far.on("error", () => undefined).end();
    near.resume();
    await once(near, "end");
    near.end();
    const closed = once(near, "close");
    resetConnection(near);
    await closed;
    expect(near.destroyed).toBe(true);
    far.destroy();
  });

  test("a closed connection is not touched", async () => {
    const { near, far } = await pair();
    near.destroy();
    resetConnection(near);
    far.on("error", () => undefined).destroy();
    expect(near.destroyed).toBe(true);
  });
});

describe("upstream", () => {
  let upstream: Upstream | undefined;
  afterEach(() => upstream?.close());

  test("a request reaches the upstream as it was sent, with the caller's Host header", async () => {
    const seen: unknown[] = [];
    const { url } = await serve((asked, reply, { headers }) => {
      seen.push(asked, headers.host, headers["x-a"], headers["content-length"]);
      reply.writeHead(201, { "x-b": "2" }).end("made");
    });
    upstream = openUpstream(url);
    const answer = await upstream.send(
      proxied({
        path: "/a?b=c",
        body: Buffer.from("€"),
        headers: { host: "queue.example", "x-a": "1", connection: "close", "transfer-encoding": "chunked" },
      }),
    );
    expect(seen).toEqual(["POST /a?b=c €", "queue.example", "1", "3"]);
    expect({ ...answer, body: answer.body.toString() }).toMatchObject({
      status: 201,
      headers: { "x-b": "2" },
      body: "made",
    });
    expect(Object.keys(answer.headers)).not.toContain("connection");
  });

  test("its connections are used again", async () => {
    const { url, sockets } = await serve();
    upstream = openUpstream(url);
    await upstream.send(proxied());
    await upstream.send(proxied());
    expect(sockets.size).toBe(1);
  });

  test("an upstream that breaks off or is not there makes the request fail", async () => {
    const { url } = await serve((_asked, reply) =>
      reply.writeHead(200, { "content-length": "10" }).write("a", () => reply.socket?.destroy()),
    );
    upstream = openUpstream(url);
    await expect(upstream.send(proxied())).rejects.toThrow("aborted");
    await expect(openUpstream("http://127.0.0.1:9").send(proxied())).rejects.toThrow("ECONNREFUSED");
  });
});
