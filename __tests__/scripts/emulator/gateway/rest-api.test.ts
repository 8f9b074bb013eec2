import { join } from "node:path";
import { AccessLog, ResponseCache, Throttle } from "../../../../scripts/emulator/gateway/stage";
import { readApplied } from "../../../../scripts/emulator/applied/applied";
import { CACHE_HEADER, formatLogTime, createContext, RestApi } from "../../../../scripts/emulator/gateway/rest-api";
import { StatisticsRecorder } from "../../../../scripts/emulator/statistics";
import { API_ARN, folder, integration, lambda, methodSettings, permission, restApi, state } from "../fixtures";
import { request } from "./gateway-fixtures";

function serve(operation: Record<string, unknown>, settings: Record<string, unknown>, status = 200, policy?: string) {
  const calls: string[] = [];
  const applied = readApplied(
    state(
      restApi(
        {
          paths: { "/echo/{id}": { get: operation } },
          "x-amazon-apigateway-request-validators": { all: { validateRequestParameters: true } },
        },
        { cache_cluster_enabled: true, cache_cluster_size: "0.5" },
        policy,
      ),
      methodSettings("echo/{id}/GET", settings),
      lambda(folder(), { code: "" }),
      permission("api"),
    ),
    () => undefined,
  );
  const statistics = new StatisticsRecorder();
  const api = new RestApi(applied, {
    region: "us-east-1",
    callers: [],
    now: () => 0,
    warn: () => undefined,
    endpointHeader: "X-Vpc-Endpoint",
    statistics,
    cache: new ResponseCache(() => 0),
    throttle: new Throttle(() => 0),
    accessLog: new AccessLog(join(folder(), "logs")),
    invoke: (_arn, payload) => {
      calls.push(payload);
      return Promise.resolve({ kind: "answer", payload: JSON.stringify({ statusCode: status, body: "x" }) });
    },
  });
  return { api, calls, statistics };
}

const header = (headers: readonly (readonly [string, string])[], name: string) =>
  headers.find(([given]) => given === name)?.[1];

test("answers of every status are cached, as on AWS", async () => {
  const { api, calls } = serve(
    integration("api", { cacheKeyParameters: ["method.request.path.id"] }),
    { caching_enabled: true, cache_ttl_in_seconds: 5 },
    404,
  );
  const answers = [
    await api.handle(request({ url: "/local/echo/1" })),
    await api.handle(request({ url: "/local/echo/1?x=1" })),
    await api.handle(request({ url: "/local/echo/2" })),
  ];
  expect(answers.map(({ status, headers }) => [status, header(headers, CACHE_HEADER)])).toEqual([
    [404, "miss"],
    [404, "hit"],
    [404, "miss"],
  ]);
  expect(calls).toHaveLength(2);
});

test("each answer has its own request id, cached or not", async () => {
  const { api } = serve(integration(), { caching_enabled: true, cache_ttl_in_seconds: 5 });
  const ids = [
    await api.handle(request({ url: "/local/echo/1" })),
    await api.handle(request({ url: "/local/echo/1" })),
  ].map(({ headers }) => headers.filter(([name]) => name === "x-amzn-RequestId").map(([, value]) => value));
  expect([ids[0]!.length, ids[1]!.length, new Set(ids.flat()).size]).toEqual([1, 1, 2]);
});

test("limits come before validation, and both before cache and function", async () => {
  const operation = {
    ...integration(),
    "x-amazon-apigateway-request-validator": "all",
    parameters: [{ name: "q", in: "query", required: true }],
  };
  const { api, calls, statistics } = serve(operation, { throttling_rate_limit: 1, throttling_burst_limit: 1 });
  expect([
    (await api.handle(request({ url: "/local/echo/1" }))).status,
    (await api.handle(request({ url: "/local/echo/1" }))).status,
  ]).toEqual([400, 429]);
  expect([calls, statistics.snapshot().routes["GET /echo/{id}"]]).toEqual([
    [],
    { requests: 2, cacheHits: 0, cacheMisses: 0, integrationCalls: 0, responses: { 400: 1, 429: 1 } },
  ]);
});

test("a signed route's ARN above 1,600 bytes is answered 414", async () => {
  const { api } = serve({ ...integration(), security: [{ sigv4: [] }] }, {});
  expect((await api.handle(request({ url: `/local/echo/${"x".repeat(1_600)}` }))).status).toBe(414);
  expect((await api.handle(request({ url: `/local/echo/${"x".repeat(1_000)}` }))).status).toBe(403);
});

test("a problem of the server is answered by the API's gateway responses", async () => {
  const { api } = serve(integration(), {});
  expect((await api.handle(request(), { type: "REQUEST_TOO_LARGE" })).status).toBe(413);
});

describe("an API with a resource policy", () => {
  const everybody = { Principal: "*", Action: "execute-api:Invoke", Resource: "*" };
  const policy = JSON.stringify({
    Statement: [
      { Effect: "Allow", ...everybody },
      { Effect: "Deny", ...everybody, Condition: { StringNotEquals: { "aws:SourceVpce": ["vpce-0a"] } } },
    ],
  });
  const through = (endpoint?: string) =>
    request({ url: "/local/echo/1", headers: endpoint === undefined ? {} : { "x-vpc-endpoint": endpoint } });

  test("answers calls through its endpoint, and refuses others before any function is called", async () => {
    const { api, calls } = serve(integration(), {}, 200, policy);
    const answers = [
      await api.handle(through()),
      await api.handle(through("vpce-0a")),
      await api.handle(through("vpce-0b")),
      await api.handle(through("none")),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 403, 403]);
    expect(JSON.parse(answers[3]!.body.toString())).toEqual({
      message: expect.stringMatching(
        /^User: anonymous is not authorized to perform: .+\/local\/GET\/echo\/1 with an explicit deny$/,
      ) as unknown,
    });
    expect(calls).toHaveLength(2);
  });

  test("does not pass the header on to the function", async () => {
    const { api, calls } = serve(integration(), {}, 200, policy);
    await api.handle(through("vpce-0a"));
    expect(calls[0]?.toLowerCase()).not.toContain("vpc-endpoint");
  });

  test("checks the signature before the policy, as AWS does", async () => {
    const { api } = serve({ ...integration(), security: [{ sigv4: [] }] }, {}, 200, policy);
    const { body } = await api.handle(through("none"));
    expect(JSON.parse(body.toString())).toEqual({ message: "Missing Authentication Token" });
  });
});

describe("request context", () => {
  test("the context names the API, the stage, the request and the time", () => {
    const stage = {
      name: "local",
      cacheClusterEnabled: false,
      cacheClusterSize: "",
      accessLogFormat: undefined,
      variables: {},
    };
    const api = { id: "api1", name: "api", executionArn: API_ARN, document: {}, policy: undefined };
    const context = createContext(
      { api, stage },
      request({ headers: { host: "h.example:1", "user-agent": "u" } }),
      Date.UTC(2026, 3, 9, 12, 34, 56),
    );
    expect(Object.fromEntries(context)).toMatchObject({
      accountId: "123456789012",
      apiId: "api1",
      stage: "local",
      path: "/local/echo",
      httpMethod: "GET",
      requestTime: "09/Apr/2026:12:34:56 +0000",
      "identity.userAgent": "u",
      "identity.sourceIp": "127.0.0.1",
    });
    expect(context.get("requestId")).toMatch(/^[\w-]{36}$/);
  });

  test("a time is written as in a common log", () => {
    expect(formatLogTime(0)).toBe("01/Jan/1970:00:00:00 +0000");
  });
});
