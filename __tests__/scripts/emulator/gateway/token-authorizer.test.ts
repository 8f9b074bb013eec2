import {
  checkAnswer,
  readAuthorizerAnswer,
  AuthorizerCache,
  TokenCheck,
  readTokenAuthorizer,
  type TokenAuthorizer,
} from "../../../../scripts/emulator/gateway/token-authorizer";
import type { InvocationResult } from "../../../../scripts/emulator/functions/function-host";
import { readApplied } from "../../../../scripts/emulator/applied/applied";
import { API_ARN, folder, integration, lambda, permission, resource, restApi, state } from "../fixtures";
import { request, route, source } from "./gateway-fixtures";

describe("authorizer policy", () => {
  const ARN = "arn:aws:execute-api:us-east-1:123456789012:api1/local/GET/echo/1";
  const statement = (Effect: string, Resource: unknown = ARN, Action: unknown = "execute-api:Invoke") => ({
    Effect,
    Resource,
    Action,
  });
  const answer = (statements: unknown, more: object = {}) =>
    readAuthorizerAnswer(
      JSON.stringify({
        principalId: "alice",
        policyDocument: { Version: "2012-10-17", Statement: statements },
        ...more,
      }),
    );
  const judged = (...statements: unknown[]) => checkAnswer(answer(statements)!, ARN);

  const EXPLICIT = {
    type: "ACCESS_DENIED",
    message: "User is not authorized to access this resource with an explicit deny",
  };
  const IMPLICIT = { type: "ACCESS_DENIED", message: "User is not authorized to access this resource" };

  test.each([
    ["the method itself", [statement("Allow")], undefined],
    [
      "every method of the stage",
      [statement("Allow", "arn:aws:execute-api:us-east-1:123456789012:api1/local/*/*")],
      undefined,
    ],
    ["every call, in another case", [statement("Allow", [ARN], ["EXECUTE-API:*"])], undefined],
    ["another stage", [statement("Allow", "arn:aws:execute-api:us-east-1:123456789012:api1/other/*/*")], IMPLICIT],
    ["another method", [statement("Allow", ARN.replace("GET", "POST"))], IMPLICIT],
    ["another action", [statement("Allow", ARN, "execute-api:InvalidateCache")], IMPLICIT],
    ["a refusal before what allows", [statement("Deny"), statement("Allow", "*")], EXPLICIT],
    ["a refusal after what allows", [statement("Allow", "*"), statement("Deny", "*")], EXPLICIT],
    ["a refusal of something else", [statement("Deny", `${ARN}/x`), statement("Allow")], undefined],
  ])("a policy with %s decides so", (_what, statements, expected) => {
    expect(judged(...statements)).toEqual(expected);
  });

  test("what is said about the caller is handed on as text", () => {
    expect(answer([statement("Allow")], { context: { name: "a", count: 1, good: true } })).toMatchObject({
      principalId: "alice",
      context: { name: "a", count: "1", good: "true" },
    });
  });

  test.each([
    ["no principal", { principalId: undefined }],
    ["a principal that is no text", { principalId: 1 }],
    ["no policy", { policyDocument: undefined }],
    ["no statement", { policyDocument: { Statement: [] } }],
    ["an unknown effect", { policyDocument: { Statement: [statement("allow")] } }],
    ["a statement without a resource", { policyDocument: { Statement: [statement("Allow", [])] } }],
    ["a list in the context", { context: { scopes: ["a"] } }],
    ["an object in the context", { context: { claims: { sub: "a" } } }],
  ])("an answer with %s is none", (_what, more) => {
    expect(answer([statement("Allow")], more)).toBeUndefined();
  });

  test("what is no JSON is no answer", () => expect(readAuthorizerAnswer("Unauthorized")).toBeUndefined());
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
    const check = new TokenCheck(applied, new AuthorizerCache(() => world.nowMs), (arn, payload) => {
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

  test("the function is given the token and the method, and what it says goes into the context as text", async () => {
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

  test("its answer is kept by token, whatever the route, until its time is over", async () => {
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

  test("with 0 seconds nothing is kept, and without a number five minutes", async () => {
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

  test("a refusal is kept as well, and the word Unauthorized is not", async () => {
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
  ])("%s lets nobody in", async (_what, answer, type) => {
    expect((await setUp(answer).ask("Bearer abc")).refused).toEqual({ type });
  });

  test("without a permission for this API's authorizers the function is not asked", async () => {
    const { world, ask } = setUp(undefined, { ...MAY, values: { ...MAY.values, source_arn: `${API_ARN}/*/*/echo` } });
    expect((await ask("Bearer abc")).refused).toEqual({ type: "AUTHORIZER_CONFIGURATION_ERROR" });
    expect(world.asked).toEqual([]);
  });

  test("a route has the authorizer of its scheme, needs neither signature nor key, and keeps the header for its function", () => {
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
