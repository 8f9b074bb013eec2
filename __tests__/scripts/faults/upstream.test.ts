import { openUpstream, type Upstream } from "../../../scripts/faults/upstream";
import { proxied, serve } from "./servers";

let upstream: Upstream | undefined;
afterEach(() => upstream?.close());

test("a request reaches the upstream as it was sent, under the host that the caller used, and its answer comes back", async () => {
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
