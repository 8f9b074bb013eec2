import { createServer, type AddressInfo, type Socket } from "node:net";
import { ApiProbe } from "../../../scripts/kit/api-client";
import { answeringServer } from "../../support/answering-server";

const credentials = { accessKeyId: "AKID", secretAccessKey: "secret", sessionToken: "token" };
let server: Awaited<ReturnType<typeof answeringServer>>;
let probe: ApiProbe;
beforeAll(async () => {
  server = await answeringServer(({ url }) =>
    url.startsWith("/live/moved")
      ? { status: 301, headers: { location: "https://elsewhere/" } }
      : { status: 404, body: url.startsWith("/live/text") ? "hello" : '{"error":{"code":"x"}}' },
  );
  probe = new ApiProbe({ url: `${server.url}/live`, region: "eu-west-1", signal: new AbortController().signal });
});
afterAll(() => server.stop());

test("an answer comes back whole: status, headers, body and time", async () => {
  expect(await probe.call({ method: "GET", route: "/api/v1/health", caller: { kind: "anonymous" } })).toEqual({
    status: 404,
    headers: expect.objectContaining({ "content-type": "application/json" }) as unknown,
    body: { error: { code: "x" } },
    ms: expect.any(Number) as unknown,
  });
  expect((await probe.call({ method: "GET", route: "/text", caller: { kind: "anonymous" } })).body).toBeUndefined();
});

test("a redirect is an answer, and is not followed", async () => {
  expect(await probe.call({ method: "GET", route: "/moved", caller: { kind: "anonymous" } })).toMatchObject({
    status: 301,
    headers: { location: "https://elsewhere/" },
  });
});

test("each caller proves itself in its own way, and an anonymous one not at all", async () => {
  const call = async (caller: Parameters<ApiProbe["call"]>[0]["caller"]) => {
    await probe.call({ method: "POST", route: "/api/v1/invoke", body: '{"prompt":1}', caller });
    return server.asked.at(-1)!;
  };
  const signed = await call({ kind: "iam", credentials });
  expect(signed.headers["authorization"]).toMatch(
    new RegExp(
      "^AWS4-HMAC-SHA256 Credential=AKID/\\d{8}/eu-west-1/execute-api/aws4_request, " +
        "SignedHeaders=[^,]*content-type;host[^,]*, Signature=[0-9a-f]{64}$",
    ),
  );
  expect(signed.headers["x-amz-security-token"]).toBe("token");
  expect(signed.body).toBe('{"prompt":1}');
  expect((await call({ kind: "key", apiKey: "k-1" })).headers["x-api-key"]).toBe("k-1");
  expect((await call({ kind: "token", token: "a.b.c" })).headers["authorization"]).toBe("Bearer a.b.c");
  const { headers } = await call({ kind: "anonymous" });
  expect([headers["authorization"], headers["x-api-key"]]).toEqual([undefined, undefined]);
});

test("no answer is an answer too, with the network's own reason", async () => {
  const dead = new ApiProbe({ url: "http://127.0.0.1:9", region: "us-east-1", signal: new AbortController().signal });
  expect(await dead.call({ method: "GET", route: "/", caller: { kind: "anonymous" } })).toMatchObject({
    status: 0,
    failure: expect.stringMatching(/ECONNREFUSED|bad port/) as unknown,
  });
});

test("a server that hangs is given up, and one that speaks no TLS is named", async () => {
  const sockets: Socket[] = [];
  const hanging = createServer((socket) => void sockets.push(socket));
  await new Promise<void>((resolve) => hanging.listen(0, "127.0.0.1", resolve));
  const host = `127.0.0.1:${(hanging.address() as AddressInfo).port}`;
  const ask = (url: string, timeoutMs?: number) =>
    new ApiProbe({ url, region: "us-east-1", signal: new AbortController().signal, timeoutMs }).call({
      method: "GET",
      route: "/",
      caller: { kind: "anonymous" },
    });
  expect(await ask(`http://${host}`, 200)).toMatchObject({ status: 0, failure: "no answer within 0.2 s" });
  expect(await ask(server.url.replace("http:", "https:"))).toMatchObject({
    status: 0,
    failure: expect.stringMatching(/SSL|TLS|EPROTO/i) as unknown,
  });
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => hanging.close(resolve));
});

test("an interrupt is thrown", async () => {
  const interrupted = new ApiProbe({
    url: server.url,
    region: "us-east-1",
    signal: AbortSignal.abort(new Error("interrupted")),
  });
  await expect(interrupted.call({ method: "GET", route: "/", caller: { kind: "anonymous" } })).rejects.toThrow(
    "interrupted",
  );
});
