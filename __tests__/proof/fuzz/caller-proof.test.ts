import { GatewayRequest } from "../../../scripts/emulator/gateway/gateway";
import { verifySignature } from "../../../scripts/emulator/gateway/authorization";
import { WRONG_CREDENTIALS, proofOf, forgedToken } from "./caller-proof";
import { latin1, type FuzzRequest } from "./request";
import { ALICE } from "../../scripts/emulator/fixtures";
import { createLocalJWKSet, type JSONWebKeySet } from "jose";
import type { SigningKeys } from "../../../handlers/tokens/keys";
import { openVerifier } from "../../../handlers/tokens/verify";
import { SigningKey } from "../../support/local-issuer";

describe("caller proof", () => {
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
      WRONG_CREDENTIALS.anonymous.map((credentials) =>
        proofOf({ kind: "anonymous" }, request({ credentials }), options),
      ),
    );
    expect(sent.map((headers) => headers.length)).toEqual([1, 1, 1, 1, 1, 1]);
    expect(new Set(sent.map((headers) => JSON.stringify(headers))).size).toBe(6);
  });
});

describe("forged token", () => {
  const NOW_SECONDS = 1_800_000_000;
  const key = new SigningKey("key-1");
  const good = key.token({
    iss: "https://i.example",
    aud: "agents",
    sub: "alice",
    iat: NOW_SECONDS,
    exp: NOW_SECONDS + 60,
  });
  const keys = createLocalJWKSet({ keys: [key.jwk] } as unknown as JSONWebKeySet);
  const verify = openVerifier({
    rules: { issuer: "https://i.example", audiences: ["agents"], scopes: [], clockSkewSeconds: 300 },
    keys: { find: keys } as unknown as SigningKeys,
    nowMs: () => NOW_SECONDS * 1_000,
  });
  const signToken = (claims: object, header: object) => key.token({ ...claims }, { ...header });
  /** Those that the header alone makes bad. */
  const OF_THE_HEADER: readonly string[] = [
    "none",
    "longer",
    "twice",
    "other_scheme",
    "no_scheme",
    "malformed",
    "empty",
    "long",
  ];
  const kinds = WRONG_CREDENTIALS.token.filter((kind) => !OF_THE_HEADER.includes(kind));

  test("the token that is changed is a good one", async () =>
    expect(await verify(good)).toMatchObject({ permitted: true }));

  test.each([
    ["expired", "expired"],
    ["not_yet_valid", "not_yet_valid"],
    ["other_audience", "audience"],
    ["no_audience", "audience"],
    ["other_issuer", "issuer"],
    ["no_subject", "claims"],
    ["subject_of_another_type", "claims"],
    ["no_expiry", "claims"],
    ["unknown_key", "unknown_key"],
    ["other_algorithm", "algorithm"],
    ["no_algorithm", "algorithm"],
    ["unsigned", "algorithm"],
    ["critical_header", "algorithm"],
    ["own_key_in_header", "signature"],
    ["changed_signature", "signature"],
    ["changed_claims", "signature"],
    ["cut", "signature"],
  ] as const)("a token that is %s is refused for that reason: %s", async (kind, reason) => {
    expect(kinds).toContain(kind);
    await expect(verify(forgedToken(good, kind, { nowSeconds: NOW_SECONDS, signToken }))).rejects.toMatchObject({
      reason,
    });
  });

  test.each(kinds)("without the issuer's key a token that is %s is refused all the same", async (kind) => {
    await expect(verify(forgedToken(good, kind, { nowSeconds: NOW_SECONDS }))).rejects.toThrow("The token is refused");
  });

  test("a token that its caller cannot read is cut", () =>
    expect(forgedToken("opaque-and-long-enough", "expired", { nowSeconds: 0 })).toBe("opaque-and"));
});
