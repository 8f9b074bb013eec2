import { readFileSync } from "node:fs";
import { get } from "node:https";
import { LocalIssuer } from "../../../scripts/tools/local-issuer";
import { temporaryFolder } from "../../support/temporary-folder";

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
