import { readFileSync } from "node:fs";
import { get } from "node:https";
import { LocalIssuer, makeOwnCertificate, SigningKey } from "./local-issuer";
import { temporaryFolder } from "./temporary-folder";
import { X509Certificate, constants, createPublicKey, verify } from "node:crypto";

describe("local issuer", () => {
  let issuer: LocalIssuer;
  beforeAll(
    async () =>
      (issuer = await LocalIssuer.start({
        directory: temporaryFolder("issuer"),
        env: process.env,
        nowMs: () => 1_000_000,
      })),
  );
  afterAll(() => issuer.stop());

  const ask = (path: string): Promise<{ status: number; body: unknown }> =>
    new Promise((resolve, reject) => {
      get(`${issuer.url}${path}`, { ca: readFileSync(issuer.certificate), agent: false }, async (answer) => {
        let text = "";
        for await (const chunk of answer) text += String(chunk);
        resolve({ status: answer.statusCode ?? 0, body: JSON.parse(text) as unknown });
      }).once("error", reject);
    });
  const kids = async () => ((await ask("/keys")).body as { keys: { kid: string }[] }).keys.map(({ kid }) => kid);
  const kidOf = (token: string) =>
    (JSON.parse(Buffer.from(token.split(".")[0]!, "base64url").toString()) as { kid: string }).kid;

  test("its document names itself and its keys, over TLS under its own certificate", async () => {
    expect(await ask("/.well-known/openid-configuration")).toEqual({
      status: 200,
      body: { issuer: issuer.url, jwks_uri: `${issuer.url}/keys` },
    });
    expect(issuer.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    expect((await ask("/other")).status).toBe(503);
  });

  test("a token is good for an hour by its clock, and claims may be others", () => {
    const [, body = ""] = issuer.token("alice", "agents", { scope: "run" }).split(".");
    expect(JSON.parse(Buffer.from(body, "base64url").toString())).toEqual({
      iss: issuer.url,
      sub: "alice",
      aud: "agents",
      iat: 1_000,
      exp: 4_600,
      scope: "run",
    });
  });

  test("it signs with the newest key, and publishes the ones before unless told not to", async () => {
    expect(await kids()).toEqual(["key-1"]);
    issuer.rotate();
    expect([kidOf(issuer.token("alice", "agents")), await kids()]).toEqual(["key-2", ["key-2", "key-1"]]);
    issuer.rotate(false);
    expect([kidOf(issuer.token("alice", "agents")), await kids()]).toEqual(["key-3", ["key-3"]]);
  });

  test("it can be down", async () => {
    issuer.fault = "down";
    expect((await ask("/keys")).status).toBe(503);
    issuer.fault = undefined;
    expect((await ask("/keys")).status).toBe(200);
  });
});

describe("own certificate", () => {
  test("the certificate is its own issuer, stands for loopback, and is good with its key", async () => {
    const { path, key, cert } = await makeOwnCertificate({
      directory: temporaryFolder("certificate"),
      env: { PATH: process.env["PATH"] },
      name: "here",
    });
    expect(readFileSync(path).equals(cert)).toBe(true);
    const certificate = new X509Certificate(cert);
    expect(certificate.issuer).toBe(certificate.subject);
    expect(certificate.checkHost("localhost")).toBe("localhost");
    expect(certificate.checkIP("127.0.0.1")).toBe("127.0.0.1");
    expect(key.toString()).toContain("PRIVATE KEY");
  });
});

describe("signing key", () => {
  test.each([
    ["RS256", {}],
    ["PS256", { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }],
    ["ES256", { dsaEncoding: "ieee-p1363" as const }],
    ["EdDSA", {}],
  ] as const)(
    "a token of a key of %s holds under the key that is published, and not with another body",
    (algorithm, options) => {
      const key = new SigningKey("one", algorithm);
      const [header = "", body = "", signature = ""] = key.token({ sub: "alice" }, { extra: 1 }).split(".");
      const holds = (text: string) =>
        verify(
          algorithm === "EdDSA" ? null : "sha256",
          Buffer.from(text),
          { key: createPublicKey({ key: key.jwk, format: "jwk" }), ...options },
          Buffer.from(signature, "base64url"),
        );
      expect([holds(`${header}.${body}`), holds(`${header}.${body}x`)]).toEqual([true, false]);
      expect(JSON.parse(Buffer.from(header, "base64url").toString())).toEqual({
        alg: algorithm,
        kid: "one",
        typ: "JWT",
        extra: 1,
      });
      expect(JSON.parse(Buffer.from(body, "base64url").toString())).toEqual({ sub: "alice" });
    },
  );

  test("the private half is not published", () => {
    for (const algorithm of ["RS256", "ES256", "EdDSA"] as const)
      expect(Object.keys(new SigningKey("one", algorithm).jwk)).not.toEqual(expect.arrayContaining(["d"]));
  });
});
