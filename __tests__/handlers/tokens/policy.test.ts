import { policyFor } from "../../../handlers/tokens/policy";

const TOKEN = { principal: "p".repeat(43), expiresAtSeconds: 1_700_000_000, permitted: true };
const STAGE = "arn:aws:execute-api:us-east-1:123456789012:abc123/live";

test("a good token opens every route of the stage that was asked, and of no other, as the answer is kept by token", () => {
  expect(policyFor(TOKEN, `${STAGE}/GET/api/v1/status/0b8a1c52`)).toEqual({
    principalId: TOKEN.principal,
    policyDocument: {
      Version: "2012-10-17",
      Statement: [{ Action: "execute-api:Invoke", Effect: "Allow", Resource: `${STAGE}/*/*` }],
    },
    context: { caller: `jwt:${TOKEN.principal}`, expires_at: "1700000000" },
  });
});

test("without a scope that is needed every route is refused", () => {
  expect(policyFor({ ...TOKEN, permitted: false }, `${STAGE}/POST/api/v1/invoke`).policyDocument.Statement).toEqual([
    { Action: "execute-api:Invoke", Effect: "Deny", Resource: `${STAGE}/*/*` },
  ]);
});

test.each(["*", "../../other/GET/x", "%0a", ":/*?", "ü"])(
  "what the caller writes into the path, such as %j, changes nothing",
  (path) => {
    expect(policyFor(TOKEN, `${STAGE}/GET/api/v1/status/${path}`)).toEqual(
      policyFor(TOKEN, `${STAGE}/GET/api/v1/status/x`),
    );
  },
);

test("a partition of its own is kept", () => {
  const policy = policyFor(
    TOKEN,
    "arn:aws-us-gov:execute-api:us-gov-west-1:123456789012:abc123/live/GET/api/v1/status/x",
  );
  expect(JSON.stringify(policy)).toContain("arn:aws-us-gov:execute-api:us-gov-west-1:123456789012:abc123/live/*/*");
});

test.each([
  "",
  "arn:aws:lambda:us-east-1:123456789012:function:x",
  "arn:aws:execute-api:us-east-1:123456789012:*/live/GET/x",
  "arn:aws:execute-api:us-east-1:123456789012:abc123/*/GET/x",
  STAGE,
])("what names no method, as %j does, is refused", (arn) => {
  expect(() => policyFor(TOKEN, arn)).toThrow("The gateway names no method; expected arn:");
});
