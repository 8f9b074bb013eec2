import { ResourcePolicy } from "../../../../scripts/emulator/gateway/resource-policy";

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
  ResourcePolicy.parse(JSON.stringify({ Version: "2012-10-17", Statement: statements }));
const ask = (endpoint?: string, methodArn = METHOD) => ({ methodArn, endpoint, caller: "anonymous" });
const refused = (why: string) => ({
  type: "ACCESS_DENIED",
  message: `User: anonymous is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api:us-east-1:********9012:a1b2c3/live/GET/api/v1/health${why}`,
});

test("a call through the endpoint is let in; one through another, or through none, is denied in API Gateway's words", () => {
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

test("a call says by the header which way it comes; without one it comes through the first endpoint of the policy", () => {
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
])("a policy that asks for more is refused, not passed over: %j", (statement, message) => {
  expect(() => policyOf(statement)).toThrow(message);
});
