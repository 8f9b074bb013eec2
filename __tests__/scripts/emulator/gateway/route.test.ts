import { readRoutes, RouteTable } from "../../../../scripts/emulator/gateway/route";
import { integration, functionArn } from "../fixtures";
import type { AppliedMethodSettings, MethodSettings } from "../../../../scripts/emulator/applied/api";
import { route } from "./gateway-fixtures";

describe("route table", () => {
  const paths = ["/{proxy+}", "/a/{id}", "/a/fixed", "/a/{id}/more", "/"];
  const table = new RouteTable(
    readRoutes({ paths: Object.fromEntries(paths.map((path) => [path, { get: integration() }])) }, [], () => undefined),
  );

  function match(path: string, method = "GET"): [string, Record<string, string>] | undefined {
    const found = table.match(method, path);
    return found === undefined ? undefined : [found.route.resourcePath, { ...found.pathParameters }];
  }

  test("a literal segment has priority over a variable, and a variable over a greedy one", () => {
    expect(match("/a/fixed")).toEqual(["/a/fixed", {}]);
    expect(match("/a/1")).toEqual(["/a/{id}", { id: "1" }]);
    expect(match("/a/1/more/")).toEqual(["/a/{id}/more", { id: "1" }]);
    expect(match("/b/c/d")).toEqual(["/{proxy+}", { proxy: "b/c/d" }]);
    expect(match("/")).toEqual(["/", {}]);
  });

  test("variables stay percent-encoded, and an encoded slash does not split", () => {
    expect(match("/a/..%2fb%40c")).toEqual(["/a/{id}", { id: "..%2fb%40c" }]);
  });

  test("another method, or an empty segment, is no match", () => {
    expect(match("/a/1", "POST")).toBeUndefined();
    expect(match("/a//more")).toEqual(["/{proxy+}", { proxy: "a//more" }]);
  });
});

describe("route", () => {
  const ON: MethodSettings = {
    cachingEnabled: true,
    cacheTtlSeconds: 5,
    requiresAuthorizationForCacheControl: true,
    cacheControlStrategy: "FAIL_WITH_403",
    throttle: { rate: 5, burst: 5 },
  };
  const forAll: AppliedMethodSettings = { resourcePath: "*", method: "*", settings: ON };
  const own = (method: string, settings: Partial<MethodSettings>): AppliedMethodSettings => ({
    resourcePath: "/echo/{id}",
    method,
    settings: { ...ON, throttle: undefined, ...settings },
  });

  test("security schemes are a signature, a key, both or none, from the operation or else the document", () => {
    const needs = (operation: Record<string, unknown>, document = {}) => {
      const { needsSignature, needsApiKey } = route(operation, { document });
      return [needsSignature, needsApiKey];
    };
    expect(needs({ security: [{ sigv4: [] }] })).toEqual([true, false]);
    expect(needs({ security: [{ sigv4: [], api_key: [] }] })).toEqual([true, true]);
    expect(needs({}, { security: [{ api_key: [] }] })).toEqual([false, true]);
    expect(needs({ security: [] }, { security: [{ api_key: [] }] })).toEqual([false, false]);
    expect(() => needs({ security: [{ other: [] }] })).toThrow(
      'asks for the security scheme "other", ' +
        "which components.securitySchemes does not define (it has: sigv4, api_key).",
    );
  });

  test("a method's settings replace the stage's as a whole", () => {
    expect(route({}, { settings: [forAll] }).settings.throttle?.rate).toBe(5);
    expect(route({}, { settings: [forAll, own("GET", {})] }).settings.throttle).toBeUndefined();
    expect(route().settings.cachingEnabled).toBe(false);
  });

  test("only GET is cached by the stage's settings, any method by its own, and none for 0 seconds", () => {
    expect(route({}, { settings: [forAll] }).cacheable).toBe(true);
    expect(route({}, { settings: [forAll], method: "post" }).cacheable).toBe(false);
    expect(route({}, { settings: [own("POST", {})], method: "post" }).cacheable).toBe(true);
    expect(route({}, { settings: [own("GET", { cacheTtlSeconds: 0 })] }).cacheable).toBe(false);
  });

  test("the integration's function, time-out and cache keys are read", () => {
    const requestParameters = { "integration.request.header.X": "context.identity.userArn" };
    expect(
      route({
        ...integration("api", {
          timeoutInMillis: 60_000,
          cacheKeyParameters: ["integration.request.header.X"],
          requestParameters,
        }),
      }).integration,
    ).toEqual({
      functionArn: functionArn("api"),
      timeoutMs: 29_000,
      cacheNamespace: "/echo/{id}",
      cacheKeyParameters: ["integration.request.header.X"],
      requestParameters,
    });
  });

  test("a cache key without a value is refused by name", () => {
    expect(() => route(integration("api", { cacheKeyParameters: ["integration.request.header.X"] }))).toThrow(
      'GET /echo/{id}: the cache key parameter "integration.request.header.X" has no value.',
    );
  });

  test("another kind of integration is warned of", () => {
    const warnings: string[] = [];
    expect(
      route({ "x-amazon-apigateway-integration": { type: "mock" } }, { warn: (text) => warnings.push(text) })
        .integration,
    ).toBeUndefined();
    expect(warnings[0]).toContain(
      'GET /echo/{id} answers 500: the local runtime emulates Lambda proxy integrations, and this one has type "mock"',
    );
  });
});
