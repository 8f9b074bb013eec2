import { evaluate, isExpression } from "../../../../scripts/local/gateway/mapping-expression";
import { request, source } from "./gateway-fixtures";

test("each form reads its place", () => {
  const given = source({
    request: request({ url: "/local/x?q=1&q=2", headers: { "X-Api-Key": "k" } }),
    pathParameters: { request_id: "r1" },
    context: new Map([["identity.userArn", "arn"]]),
    stageVariables: { v: "w" },
  });
  const expressions = [
    "method.request.path.request_id",
    "method.request.header.x-api-key",
    "method.request.querystring.q",
    "context.identity.userArn",
    "stageVariables.v",
    "'static'",
  ];
  expect(expressions.map((expression) => evaluate(expression, given))).toEqual([
    "r1",
    "k",
    "1,2",
    "arn",
    "w",
    "static",
  ]);
  expect(evaluate("method.request.header.none", given)).toBeUndefined();
});

test("a form that is not emulated is not an expression", () => {
  expect([
    isExpression("method.request.body.x"),
    isExpression("integration.request.header.X"),
    isExpression("''"),
  ]).toEqual([false, false, true]);
});
