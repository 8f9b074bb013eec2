import fc from "fast-check";
import { hashPrincipal, TokenRefusedError, openVerifier, type TokenRules } from "../../../handlers/tokens/verify";
import { createHmac, generateKeyPairSync } from "node:crypto";
import type { JSONWebKeySet } from "jose";
import { openSigningKeys } from "../../../handlers/tokens/keys";
import { SigningKey, base64url, type SigningAlgorithm } from "../../support/local-issuer";
import { NOW_MS, keepingLog } from "../fixtures";

describe("principal", () => {
  test("the same subject of the same issuer has the same name, which a header takes and which shows nothing of it", () => {
    const name = hashPrincipal("https://issuer.example", "alice@example.org");
    expect(name).toBe(hashPrincipal("https://issuer.example", "alice@example.org"));
    expect(name).toMatch(/^[A-Za-z0-9_-]{43}$/);
  });

  test("two of another issuer or subject have two names, however the texts are cut", () => {
    expect(hashPrincipal("https://a", "b")).not.toBe(hashPrincipal("https://b", "b"));
    expect(hashPrincipal("https://a.example", "/b")).not.toBe(hashPrincipal("https://a.example/", "b"));
    fc.assert(
      fc.property(fc.tuple(fc.string(), fc.string()), fc.tuple(fc.string(), fc.string()), (one, two) => {
        fc.pre(one[0] !== two[0] || one[1] !== two[1]);
        return hashPrincipal(...one) !== hashPrincipal(...two);
      }),
    );
  });
});

