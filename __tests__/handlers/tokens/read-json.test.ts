import https from "node:https";
import type { AddressInfo } from "node:net";
import { readFileSync } from "node:fs";
import { MAX_ANSWER_BYTES, readJson } from "../../../handlers/tokens/read-json";
import { LocalIssuer } from "../../../scripts/tools/local-issuer";
import { temporaryFolder } from "../../support/temporary-folder";

let server: https.Server;
let certificate: Buffer;
let url: string;
const connections = new Set<unknown>();

beforeAll(async () => {
  const directory = temporaryFolder("read-json");
  const issuer = await LocalIssuer.start({ directory, env: process.env });
  await issuer.stop();
  certificate = readFileSync(issuer.certificate);
  server = https.createServer({ key: readFileSync(`${directory}/issuer-key.pem`), cert: certificate });
  server.on("secureConnection", (socket) => connections.add(socket));
  server.on("request", ({ url: path }, response) => {
    if (path === "/hang") return;
    if (path === "/drip") return void response.writeHead(200).write("{");
    if (path === "/break")
      return void response.writeHead(200, { "content-length": "100" }).write("{", () => response.destroy());
    if (path === "/redirect") return void response.writeHead(302, { location: "/good" }).end();
    if (path === "/large") return void response.end(JSON.stringify({ keys: "x".repeat(MAX_ANSWER_BYTES) }));
    if (path === "/text") return void response.end("<html>");
    response.end('{"good":true}');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

describe("of a server that is trusted", () => {
  // The list of trusted certificates is read when Node.js starts; e2e/tokens.test starts it with this one's.
  beforeAll(() => {
    const { request } = https;
    jest
      .spyOn(https, "request")
      .mockImplementation(((to: URL, options: object, answered: () => void) =>
        request(to, { ...options, ca: certificate }, answered)) as never);
  });
  afterAll(() => void jest.restoreAllMocks());

  test("JSON is read, over a connection of its own each time", async () => {
    const opened = connections.size;
    expect([await readJson(new URL(`${url}/good`)), await readJson(new URL(`${url}/good`))]).toEqual([
      { good: true },
      { good: true },
    ]);
    expect(connections.size - opened).toBe(2);
  });

  test.each([
    ["/redirect", /\/redirect answered 302; expected 200$/],
    ["/large", /\/large gave no JSON of at most 262144 bytes$/],
    ["/text", /\/text gave no JSON of at most 262144 bytes$/],
    ["/break", /\/break gave no JSON of at most 262144 bytes$/],
  ])("%s is refused", async (path, message) => {
    await expect(readJson(new URL(url + path))).rejects.toThrow(message);
  });

  test.each(["/hang", "/drip"])("%s is given up after two seconds", async (path) => {
    const time = new AbortController();
    const timeout = jest.spyOn(AbortSignal, "timeout").mockReturnValue(time.signal);
    const asked = new Promise((resolve) => server.once("request", resolve));
    const read = readJson(new URL(url + path));
    void asked.then(() => time.abort());
    await expect(read).rejects.toThrow(`${path} did not answer within 2000 ms`);
    expect(timeout.mock.calls).toEqual([[2_000]]);
    timeout.mockRestore();
  });
});

test("a server whose certificate nobody trusts is not asked", async () => {
  await expect(readJson(new URL(`${url}/good`))).rejects.toThrow(/\/good cannot be reached$/);
});

test("a port that nobody listens on cannot be reached", async () => {
  await expect(readJson(new URL("https://127.0.0.1:9/keys"))).rejects.toThrow(
    "https://127.0.0.1:9/keys cannot be reached",
  );
});
