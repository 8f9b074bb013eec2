import { GatewayRequest, Gateway } from "../../../../scripts/emulator/gateway/gateway";
import http from "node:http";
import { connect, createServer, type AddressInfo } from "node:net";
import { until } from "../fixtures";

describe("gateway request", () => {
  const REQUEST = new GatewayRequest({
    method: "GET",
    url: "/local/a%20b?x=1&x=%2F&y",
    rawHeaders: ["Accept", "a", "accept", "b"],
    body: Buffer.alloc(0),
    sourceIp: "127.0.0.1",
  });

  test("path and query stay as received, and parameters are decoded", () => {
    expect([REQUEST.rawPath, REQUEST.rawQuery]).toEqual(["/local/a%20b", "x=1&x=%2F&y"]);
    expect(Object.fromEntries(REQUEST.query)).toEqual({ x: ["1", "/"], y: [""] });
  });

  test("headers are found in any case, and the last of several values counts", () => {
    expect([REQUEST.header("ACCEPT"), REQUEST.headerValues("accept"), REQUEST.header("host")]).toEqual([
      "b",
      ["a", "b"],
      undefined,
    ]);
  });
});

describe("gateway", () => {
  const ok = (text: string) => ({
    handle: () =>
      Promise.resolve({
        status: 200,
        headers: [
          ["X-A", "1"],
          ["Content-Length", "999"],
          ["Set-Cookie", "a"],
          ["Set-Cookie", "b"],
        ] as [string, string][],
        body: Buffer.from(text),
      }),
  });

  test("a handler is replaced on the same port", async () => {
    const gateway = await Gateway.listen(0, ok("one"), () => undefined);
    const url = `http://127.0.0.1:${gateway.port}/`;
    const first = await fetch(url);
    expect([await first.text(), first.headers.getSetCookie(), first.headers.get("content-length")]).toEqual([
      "one",
      ["a", "b"],
      "3",
    ]);
    gateway.use(ok("two"));
    expect(await (await fetch(url)).text()).toBe("two");
    await gateway.close();
    await expect(fetch(url)).rejects.toThrow("fetch failed");
  });

  test("an exception is answered 500 with a warning, and the handler learns of a URL that is too long", async () => {
    const warnings: string[] = [];
    const problems: unknown[] = [];
    const handle = (_request: unknown, problem?: unknown) => {
      problems.push(problem);
      return Promise.reject(new Error("broken"));
    };
    const gateway = await Gateway.listen(0, { handle }, (text) => warnings.push(text));
    const response = await fetch(`http://127.0.0.1:${gateway.port}/${"x".repeat(10_240)}`);
    expect([response.status, await response.text()]).toEqual([500, '{"message":"Internal server error"}']);
    expect(problems).toEqual([{ type: "REQUEST_URI_TOO_LONG" }]);
    expect(warnings[0]).toMatch(/answered 500: broken$/);
    await gateway.close();
  });

  test("an idle connection is kept for longer than any client keeps it, and no time-out is announced", async () => {
    const create = jest.spyOn(http, "createServer");
    const gateway = await Gateway.listen(0, ok("here"), () => undefined);
    const [made] = create.mock.results.map(({ value }) => value as http.Server);
    create.mockRestore();
    const socket = connect(gateway.port, "127.0.0.1");
    try {
      let given = "";
      socket
        .setEncoding("latin1")
        .on("data", (text: string) => (given += text))
        .on("error", () => undefined);
      for (const answers of [1, 2]) {
        socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        await until(() => given.split("here").length === answers + 1);
      }
      expect(given.match(/\r\nConnection: keep-alive\r\n/g)).toHaveLength(2);
      expect(given).not.toMatch(/\r\nKeep-Alive:/i);
      // Of Node's own 5 s a request would be lost that is sent in the moment in which they end.
      expect(made?.keepAliveTimeout).toBe(600_000);
    } finally {
      socket.destroy();
      await gateway.close();
    }
  });

  test("a connection is closed when the caller asks for it", async () => {
    const gateway = await Gateway.listen(0, ok("here"), () => undefined);
    const text = await new Promise<string>((resolve) => {
      const chunks: string[] = [];
      connect(gateway.port, "127.0.0.1")
        .setEncoding("latin1")
        .on("data", (chunk: string) => chunks.push(chunk))
        .on("close", () => resolve(chunks.join("")))
        .write("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    });
    expect(text).toMatch(/\r\nConnection: close\r\n[^]*here$/);
    await gateway.close();
  });

  test("a port in use is an error that names it", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    await expect(Gateway.listen(port, ok(""), () => undefined)).rejects.toThrow(
      `Port ${port} of 127.0.0.1 cannot be served: listen EADDRINUSE`,
    );
    server.close();
  });
});
