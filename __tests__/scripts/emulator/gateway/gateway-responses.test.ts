import {
  GatewayResponses,
  fillTemplate,
  evaluateExpression,
  isExpression,
} from "../../../../scripts/emulator/gateway/gateway-responses";
import { request, source } from "./gateway-fixtures";

describe("gateway responses", () => {
  const KEY = "x-amazon-apigateway-gateway-responses";

  test("without a customisation AWS's own status, message and error type are answered", () => {
    const answer = new GatewayResponses({}).render({ type: "QUOTA_EXCEEDED" }, source());
    expect([answer.status, answer.body.toString(), Object.fromEntries(answer.headers)["x-amzn-ErrorType"]]).toEqual([
      429,
      '{"message":"Limit Exceeded"}',
      "LimitExceededException",
    ]);
  });

  test("a type wins over its family, and the family keeps the status unless it has one", () => {
    const responses = new GatewayResponses({
      [KEY]: {
        THROTTLED: { statusCode: "503" },
        DEFAULT_4XX: { responseTemplates: { "application/json": "family $context.error.responseType" } },
      },
    });
    expect(responses.render({ type: "THROTTLED" }, source())).toMatchObject({ status: 503 });
    const family = responses.render({ type: "INVALID_API_KEY" }, source());
    expect([family.status, family.body.toString()]).toEqual([403, "family INVALID_API_KEY"]);
    expect(responses.render({ type: "INTEGRATION_TIMEOUT" }, source()).body.toString()).toBe(
      '{"message":"Endpoint request timed out"}',
    );
  });

  test("headers come from expressions, and one without a value is left out", () => {
    const responseParameters = {
      "gatewayresponse.header.Retry-After": "'1'",
      "gatewayresponse.header.X-Origin": "method.request.header.Origin",
      "gatewayresponse.header.X-None": "method.request.header.None",
    };
    const answer = new GatewayResponses({ [KEY]: { DEFAULT_4XX: { responseParameters } } }).render(
      { type: "THROTTLED" },
      source({ request: request({ headers: { origin: "o" } }) }),
    );
    expect(answer.headers.slice(2)).toEqual([
      ["Retry-After", "1"],
      ["X-Origin", "o"],
    ]);
  });

  test("a message is JSON in messageString and text in message", () => {
    const responses = new GatewayResponses({
      [KEY]: {
        BAD_REQUEST_BODY: {
          responseTemplates: {
            "application/json":
              '{"m":$context.error.messageString,"v":"$context.error.validationErrorString","id":"$context.requestId"}',
          },
        },
      },
    });
    const answer = responses.render(
      { type: "BAD_REQUEST_BODY", message: 'a "quote"', validationError: "[why]" },
      source({ context: new Map([["requestId", "r1"]]) }),
    );
    expect(JSON.parse(answer.body.toString())).toEqual({ m: 'a "quote"', v: "[why]", id: "r1" });
  });

  test("413 cannot be customised", () => {
    expect(
      new GatewayResponses({ [KEY]: { REQUEST_TOO_LARGE: { statusCode: 400 } } }).render(
        { type: "REQUEST_TOO_LARGE" },
        source(),
      ).status,
    ).toBe(413);
  });

  test("what the context does not hold becomes the fallback", () => {
    expect(
      fillTemplate(
        "$context.a ${context.b.c} $context.d.",
        new Map([
          ["a", "1"],
          ["b.c", "2"],
        ]),
        { fallback: "-" },
      ),
    ).toBe("1 2 -.");
  });
});

describe("mapping expression", () => {
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
    expect(expressions.map((expression) => evaluateExpression(expression, given))).toEqual([
      "r1",
      "k",
      "1,2",
      "arn",
      "w",
      "static",
    ]);
    expect(evaluateExpression("method.request.header.none", given)).toBeUndefined();
  });

  test("a form that is not emulated is not an expression", () => {
    expect([
      isExpression("method.request.body.x"),
      isExpression("integration.request.header.X"),
      isExpression("''"),
    ]).toEqual([false, false, true]);
  });
});
