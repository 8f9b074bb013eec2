import { checkAnswer, readAuthorizerAnswer, ResourcePolicy } from "../../../../scripts/emulator/gateway/policy";

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
  ])("a policy with %s is evaluated as on AWS", (_what, statements, expected) => {
    expect(judged(...statements)).toEqual(expected);
  });

  test("the answer's context is passed on as texts", () => {
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
  ])("an answer with %s is not accepted", (_what, more) => {
    expect(answer([statement("Allow")], more)).toBeUndefined();
  });

  test("a text that is not JSON is not accepted", () => expect(readAuthorizerAnswer("Unauthorized")).toBeUndefined());
});

describe("resource policy", () => {
  const OURS = "vpce-0123456789abcdef0";
  const METHOD = "arn:aws:execute-api:us-east-1:123456789012:a1b2c3/live/GET/api/v1/health";
  const everybody = { Principal: "*", Action: "execute-api:Invoke" };
  const letIn = {
    Effect: "Allow",
    ...everybody,
    Resource: "arn:aws:execute-api:us-east-1:123456789012:*/*/GET/api/v1/health",
  };
  const keepOut = {
    Effect: "Deny",
    ...everybody,
    Resource: ["arn:aws:execute-api:us-east-1:123456789012:*"],
    Condition: { StringNotEquals: { "aws:SourceVpce": [OURS] } },
  };
  const policyOf = (...statements: readonly object[]) =>
    new ResourcePolicy(JSON.stringify({ Version: "2012-10-17", Statement: statements }));
  const ask = (endpoint?: string, methodArn = METHOD) => ({ methodArn, endpoint, caller: "anonymous" });
  const refused = (why: string) => ({
    type: "ACCESS_DENIED",
    message:
      `User: anonymous is not authorized to perform: execute-api:Invoke on resource: ` +
      `arn:aws:execute-api:us-east-1:********9012:a1b2c3/live/GET/api/v1/health${why}`,
  });

  test("a call through another endpoint, or through none, is denied with API Gateway's message", () => {
    const policy = policyOf(letIn, keepOut);
    expect([policy.checkDeny(ask(OURS)), policy.checkAllow(ask(OURS))]).toEqual([undefined, undefined]);
    expect(policy.checkDeny(ask("vpce-0fedcba9876543210"))).toEqual(refused(" with an explicit deny"));
    expect(policy.checkDeny(ask())).toEqual(refused(" with an explicit deny"));
  });

  test("a method that no statement allows is not allowed, and not denied", () => {
    const policy = policyOf(letIn, keepOut);
    const invoke = METHOD.replace("GET/api/v1/health", "POST/api/v1/invoke");
    expect(policy.checkDeny(ask(OURS, invoke))).toBeUndefined();
    expect(policy.checkAllow(ask(OURS, invoke))?.message).toMatch(/POST\/api\/v1\/invoke$/);
  });

  test("StringEquals lets in through the endpoint alone", () => {
    const policy = policyOf({ ...letIn, Condition: { StringEquals: { "AWS:SourceVpce": OURS } } });
    expect([policy.checkAllow(ask(OURS)), policy.checkAllow(ask())]).toEqual([undefined, refused("")]);
  });

  test("the header names the endpoint of a call; without it the call comes through the policy's first endpoint", () => {
    expect(policyOf(letIn, keepOut).endpointOf(undefined)).toBe(OURS);
    expect(policyOf(letIn, keepOut).endpointOf("vpce-0fedcba9876543210")).toBe("vpce-0fedcba9876543210");
    expect(policyOf(letIn, keepOut).endpointOf("none")).toBeUndefined();
    expect(policyOf(letIn).endpointOf(undefined)).toBeUndefined();
  });

  test.each([
    [
      { ...letIn, Condition: { IpAddress: { "aws:SourceIp": "10.0.0.0/8" } } },
      "condition IpAddress aws:SourceIp, which the local runtime does not evaluate",
    ],
    [
      { ...letIn, Principal: { AWS: "arn:aws:iam::123456789012:root" } },
      "It evaluates Allow and Deny of execute-api:Invoke for everybody.",
    ],
    [{ ...letIn, Action: "execute-api:ManageConnections" }, "a statement that the local runtime does not evaluate"],
  ])("a policy that cannot be evaluated is an error: %j", (statement, message) => {
    expect(() => policyOf(statement)).toThrow(message);
  });
});
