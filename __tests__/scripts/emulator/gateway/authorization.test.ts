import {
  assertDistinct,
  userArnOf,
  authorize,
  writeIdentity,
  verifySignature,
} from "../../../../scripts/emulator/gateway/authorization";
import { ALICE, BOB, REGION } from "../fixtures";
import { request, route } from "./gateway-fixtures";
import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";
import { GatewayRequest } from "../../../../scripts/emulator/gateway/gateway";

describe("caller", () => {
  test("a caller's ARN is that of an IAM user", () => {
    expect(userArnOf(ALICE)).toBe("arn:aws:iam::123456789012:user/alice");
  });

  test("callers that a handler could not tell apart are refused", () => {
    expect(() => assertDistinct([ALICE, BOB])).not.toThrow();
    expect(() => assertDistinct([ALICE, { ...BOB, accessKeyId: ALICE.accessKeyId }])).toThrow(
      'Two callers share "AKIDALICE".',
    );
    expect(() => assertDistinct([ALICE, { ...BOB, userId: ALICE.userId }])).toThrow('Two callers share "AIDAALICE".');
    expect(() => assertDistinct([ALICE, { ...BOB, name: ALICE.name }])).toThrow(
      'Two callers share "arn:aws:iam::123456789012:user/alice".',
    );
  });
});

describe("authorization", () => {
  const KEY = { id: "k1", value: "secret", plan: { id: "p", throttle: undefined, quota: undefined } };
  const OPTIONS = { region: "us-east-1", callers: [ALICE], apiKeys: [KEY], nowMs: 0 };

  test("an open route asks for nothing", async () => {
    expect(await authorize(route(), request(), OPTIONS)).toEqual({ caller: undefined, apiKey: undefined });
  });

  test("a route with both asks for the signature first", async () => {
    const both = route({ security: [{ sigv4: [], api_key: [] }] });
    expect(await authorize(both, request({ headers: { "x-api-key": "secret" } }), OPTIONS)).toEqual({
      type: "MISSING_AUTHENTICATION_TOKEN",
    });
  });

  test("an unknown key is refused, a known one is the identity", async () => {
    const keyed = route({ security: [{ api_key: [] }] });
    expect(await authorize(keyed, request({ headers: { "x-api-key": "other" } }), OPTIONS)).toEqual({
      type: "INVALID_API_KEY",
    });
    expect(await authorize(keyed, request({ headers: { "X-API-Key": "secret" } }), OPTIONS)).toEqual({
      caller: undefined,
      apiKey: KEY,
    });
  });

  test("the identity is written into the context", () => {
    const context = new Map<string, string>();
    writeIdentity({ caller: ALICE, apiKey: KEY }, context);
    expect(Object.fromEntries(context)).toEqual({
      "identity.caller": "AIDAALICE",
      "identity.user": "AIDAALICE",
      "identity.userArn": "arn:aws:iam::123456789012:user/alice",
      "identity.accountId": "123456789012",
      "identity.accessKey": "AKIDALICE",
      "identity.apiKey": "secret",
      "identity.apiKeyId": "k1",
    });
  });
});

describe("signature", () => {
  const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);

  async function signed(
    change: {
      path?: string;
      url?: string;
      body?: string;
      sentBody?: string;
      region?: string;
      service?: string;
      headers?: Record<string, string>;
      checksum?: boolean;
    } = {},
  ): Promise<GatewayRequest> {
    const {
      path = "/local/a%20b",
      url = path,
      body = "hi",
      sentBody = body,
      region = REGION,
      service = "execute-api",
      headers = {},
    } = change;
    const signer = new SignatureV4({
      credentials: ALICE,
      region,
      service,
      sha256: Sha256,
      applyChecksum: change.checksum ?? false,
    });
    const query = Object.fromEntries(new URLSearchParams(url.split("?")[1] ?? ""));
    const request = await signer.sign(
      {
        method: "POST",
        protocol: "http:",
        hostname: "h",
        path: path.split("?")[0]!,
        query,
        headers: { host: "h", "content-type": "text/plain", ...headers },
        body,
      },
      { signingDate: new Date(NOW) },
    );
    return new GatewayRequest({
      method: "POST",
      url,
      rawHeaders: Object.entries(request.headers).flat(),
      body: Buffer.from(sentBody),
      sourceIp: "",
    });
  }

  const verify = (request: GatewayRequest, nowMs = NOW) =>
    verifySignature(request, { region: REGION, callers: [BOB, ALICE], nowMs });

  test("an SDK's signature is accepted, with query, encoded path and checksum", async () => {
    expect(await verify(await signed())).toBe(ALICE);
    expect(await verify(await signed({ path: "/local/x", url: "/local/x?b=2&a=%2F1" }))).toBe(ALICE);
    expect(await verify(await signed({ checksum: true }))).toBe(ALICE);
  });

  test("a changed body, path, query or signed header is refused", async () => {
    const invalid = { type: "INVALID_SIGNATURE" };
    expect(await verify(await signed({ sentBody: "changed" }))).toEqual(invalid);
    expect(await verify(await signed({ checksum: true, sentBody: "changed" }))).toEqual(invalid);
    expect(await verify(await signed({ path: "/local/x", url: "/local/y" }))).toEqual(invalid);
    const request = await signed();
    const tampered = request.headers
      .map(([name, value]) => [name, name === "content-type" ? "text/html" : value])
      .flat();
    expect(
      await verify(
        new GatewayRequest({
          method: "POST",
          url: "/local/a%20b",
          rawHeaders: tampered,
          body: Buffer.from("hi"),
          sourceIp: "",
        }),
      ),
    ).toEqual(invalid);
  });

  test("another region, another service, another day and an old date are refused with the reason", async () => {
    const scope = {
      type: "INVALID_SIGNATURE",
      message: "Credential should be scoped to 20260102/us-east-1/execute-api.",
    };
    expect(await verify(await signed({ region: "eu-west-1" }))).toEqual(scope);
    expect(await verify(await signed({ service: "s3" }))).toEqual(scope);
    expect(await verify(await signed(), NOW + 5 * 60_000)).toBe(ALICE);
    expect(await verify(await signed(), NOW + 5 * 60_000 + 1)).toEqual({
      type: "INVALID_SIGNATURE",
      message: "Signature expired: 20260102T030405Z is more than 5 minutes from now.",
    });
  });

  test("a header that is missing or of another kind is refused", async () => {
    const bare = (headers: string[]) =>
      verify(new GatewayRequest({ method: "GET", url: "/", rawHeaders: headers, body: Buffer.alloc(0), sourceIp: "" }));
    expect(await bare([])).toEqual({ type: "MISSING_AUTHENTICATION_TOKEN" });
    expect(await bare(["Authorization", "Bearer x"])).toMatchObject({ type: "INVALID_SIGNATURE" });
  });
});
