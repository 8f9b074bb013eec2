import {
  assertDistinct,
  userArnOf,
  authorize,
  writeIdentity,
  verifySignature,
  TokenCheck,
  readTokenAuthorizer,
  type TokenAuthorizer,
} from "../../../../scripts/emulator/gateway/authorization";
import {
  ALICE,
  BOB,
  REGION,
  API_ARN,
  folder,
  integration,
  lambda,
  permission,
  resource,
  restApi,
  state,
} from "../fixtures";
import { request, route, source } from "./gateway-fixtures";
import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";
import { GatewayRequest } from "../../../../scripts/emulator/gateway/gateway";
import type { InvocationResult } from "../../../../scripts/emulator/functions/function-host";
import { readApplied } from "../../../../scripts/emulator/applied/applied";
import { ExpiringCache } from "../../../../scripts/emulator/gateway/stage";

describe("caller", () => {
  test("a caller's ARN is that of an IAM user", () => {
    expect(userArnOf(ALICE)).toBe("arn:aws:iam::123456789012:user/alice");
  });

  test("callers that look the same to a handler are refused", () => {
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

  test("an open route needs neither signature nor key", async () => {
    expect(await authorize(route(), request(), OPTIONS)).toEqual({ caller: undefined, apiKey: undefined });
  });

  test("a route that needs both checks the signature before the key", async () => {
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

describe("token authorizer", () => {
  const FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:checker";
  const scheme = (more: object = {}) => ({
    type: "apiKey",
    name: "Authorization",
    in: "header",
    "x-amazon-apigateway-authtype": "custom",
    "x-amazon-apigateway-authorizer": {
      type: "token",
      authorizerUri: `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${FUNCTION}/invocations`,
      identityValidationExpression: "Bearer [a-z]+",
      authorizerResultTtlInSeconds: 60,
      ...more,
    },
  });
  const authorizer = readTokenAuthorizer(scheme()) as TokenAuthorizer;
  const MAY = resource("aws_lambda_permission", "checker", {
    action: "lambda:InvokeFunction",
    function_name: "checker",
    principal: "apigateway.amazonaws.com",
    source_arn: `${API_ARN}/authorizers/*`,
  });
  const policy = (effect = "Allow", more: object = {}) =>
    JSON.stringify({
      principalId: "alice",
      policyDocument: {
        Statement: [{ Effect: effect, Action: "execute-api:Invoke", Resource: `${API_ARN}/local/*/*` }],
      },
      ...more,
    });

  function setUp(
    answer: InvocationResult = { kind: "answer", payload: policy("Allow", { context: { expires_at: 7 } }) },
    allowed = MAY,
  ) {
    const world = { nowMs: 0, asked: [] as { arn: string; event: Record<string, unknown> }[] };
    const applied = readApplied(
      state(
        restApi({ paths: { "/echo/{id}": { get: integration() } } }),
        lambda(folder(), { code: "" }),
        permission("api"),
        allowed,
      ),
      () => undefined,
    );
    const check = new TokenCheck(applied, new ExpiringCache(() => world.nowMs), (arn, payload) => {
      world.asked.push({ arn, event: JSON.parse(payload) as Record<string, unknown> });
      return Promise.resolve(answer);
    });
    const ask = async (token?: string, url = "/local/echo/1", by = authorizer) => {
      const context = new Map<string, string>();
      const refused = await check.check(
        by,
        source({ request: request({ url, headers: token === undefined ? {} : { authorization: token } }), context }),
      );
      return { refused, context: Object.fromEntries(context) };
    };
    return { world, ask };
  }

  test("the function gets the token and the method, and its answer is in the context as texts", async () => {
    const { world, ask } = setUp();
    expect(await ask("Bearer abc")).toEqual({
      refused: undefined,
      context: { "authorizer.principalId": "alice", "authorizer.expires_at": "7" },
    });
    expect(world.asked).toEqual([
      {
        arn: FUNCTION,
        event: { type: "TOKEN", methodArn: `${API_ARN}/local/GET/echo/1`, authorizationToken: "Bearer abc" },
      },
    ]);
  });

  test("an answer is cached by token for all routes, until its time is over", async () => {
    const { world, ask } = setUp();
    await ask("Bearer abc");
    world.nowMs = 59_999;
    expect((await ask("Bearer abc", "/local/echo/2")).context).toMatchObject({ "authorizer.principalId": "alice" });
    expect(world.asked).toHaveLength(1);
    await ask("Bearer abd");
    expect(world.asked).toHaveLength(2);
    world.nowMs = 60_000;
    await ask("Bearer abc");
    expect(world.asked).toHaveLength(3);
  });

  test("an answer is not cached with 0 seconds, and for five minutes without a number", async () => {
    const { world, ask } = setUp();
    const never = { ...authorizer, ttlSeconds: 0 };
    await ask("Bearer abc", undefined, never);
    await ask("Bearer abc", undefined, never);
    expect(world.asked).toHaveLength(2);
    expect(readTokenAuthorizer(scheme({ authorizerResultTtlInSeconds: undefined }))?.ttlSeconds).toBe(300);
  });

  test.each([undefined, "", "abc", "Bearer ABC", "x Bearer abc", "Bearer abc."])(
    "the header %j is 401 without the function",
    async (token) => {
      const { world, ask } = setUp();
      expect(await ask(token)).toEqual({ refused: { type: "UNAUTHORIZED" }, context: {} });
      expect(world.asked).toEqual([]);
    },
  );

  test("a refusal is cached too, and the error Unauthorized is not", async () => {
    const denied = setUp({ kind: "answer", payload: policy("Deny") });
    for (let time = 0; time < 2; time++)
      expect((await denied.ask("Bearer abc")).refused).toMatchObject({ type: "ACCESS_DENIED" });
    expect(denied.world.asked).toHaveLength(1);
    const refused = setUp({ kind: "error", payload: '{"errorType":"Error","errorMessage":"Unauthorized"}' });
    for (let time = 0; time < 2; time++)
      expect((await refused.ask("Bearer abc")).refused).toEqual({ type: "UNAUTHORIZED" });
    expect(refused.world.asked).toHaveLength(2);
  });

  test.each<[string, InvocationResult, string]>([
    ["another error", { kind: "error", payload: '{"errorMessage":"Unauthorized "}' }, "AUTHORIZER_FAILURE"],
    ["an error that is no JSON", { kind: "error", payload: "x" }, "AUTHORIZER_FAILURE"],
    ["too many calls at once", { kind: "throttled" }, "AUTHORIZER_FAILURE"],
    ["no function", { kind: "unknown-function" }, "AUTHORIZER_CONFIGURATION_ERROR"],
    ["an answer that is no policy", { kind: "answer", payload: "{}" }, "AUTHORIZER_CONFIGURATION_ERROR"],
  ])("%s refuses the caller", async (_what, answer, type) => {
    expect((await setUp(answer).ask("Bearer abc")).refused).toEqual({ type });
  });

  test("without a permission for this API's authorizers the function is not asked", async () => {
    const { world, ask } = setUp(undefined, { ...MAY, values: { ...MAY.values, source_arn: `${API_ARN}/*/*/echo` } });
    expect((await ask("Bearer abc")).refused).toEqual({ type: "AUTHORIZER_CONFIGURATION_ERROR" });
    expect(world.asked).toEqual([]);
  });

  test("a route with an authorizer needs neither signature nor key", () => {
    const securitySchemes = { jwt: scheme() };
    const read = route({ security: [{ jwt: [] }] }, { document: { components: { securitySchemes } } });
    expect([read.authorizer?.functionArn, read.needsSignature, read.needsApiKey]).toEqual([FUNCTION, false, false]);
    expect(route().authorizer).toBeUndefined();
  });

  test("another kind of authorizer is refused by name", () => {
    expect(() => readTokenAuthorizer(scheme({ type: "request" }))).toThrow(
      'The local runtime emulates authorizers of type token with a Lambda function, and this one has type "request"',
    );
    expect(() => readTokenAuthorizer(scheme({ authorizerUri: "" }))).toThrow('authorizerUri ""');
  });
});
