import type { ServedRoute } from "../../../../scripts/emulator/gateway/route";
import { readApplied } from "../../../../scripts/emulator/applied/applied";
import type { InvocationResult } from "../../../../scripts/emulator/functions/function-host";
import {
  LambdaIntegration,
  makeProxyEvent,
  parseProxyResponse,
} from "../../../../scripts/emulator/gateway/lambda-integration";
import { API_ARN, folder, holdTimers, integration, lambda, permission, restApi, state } from "../fixtures";
import { route, source, request } from "./gateway-fixtures";

describe("lambda integration", () => {
  function call(result: Promise<InvocationResult>, operation: Record<string, unknown> = {}, sourceArn?: string) {
    const applied = readApplied(
      state(restApi({ paths: {} }), lambda(folder(), { code: "" }), permission("api", undefined, sourceArn)),
      () => undefined,
    );
    const subject = route(operation);
    return new LambdaIntegration(applied, () => result).call(subject as ServedRoute, source());
  }

  test("each result of the function host has its answer of API Gateway", async () => {
    const results: [InvocationResult, unknown][] = [
      [{ kind: "answer", payload: '{"statusCode":204}' }, { status: 204 }],
      [{ kind: "answer", payload: "1" }, { type: "INTEGRATION_FAILURE" }],
      [{ kind: "error", payload: "{}" }, { type: "INTEGRATION_FAILURE" }],
      [{ kind: "throttled" }, { type: "INTEGRATION_FAILURE", status: 500 }],
      [{ kind: "too-large" }, { type: "REQUEST_TOO_LARGE" }],
      [{ kind: "unknown-function" }, { type: "API_CONFIGURATION_ERROR" }],
    ];
    for (const [result, expected] of results)
      expect(await call(Promise.resolve(result))).toMatchObject(expected as object);
  });

  test("the time-out is the integration's own", async () => {
    holdTimers();
    try {
      const answered = call(new Promise(() => undefined), integration("api", { timeoutInMillis: 20_000 }));
      jest.advanceTimersByTime(19_999);
      expect(jest.getTimerCount()).toBe(1);
      jest.advanceTimersByTime(1);
      expect(await answered).toEqual({ type: "INTEGRATION_TIMEOUT" });
    } finally {
      jest.useRealTimers();
    }
  });

  test("a permission covers a route by its method and path, variables as *", async () => {
    const good: InvocationResult = { kind: "answer", payload: '{"statusCode":200}' };
    expect(await call(Promise.resolve(good), {}, `${API_ARN}/local/GET/echo/*`)).toMatchObject({ status: 200 });
    expect(await call(Promise.resolve(good), {}, `${API_ARN}/local/POST/echo/*`)).toEqual({
      type: "API_CONFIGURATION_ERROR",
    });
  });
});

describe("proxy event", () => {
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
    const event = makeProxyEvent(
      route({}, { method: "post" }),
      source({ request: given, context, pathParameters: { id: "7" } }),
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

  test("an authorizer's answer is in the request's context; without an authorizer there is none", () => {
    const context = new Map([
      ["stage", "local"],
      ["authorizer.principalId", "alice"],
      ["authorizer.expires_at", "7"],
    ]);
    const given = source({ request: request({ headers: { Authorization: "Bearer a.b.c" } }), context });
    expect(makeProxyEvent(route(), given)).toMatchObject({
      requestContext: { authorizer: { principalId: "alice", expires_at: "7" } },
      headers: { Authorization: "Bearer a.b.c" },
    });
    expect(makeProxyEvent(route(), source()).requestContext).not.toHaveProperty("authorizer");
  });

  test("empty maps and bodies are null, and a signature that was checked is not passed on", () => {
    const given = source({
      request: request({ headers: { Authorization: "secret" } }),
      context: new Map([["stage", "local"]]),
    });
    expect(makeProxyEvent(route(), given)).toMatchObject({
      queryStringParameters: null,
      pathParameters: null,
      body: null,
      headers: { Authorization: "secret" },
    });
    expect(makeProxyEvent(route({ security: [{ sigv4: [] }] }), given).headers).not.toHaveProperty("Authorization");
  });

  test("a header may have the name of a property of all objects", () => {
    const given = source({
      request: request({ headers: { constructor: "1", __proto__x: "2", toString: "3" } }),
      context: new Map([["stage", "local"]]),
    });
    expect(makeProxyEvent(route(), given)).toMatchObject({
      multiValueHeaders: { constructor: ["1"], __proto__x: ["2"], toString: ["3"] },
    });
  });
});

describe("proxy response", () => {
  test("status, headers and body are taken over", () => {
    const answer = parseProxyResponse(
      JSON.stringify({
        statusCode: 201,
        headers: { "X-A": 1 },
        multiValueHeaders: { "Set-Cookie": ["a", "b"] },
        body: "hi",
      }),
    )!;
    expect([answer.status, answer.headers, answer.body.toString()]).toEqual([
      201,
      [
        ["Content-Type", "application/json"],
        ["Set-Cookie", "a"],
        ["Set-Cookie", "b"],
        ["X-A", "1"],
      ],
      "hi",
    ]);
  });

  test("a Base64 text is passed on as it is, because the API has no binary media types", () => {
    const payload = JSON.stringify({ statusCode: "200", body: "aGk=", isBase64Encoded: true });
    expect(parseProxyResponse(payload)!.body.toString()).toBe("aGk=");
  });

  test("everything else is malformed", () => {
    const payloads = [
      "null",
      '"text"',
      "[]",
      "{}",
      "no json",
      '{"statusCode":99}',
      '{"statusCode":""}',
      '{"statusCode":200,"body":{}}',
      '{"statusCode":200,"headers":"x"}',
      '{"statusCode":200,"headers":{"a":{}}}',
    ];
    for (const payload of payloads) expect([payload, parseProxyResponse(payload)]).toEqual([payload, undefined]);
  });
});