describe("verify", () => {
  const RULES: TokenRules = {
    issuer: "https://issuer.example/tenant",
    audiences: ["agents", "agents-next"],
    scopes: [],
    clockSkewSeconds: 60,
  };
  const NOW = NOW_MS / 1_000;
  const CLAIMS = { iss: RULES.issuer, sub: "alice", aud: "agents", exp: NOW + 600 };
  const keys = Object.fromEntries(
    (["RS256", "PS256", "ES256", "EdDSA"] as const).map((algorithm) => [
      algorithm,
      new SigningKey(algorithm, algorithm),
    ]),
  ) as Record<SigningAlgorithm, SigningKey>;
  const key = keys.ES256;

  function verifier(
    rules: Partial<TokenRules> = {},
    published: readonly unknown[] = Object.values(keys).map(({ jwk }) => jwk),
    nowMs = NOW_MS,
  ) {
    const held = openSigningKeys({
      fetchKeys: async () => ({ keys: published }) as JSONWebKeySet,
      nowMs: () => nowMs,
      log: keepingLog().log,
    });
    return openVerifier({ rules: { ...RULES, ...rules }, keys: held, nowMs: () => nowMs });
  }
  /** The reason of the refusal, or "taken". */
  const outcome = (token: string, ...given: Parameters<typeof verifier>): Promise<string> =>
    verifier(...given)(token).then(
      () => "taken",
      (error: unknown) => {
        if (error instanceof TokenRefusedError) return error.reason;
        throw error;
      },
    );

  describe("a good token", () => {
    test.each(Object.values(keys))(
      "signed with $algorithm names its owner by a hash, and when it ends",
      async (signing) => {
        expect(await verifier()(signing.token(CLAIMS))).toEqual({
          principal: hashPrincipal(RULES.issuer, "alice"),
          expiresAtSeconds: NOW + 600 + 60,
          permitted: true,
        });
      },
    );

    test("may name one of the audiences among others", async () => {
      expect(await outcome(key.token({ ...CLAIMS, aud: ["elsewhere", "agents-next"] }))).toBe("taken");
    });

    test("needs no kid while one key fits", async () => {
      expect(await outcome(key.token(CLAIMS, { kid: undefined }))).toBe("taken");
    });

    test.each([
      [{ scope: "read run" }, true],
      [{ scp: ["run", "read"] }, true],
      [{ scp: "read run" }, true],
      [{ scope: "read", scp: ["run"] }, true],
      [{ scope: "read" }, false],
      [{ scope: ["read", "run"] }, false],
      [{ scope: "readrun" }, false],
      [{}, false],
    ])("with the claims %j is permitted what read and run are needed for: %s", async (claims, permitted) => {
      expect(await verifier({ scopes: ["read", "run"] })(key.token({ ...CLAIMS, ...claims }))).toMatchObject({
        permitted,
      });
    });
  });

  describe("a token is refused", () => {
    test.each([
      ["of another issuer", { iss: "https://issuer.example" }, "issuer"],
      ["of the issuer with a slash more", { iss: `${RULES.issuer}/` }, "issuer"],
      ["without an issuer", { iss: undefined }, "issuer"],
      ["for another audience", { aud: "elsewhere" }, "audience"],
      ["for no audience", { aud: undefined }, "audience"],
      ["for an empty list of audiences", { aud: [] }, "audience"],
      ["without an end", { exp: undefined }, "claims"],
      ["whose end is a text", { exp: String(NOW + 600) }, "claims"],
      ["without a subject", { sub: undefined }, "claims"],
      ["with an empty subject", { sub: "" }, "claims"],
      ["whose subject is no text", { sub: 7 }, "claims"],
      ["whose beginning is a text", { nbf: "soon" }, "not_yet_valid"],
    ])("%s", async (_what, claims, reason) => {
      expect(await outcome(key.token({ ...CLAIMS, ...claims }))).toBe(reason);
    });

    test.each([
      ["ended the clock skew ago", { exp: NOW - 60 }, "expired"],
      ["ended a second less ago", { exp: NOW - 59 }, "taken"],
      ["begins in the clock skew", { nbf: NOW + 60 }, "taken"],
      ["begins a second later", { nbf: NOW + 61 }, "not_yet_valid"],
    ])("or not where it %s", async (_what, claims, expected) => {
      expect(await outcome(key.token({ ...CLAIMS, ...claims }))).toBe(expected);
    });

    test("at its very end without a clock skew", async () => {
      expect(await outcome(key.token({ ...CLAIMS, exp: NOW }), { clockSkewSeconds: 0 })).toBe("expired");
      expect(await outcome(key.token({ ...CLAIMS, exp: NOW + 1 }), { clockSkewSeconds: 0 })).toBe("taken");
    });

    const [head, body, signature] = key.token(CLAIMS).split(".") as [string, string, string];
    const rsa = keys.RS256.jwk;
    const hmac = (secret: string) => {
      const signed = `${base64url({ alg: "HS256", kid: "RS256", typ: "JWT" })}.${body}`;
      return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
    };
    const stranger = new SigningKey("ES256");

    test.each([
      ["signed with nothing (alg none)", `${base64url({ alg: "none", typ: "JWT" })}.${body}.`, "algorithm"],
      [
        "signed with nothing, and with a signature",
        `${base64url({ alg: "none", kid: "ES256" })}.${body}.${signature}`,
        "algorithm",
      ],
      ["signed with nothing, spelled otherwise", `${base64url({ alg: "NoNe", kid: "ES256" })}.${body}.`, "algorithm"],
      ["signed with the public key as a secret, as JSON", hmac(JSON.stringify(rsa)), "algorithm"],
      ["signed with the public key as a secret, as its modulus", hmac(String(rsa.n)), "algorithm"],
      ["of an algorithm that its key is not of", key.token(CLAIMS, { alg: "RS256" }), "unknown_key"],
      ["signed by somebody else under the key's name", stranger.token(CLAIMS), "signature"],
      ["that brings its own key", stranger.token(CLAIMS, { jwk: stranger.jwk }), "signature"],
      [
        "that says where its key is",
        stranger.token(CLAIMS, { jku: "https://attacker.example/keys", x5u: "https://attacker.example/x" }),
        "signature",
      ],
      [
        "with another body under the signature",
        `${head}.${base64url({ ...CLAIMS, sub: "bob" })}.${signature}`,
        "signature",
      ],
      [
        "with another header under the signature",
        `${base64url({ alg: "ES256", kid: "ES256" })}.${body}.${signature}`,
        "signature",
      ],
      ["with a signature cut short", `${head}.${body}.${signature.slice(0, -4)}`, "signature"],
      ["without a signature", `${head}.${body}.`, "signature"],
      ["with a header that must be understood", key.token(CLAIMS, { crit: ["b64"], b64: false }), "malformed"],
      ["whose header is no JSON", `!!!.${body}.${signature}`, "malformed"],
      ["of two parts", `${head}.${body}`, "malformed"],
      ["that is nothing", "", "malformed"],
    ])("%s", async (_what, token, reason) => {
      expect(await outcome(token)).toBe(reason);
    });

    test("whose body is no object of claims", async () => {
      for (const claims of [[], "text", 7, null]) expect(await outcome(key.token(claims as never))).toBe("malformed");
    });

    test("signed with an RSA key that is too short", async () => {
      const weak = {
        ...generateKeyPairSync("rsa", { modulusLength: 1_024 }).publicKey.export({ format: "jwk" }),
        kid: "RS256",
        alg: "RS256",
      };
      expect(await outcome(keys.RS256.token(CLAIMS), {}, [weak])).toBe("unusable_key");
    });

    test("without a kid where several keys fit", async () => {
      expect(await outcome(key.token(CLAIMS, { kid: undefined }), {}, [key.jwk, new SigningKey("second").jwk])).toBe(
        "ambiguous_key",
      );
    });

    test("with a secret that the issuer publishes by mistake", async () => {
      expect(await outcome(hmac("secret"), {}, [{ kty: "oct", k: base64url("secret"), kid: "RS256" }])).toBe(
        "algorithm",
      );
    });
  });

  test("whatever is no token is refused, with a reason, and never taken", async () => {
    const part = fc.oneof(
      fc.base64String().map((text) => text.replaceAll(/[+/=]/g, "-")),
      fc.string(),
      fc.json().map((text) => Buffer.from(text).toString("base64url")),
      fc.constantFrom(...key.token(CLAIMS).split(".")),
    );
    const header = fc
      .record(
        {
          alg: fc.constantFrom("none", "HS256", "RS256", "ES256", "EdDSA", 7, null),
          kid: fc.constantFrom("ES256", "RS256", "__proto__", "", 1, null),
          typ: fc.string(),
          crit: fc.constantFrom(undefined, [], ["x"]),
        },
        { requiredKeys: [] },
      )
      .map(base64url);
    const claims = fc
      .record({
        iss: fc.constant(RULES.issuer),
        sub: fc.string(),
        aud: fc.constant("agents"),
        exp: fc.constant(NOW + 600),
      })
      .map(base64url);
    const garbage = fc.oneof(
      fc.string(),
      fc.array(part, { maxLength: 5 }).map((parts) => parts.join(".")),
      fc.tuple(header, claims, fc.base64String()).map((parts) => parts.join(".")),
    );
    const verify = verifier();
    const good = key.token(CLAIMS);
    await fc.assert(
      fc.asyncProperty(garbage, async (token) => {
        fc.pre(!good.startsWith(token) || token.split(".").length < 3);
        await expect(verify(token)).rejects.toThrow(TokenRefusedError);
      }),
      { numRuns: 150 },
    );
  });
});
