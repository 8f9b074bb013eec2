import { identifyCaller as ownerOf, refuseDirectAccess } from "../../../handlers/http/callers";
import type { Authorization } from "../../../handlers/settings";
import { NOW_MS, gatewayEvent } from "../fixtures";
import { createHash } from "node:crypto";

describe("callers", () => {
  const identifyCaller = (event: Parameters<typeof ownerOf>[0], mode: Authorization) =>
    ownerOf(event, mode, () => NOW_MS);
  const role = { accountId: "123456789012", caller: "AROAEXAMPLE:alice", apiKeyId: "key-1" };

  test("the owner of a signed call is the role, whatever the session is called", () => {
    expect(identifyCaller(gatewayEvent({ identity: role }), "iam")).toBe("iam:123456789012:AROAEXAMPLE");
    expect(identifyCaller(gatewayEvent({ identity: { ...role, caller: "AROAEXAMPLE:bob" } }), "iam")).toBe(
      "iam:123456789012:AROAEXAMPLE",
    );
    expect(identifyCaller(gatewayEvent({ identity: { ...role, caller: "AIDAEXAMPLE" } }), "iam")).toBe(
      "iam:123456789012:AIDAEXAMPLE",
    );
  });

  test("the owner of a call with an API key is the key", () => {
    expect(identifyCaller(gatewayEvent({ identity: role }), "api_key")).toBe("key:key-1");
  });

  test("without authorization all callers are one", () => {
    expect(identifyCaller(gatewayEvent({ identity: role }), "none")).toBe("anonymous");
  });

  test.each([
    ["iam", {}],
    ["iam", { caller: "AROAEXAMPLE:alice" }],
    ["iam", { accountId: "123456789012", caller: null }],
    ["iam", { accountId: "123456789012", caller: ":alice" }],
    ["api_key", { apiKeyId: null }],
    ["api_key", { apiKeyId: "" }],
  ] as const)("in mode %s the identity %j is refused", (mode, identity) => {
    expect(() => identifyCaller(gatewayEvent({ identity }), mode)).toThrow(
      "The caller is not known. Sign the request, or send your API key or token.",
    );
  });

  test("headers and body do not make an owner", () => {
    const event = gatewayEvent({
      headers: { "x-api-key": "key-1", caller: "AROAEXAMPLE" },
      body: '{"owner":"key:key-1"}',
    });
    expect(() => identifyCaller(event, "api_key")).toThrow("The caller is not known.");
  });

  describe("the owner of a call with a token", () => {
    const PRINCIPAL = "p".repeat(43);
    const GOOD = { principalId: PRINCIPAL, caller: `jwt:${PRINCIPAL}`, expires_at: String(NOW_MS / 1_000 + 1) };
    const event = (authorizer: unknown) => {
      const { requestContext, ...rest } = gatewayEvent({ identity: role, headers: { authorization: "Bearer a.b.c" } });
      return { ...rest, requestContext: { ...requestContext, authorizer } } as ReturnType<typeof gatewayEvent>;
    };

    test("is who the authorizer found", () => expect(identifyCaller(event(GOOD), "jwt")).toBe(`jwt:${PRINCIPAL}`));

    test.each([
      ["nothing", undefined],
      ["null", null],
      ["another caller than the one that the cache is keyed by", { ...GOOD, caller: `jwt:${"q".repeat(43)}` }],
      ["no principal", { ...GOOD, principalId: undefined }],
      ["an empty principal", { ...GOOD, principalId: "", caller: "jwt:" }],
      ["a principal that is a name", { ...GOOD, principalId: "alice", caller: "jwt:alice" }],
      ["no end", { ...GOOD, expires_at: undefined }],
      ["an end that is no number", { ...GOOD, expires_at: "never" }],
      ["an end below zero", { ...GOOD, expires_at: "-1" }],
    ])("is refused where the authorizer says %s", (_what, authorizer) => {
      expect(() => identifyCaller(event(authorizer), "jwt")).toThrow(
        "The caller is not known. Sign the request, or send your API key or token.",
      );
    });

    test("is refused once the token has ended, though the gateway kept the authorizer's answer", () => {
      const ended = event({ ...GOOD, expires_at: String(NOW_MS / 1_000) });
      expect(() => identifyCaller(ended, "jwt")).toThrow(
        "The token has expired. Get a new one, and send the request again.",
      );
      expect(() => identifyCaller(ended, "jwt")).toThrow(
        expect.objectContaining({ status: 401, code: "token_expired" }) as Error,
      );
    });

    test("is nobody in another mode", () => {
      expect(identifyCaller(event(GOOD), "iam")).toBe("iam:123456789012:AROAEXAMPLE");
      expect(identifyCaller(event(GOOD), "api_key")).toBe("key:key-1");
    });
  });
});

describe("origin", () => {
  const EXPECTED = createHash("sha256").update("open sesame").digest("hex");

  test("without a distribution every request passes", () => {
    expect(() => refuseDirectAccess(gatewayEvent(), "")).not.toThrow();
  });

  test.each(["x-quickturn-origin", "X-Quickturn-Origin"])("a request with the secret in %s passes", (name) => {
    expect(() => refuseDirectAccess(gatewayEvent({ headers: { [name]: "open sesame" } }), EXPECTED)).not.toThrow();
  });

  test("while the secret is replaced, both pass and no other", () => {
    const both = [createHash("sha256").update("new").digest("hex"), EXPECTED].join(",");
    for (const secret of ["new", "open sesame"])
      expect(() => refuseDirectAccess(gatewayEvent({ headers: { "x-quickturn-origin": secret } }), both)).not.toThrow();
    for (const secret of ["old", "", ","])
      expect(() => refuseDirectAccess(gatewayEvent({ headers: { "x-quickturn-origin": secret } }), both)).toThrow(
        "This API is reached",
      );
  });

  test.each([
    ["no secret", {}],
    ["an empty one", { headers: { "x-quickturn-origin": "" } }],
    ["a wrong one", { headers: { "x-quickturn-origin": "open" } }],
    ["the hash instead", { headers: { "x-quickturn-origin": EXPECTED } }],
    ["the right one and another", { multiValueHeaders: { "x-quickturn-origin": ["open sesame", "open"] } }],
  ])("a request with %s is refused", (_what, overrides) => {
    expect(() => refuseDirectAccess(gatewayEvent(overrides), EXPECTED)).toThrow(
      "This API is reached through its distribution only.",
    );
  });
});
