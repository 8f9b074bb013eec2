import { proxyEvent } from "../../../../scripts/local/gateway/proxy-event";
import { request, route, source } from "./gateway-fixtures";

test("the event is a whole proxy event, version 1.0", () => {
  const context = new Map([
    ["accountId", "1"],
    ["apiId", "api1"],
    ["stage", "local"],
    ["path", "/local/echo/7"],
    ["requestId", "r"],
    ["requestTimeEpoch", "5"],
    ["identity.sourceIp", "127.0.0.1"],
    ["xrayTraceId", "Root=1"],
  ]);
  const given = request({
    method: "POST",
    url: "/local/echo/7?a=1&a=2",
    headers: { Host: "h", "X-Forwarded-For": "10.0.0.1", Connection: "close" },
    body: "hi",
  });
  const event = proxyEvent(
    route({}, { method: "post" }),
    source({ request: given, context, pathParameters: { id: "7" } }),
    [],
  );
  expect(event).toMatchObject({
    resource: "/echo/{id}",
    path: "/echo/7",
    httpMethod: "POST",
    headers: {
      Host: "h",
      "X-Forwarded-For": "10.0.0.1, 127.0.0.1",
      "X-Forwarded-Proto": "https",
      "X-Amzn-Trace-Id": "Root=1",
    },
    multiValueHeaders: { Host: ["h"] },
    queryStringParameters: { a: "2" },
    multiValueQueryStringParameters: { a: ["1", "2"] },
    pathParameters: { id: "7" },
    stageVariables: null,
    requestContext: {
      accountId: "1",
      apiId: "api1",
      stage: "local",
      path: "/local/echo/7",
      resourcePath: "/echo/{id}",
      httpMethod: "POST",
      requestId: "r",
      requestTimeEpoch: 5,
      identity: { sourceIp: "127.0.0.1", caller: null, userArn: null, apiKey: null },
    },
    body: "hi",
    isBase64Encoded: false,
  });
  expect(event.headers).not.toHaveProperty("Connection");
});

test("what the authorizer said is in the request's context, and nothing is where there was none", () => {
  const context = new Map([
    ["stage", "local"],
    ["authorizer.principalId", "alice"],
    ["authorizer.expires_at", "7"],
  ]);
  const given = source({ request: request({ headers: { Authorization: "Bearer a.b.c" } }), context });
  expect(proxyEvent(route(), given, [])).toMatchObject({
    requestContext: { authorizer: { principalId: "alice", expires_at: "7" } },
    headers: { Authorization: "Bearer a.b.c" },
  });
  expect(proxyEvent(route(), source(), []).requestContext).not.toHaveProperty("authorizer");
});

test("empty maps and bodies are null, and a signature stays at the gateway only where it was checked", () => {
  const given = source({
    request: request({ headers: { Authorization: "secret" } }),
    context: new Map([["stage", "local"]]),
  });
  expect(proxyEvent(route(), given, [])).toMatchObject({
    queryStringParameters: null,
    pathParameters: null,
    body: null,
    headers: { Authorization: "secret" },
  });
  expect(proxyEvent(route({ security: [{ sigv4: [] }] }), given, []).headers).not.toHaveProperty("Authorization");
});

test("a binary media type is passed as Base64", () => {
  const given = source({
    request: request({ headers: { "content-type": "image/png" }, body: "hi" }),
    context: new Map([["stage", "local"]]),
  });
  expect(proxyEvent(route(), given, ["image/png"])).toMatchObject({ body: "aGk=", isBase64Encoded: true });
});

test("a header may have the name of what every object has", () => {
  const given = source({
    request: request({ headers: { constructor: "1", __proto__x: "2", toString: "3" } }),
    context: new Map([["stage", "local"]]),
  });
  expect(proxyEvent(route(), given, [])).toMatchObject({
    multiValueHeaders: { constructor: ["1"], __proto__x: ["2"], toString: ["3"] },
  });
});
