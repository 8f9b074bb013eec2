import { fetchKeys, MAX_ANSWER_BYTES, readHttpsJson } from "../../../handlers/tokens/keys";
import https from "node:https";
import type { AddressInfo } from "node:net";
import { readFileSync } from "node:fs";
import { LocalIssuer } from "../../support/local-issuer";
import { temporaryFolder } from "../../support/temporary-folder";

describe("issuer", () => {
  const ISSUER = "https://issuer.example/tenant";
  const WELL_KNOWN = `${ISSUER}/.well-known/openid-configuration`;
  const KEYS = { keys: [{ kty: "EC" }] };

  function reading(documents: Readonly<Record<string, unknown>>) {
    const asked: string[] = [];
    const readJson = async (url: URL): Promise<unknown> => {
      asked.push(url.href);
      return documents[url.href];
    };
    return { asked, readJson };
  }

  test("the keys are where the issuer's own document says, on whatever host", async () => {
    const { asked, readJson } = reading({
      [WELL_KNOWN]: { issuer: ISSUER, jwks_uri: "https://keys.example/set" },
      "https://keys.example/set": KEYS,
    });
    expect(await fetchKeys(ISSUER, readJson)).toEqual(KEYS);
    expect(asked).toEqual([WELL_KNOWN, "https://keys.example/set"]);
  });

  test("a slash at the issuer's end is part of its name, and not of the address", async () => {
    const { asked, readJson } = reading({
      [WELL_KNOWN]: { issuer: `${ISSUER}/`, jwks_uri: `${ISSUER}/keys` },
      [`${ISSUER}/keys`]: KEYS,
    });
    expect(await fetchKeys(`${ISSUER}/`, readJson)).toEqual(KEYS);
    expect(asked[0]).toBe(WELL_KNOWN);
  });

  test.each([
    [
      "of another issuer",
      { issuer: "https://attacker.example", jwks_uri: "https://attacker.example/keys" },
      /describes another issuer than "https:\/\/issuer\.example\/tenant"; the setting jwt_issuer must equal its field issuer/,
    ],
    [
      "of the issuer without its path",
      { issuer: "https://issuer.example", jwks_uri: `${ISSUER}/keys` },
      /describes another issuer/,
    ],
    ["that is a list", [], /gave no JSON object/],
    ["that is nothing", null, /gave no JSON object/],
    ["without an address of keys", { issuer: ISSUER }, /has no jwks_uri of the form https:\/\/<host>\/<path>/],
    [
      "with keys over plain HTTP",
      { issuer: ISSUER, jwks_uri: "http://issuer.example/keys" },
      /has no jwks_uri of the form/,
    ],
    ["with keys in a file", { issuer: ISSUER, jwks_uri: "file:///etc/passwd" }, /has no jwks_uri of the form/],
    [
      "with a user in the keys' address",
      { issuer: ISSUER, jwks_uri: "https://a:b@issuer.example/keys" },
      /has no jwks_uri of the form/,
    ],
    ["with a broken address", { issuer: ISSUER, jwks_uri: "keys" }, /has no jwks_uri of the form/],
  ])("a document %s is refused", async (_what, document, message) => {
    await expect(fetchKeys(ISSUER, reading({ [WELL_KNOWN]: document }).readJson)).rejects.toThrow(message);
  });

  test.each([[{ keys: "none" }], [{ keys: [1] }], [{}], [[]], [null]])("%j is no set of keys", async (keys) => {
    const { readJson } = reading({
      [WELL_KNOWN]: { issuer: ISSUER, jwks_uri: `${ISSUER}/keys` },
      [`${ISSUER}/keys`]: keys,
    });
    await expect(fetchKeys(ISSUER, readJson)).rejects.toThrow(
      /^The jwks_uri of https:\/\/issuer\.example\/tenant\/\.well-known\/openid-configuration gave no set of keys$/,
    );
  });
});

describe("read json", () => {
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
      expect([await readHttpsJson(new URL(`${url}/good`)), await readHttpsJson(new URL(`${url}/good`))]).toEqual([
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
      await expect(readHttpsJson(new URL(url + path))).rejects.toThrow(message);
    });

    test.each(["/hang", "/drip"])("%s is given up after two seconds", async (path) => {
      const time = new AbortController();
      const timeout = jest.spyOn(AbortSignal, "timeout").mockReturnValue(time.signal);
      const asked = new Promise((resolve) => server.once("request", resolve));
      const read = readHttpsJson(new URL(url + path));
      void asked.then(() => time.abort());
      await expect(read).rejects.toThrow(`${path} did not answer within 2000 ms`);
      expect(timeout.mock.calls).toEqual([[2_000]]);
      timeout.mockRestore();
    });
  });

  test("a server whose certificate nobody trusts is not asked", async () => {
    await expect(readHttpsJson(new URL(`${url}/good`))).rejects.toThrow(/\/good cannot be reached$/);
  });

  test("a port that nobody listens on cannot be reached", async () => {
    await expect(readHttpsJson(new URL("https://127.0.0.1:9/keys"))).rejects.toThrow(
      "https://127.0.0.1:9/keys cannot be reached",
    );
  });
});
