import {
  parseMethodPath,
  readApi,
  readApiKeys,
  readMethodSettings,
  readStage,
} from "../../../../scripts/emulator/applied/api";
import { State } from "../../../../scripts/emulator/applied/applied";
import { API_ARN, methodSettings, resource, restApi, state } from "../fixtures";

test("a method path is read in the provider's form and with ~1", () => {
  expect(parseMethodPath("*/*")).toEqual({ resourcePath: "*", method: "*" });
  for (const path of [
    "api/v1/status/{request_id}/GET",
    "/api/v1/status/{request_id}/GET",
    "~1api~1v1~1status~1{request_id}/GET",
  ]) {
    expect(parseMethodPath(path)).toEqual({ resourcePath: "/api/v1/status/{request_id}", method: "GET" });
  }
  expect(parseMethodPath("~1/GET")).toEqual({ resourcePath: "/", method: "GET" });
});

test("the API, its stage and its settings are read", () => {
  const applied = State.parse(
    state(
      restApi(
        { paths: { "/x": {} } },
        {
          cache_cluster_enabled: true,
          cache_cluster_size: "0.5",
          access_log_settings: [{ format: "$context.status" }],
          variables: { a: "b" },
        },
      ),
      methodSettings("*/*", {
        throttling_rate_limit: -1,
        caching_enabled: true,
        cache_ttl_in_seconds: 5,
        unauthorized_cache_control_header_strategy: "FAIL_WITH_403",
      }),
    ),
  );
  expect(readApi(applied)).toMatchObject({ id: "api1", executionArn: API_ARN, document: { paths: { "/x": {} } } });
  expect(readStage(applied)).toEqual({
    name: "local",
    cacheClusterEnabled: true,
    cacheClusterSize: "0.5",
    accessLogFormat: "$context.status",
    variables: { a: "b" },
  });
  expect(readMethodSettings(applied)[0]!.settings).toEqual({
    cachingEnabled: true,
    cacheTtlSeconds: 5,
    requiresAuthorizationForCacheControl: true,
    cacheControlStrategy: "FAIL_WITH_403",
    throttle: undefined,
  });
});

test("a body that is not JSON, or has no paths, is an error that names the resource", () => {
  const read = (body: string) => () =>
    readApi(State.parse(state(resource("aws_api_gateway_rest_api", "api", { id: "a", execution_arn: "e", body }))));
  expect(read("openapi: 3.0.1")).toThrow(
    "aws_api_gateway_rest_api.api: the local runtime reads an OpenAPI body in JSON, " +
      'and this body begins "openapi: 3.0.1"',
  );
  expect(read("{}")).toThrow('aws_api_gateway_rest_api.api: its OpenAPI body has no "paths".');
});

test("only enabled keys in a usage plan of the stage count", () => {
  const key = (id: string, enabled: boolean) =>
    resource("aws_api_gateway_api_key", id, { id, value: `value-${id}`, enabled });
  const plan = (id: string, stage: string) =>
    resource("aws_api_gateway_usage_plan", id, {
      id,
      api_stages: [{ api_id: "api1", stage }],
      throttle_settings: [{ rate_limit: 5, burst_limit: 6 }],
    });
  const link = (key_id: string, usage_plan_id: string) =>
    resource("aws_api_gateway_usage_plan_key", key_id, { key_id, usage_plan_id });
  const applied = State.parse(
    state(
      restApi({ paths: {} }),
      key("a", true),
      key("b", false),
      key("c", true),
      key("d", true),
      plan("p", "local"),
      plan("q", "other"),
      link("a", "p"),
      link("b", "p"),
      link("c", "q"),
    ),
  );
  expect(readApiKeys(applied, readApi(applied), readStage(applied))).toEqual([
    { id: "a", value: "value-a", plan: { id: "p", throttle: { rate: 5, burst: 6 }, quota: undefined } },
  ]);
});
