import { judge, readAnswer } from "../../../../scripts/local/gateway/authorizer-policy";

const ARN = "arn:aws:execute-api:us-east-1:123456789012:api1/local/GET/echo/1";
const statement = (Effect: string, Resource: unknown = ARN, Action: unknown = "execute-api:Invoke") => ({
  Effect,
  Resource,
  Action,
});
const answer = (statements: unknown, more: object = {}) =>
  readAnswer(
    JSON.stringify({ principalId: "alice", policyDocument: { Version: "2012-10-17", Statement: statements }, ...more }),
  );
const judged = (...statements: unknown[]) => judge(answer(statements)!, ARN);

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

test("what is no JSON is no answer", () => expect(readAnswer("Unauthorized")).toBeUndefined());
