import { createLocalJWKSet, type JSONWebKeySet } from "jose";
import type { SigningKeys } from "../../../handlers/tokens/keys";
import { tokenVerifier } from "../../../handlers/tokens/verify";
import { WRONG_CREDENTIALS } from "../../../scripts/judges/fuzz/credentials";
import { forgedToken } from "../../../scripts/tools/forged-token";
import { SigningKey } from "../../../scripts/tools/signing-key";

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
const verify = tokenVerifier({
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
