import { GatewayRequest } from "../../../scripts/local/gateway/gateway-request";
import { verifySignature } from "../../../scripts/local/gateway/signature";
import { WRONG_CREDENTIALS } from "../../../scripts/judges/fuzz/credentials";
import { latin1, type FuzzRequest } from "../../../scripts/judges/fuzz/request";
import { proofOf } from "../../../scripts/tools/caller-proof";
import { ALICE } from "../local/fixtures";

const NOW_MS = Date.UTC(2026, 10, 21, 12);
const options = { host: "h:1", stage: "/live", region: "us-east-1", marker: "mk", nowMs: NOW_MS };
const request = (more: Partial<FuzzRequest> = {}): FuzzRequest => ({
  method: "POST",
  target: "/a/%20b//c?x=1&x=2&y=%zz",
  headers: [],
  body: latin1("\xff"),
  credentials: "good",
  ...more,
});

async function verified(given: FuzzRequest) {
  const proof = await proofOf({ kind: "iam", credentials: ALICE }, given, options);
  const rawHeaders = [["Host", "h:1"], ["X-Unsigned", "1"], ...proof].flat();
  return verifySignature(
    new GatewayRequest({
      method: given.method,
      url: `/live${given.target}`,
      rawHeaders,
      body: Buffer.from(given.body ?? []),
      sourceIp: "127.0.0.1",
    }),
    { region: "us-east-1", callers: [ALICE], nowMs: NOW_MS },
  );
}

test("a good signature holds for odd targets and bodies, whatever else is sent", async () =>
  expect(await verified(request())).toBe(ALICE));

test.each(WRONG_CREDENTIALS.iam)("a signature that is %s is refused", async (credentials) => {
  expect(await verified(request({ credentials }))).toMatchObject({
    type: expect.stringMatching(/^(INVALID_SIGNATURE|MISSING_AUTHENTICATION_TOKEN)$/) as unknown,
  });
});

test("a good key and a good token stand in their header", async () => {
  expect(await proofOf({ kind: "key", apiKey: "k" }, request(), options)).toEqual([["x-api-key", "k"]]);
  expect(await proofOf({ kind: "token", token: "t" }, request(), options)).toEqual([["Authorization", "Bearer t"]]);
  expect(await proofOf({ kind: "anonymous" }, request(), options)).toEqual([]);
});

test.each([
  ["key", { kind: "key", apiKey: "the-key" }, ["x-api-key", "the-key"]],
  ["token", { kind: "token", token: "a.b.the-signature" }, ["Authorization", "Bearer a.b.the-signature"]],
] as const)(
  "every wrong %s is sent in a way of its own, and none of them is the good one",
  async (kind, caller, good) => {
    const wrong = await Promise.all(
      WRONG_CREDENTIALS[kind].map(async (credentials) =>
        JSON.stringify(await proofOf(caller, request({ credentials }), options)),
      ),
    );
    expect(wrong).not.toContain(JSON.stringify([good]));
    expect(new Set(wrong).size).toBeGreaterThanOrEqual(kind === "key" ? wrong.length : 8); // Of a token that cannot be read most are the same: cut.
  },
);

test("where anybody may call, proofs of every kind are made up", async () => {
  const sent = await Promise.all(
    WRONG_CREDENTIALS.anonymous.map((credentials) => proofOf({ kind: "anonymous" }, request({ credentials }), options)),
  );
  expect(sent.map((headers) => headers.length)).toEqual([1, 1, 1, 1, 1, 1]);
  expect(new Set(sent.map((headers) => JSON.stringify(headers))).size).toBe(6);
});
