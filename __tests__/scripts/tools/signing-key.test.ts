import { constants, createPublicKey, verify } from "node:crypto";
import { SigningKey } from "../../../scripts/tools/signing-key";

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
