import { request, route } from "./gateway-fixtures";

const VALIDATORS = {
  "x-amazon-apigateway-request-validators": {
    body: { validateRequestBody: true },
    parameters: { validateRequestParameters: true },
  },
};

function check(
  validator: string,
  operation: Record<string, unknown>,
  given: Parameters<typeof request>[0],
  pathParameters: Record<string, string> = { id: "1" },
) {
  return route(
    { "x-amazon-apigateway-request-validator": validator, ...operation },
    { document: VALIDATORS },
  ).validation.check(request(given), pathParameters);
}

const BODY = {
  requestBody: {
    content: {
      "application/json": {
        schema: {
          type: "object",
          required: ["n"],
          properties: { n: { type: "integer", minimum: 0, exclusiveMinimum: true } },
        },
      },
    },
  },
};

test("required parameters are looked for in path, query and header", () => {
  const parameters = [
    { name: "id", in: "path", required: true },
    { name: "q", in: "query", required: true },
    { name: "X-H", in: "header", required: true },
    { name: "o", in: "query" },
  ];
  expect(check("parameters", { parameters }, { url: "/local/echo/1?q=", headers: {} })).toEqual({
    type: "BAD_REQUEST_PARAMETERS",
    message: "Missing required request parameters: [q, X-H]",
  });
  expect(check("parameters", { parameters }, { url: "/local/echo/1?q=1", headers: { "x-h": "1" } })).toBeUndefined();
});

test("a body is checked as draft 4", () => {
  expect(check("body", BODY, { body: '{"n":1}' })).toBeUndefined();
  expect(check("body", BODY, { body: '{"n":0}' })).toEqual({
    type: "BAD_REQUEST_BODY",
    validationError: "[/n must be > 0]",
  });
  expect(check("body", BODY, { body: "" })).toMatchObject({
    type: "BAD_REQUEST_BODY",
    validationError: "[the body is not JSON]",
  });
});

test("a content type without a model is not checked, and a charset does not make another type", () => {
  expect(check("body", BODY, { body: "x", headers: { "content-type": "text/plain" } })).toBeUndefined();
  expect(
    check("body", BODY, { body: "x", headers: { "Content-Type": "application/json; charset=utf-8" } }),
  ).toMatchObject({ type: "BAD_REQUEST_BODY" });
});

test("only what the validator names is checked", () => {
  expect(check("parameters", BODY, { body: "{}" })).toBeUndefined();
  expect(() => check("other", {}, {})).toThrow(
    'GET /echo/{id} names the request validator "other", ' +
      "which the applied API does not define (it has: body, parameters).",
  );
});

test("a schema that cannot be compiled is named when it is loaded", () => {
  expect(() =>
    check("body", { requestBody: { content: { "application/json": { schema: { type: "nonsense" } } } } }, {}),
  ).toThrow("GET /echo/{id}: the applied body schema cannot be compiled:");
});
