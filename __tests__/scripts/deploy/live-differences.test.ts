import { liveDifferences, type LiveAnswers } from "../../../scripts/deploy/live-differences";
import type { StateResource } from "../../../scripts/kit/state";

const resource = (type: string, values: Readonly<Record<string, unknown>>, name = "x"): StateResource => ({
  address: `${type}.${name}`,
  type,
  name,
  values,
  dependsOn: [],
});
const PATH = "~1api~1v1~1status~1{request_id}/GET";
const STATE = [
  resource("aws_lambda_function", {
    function_name: "q-dev-worker",
    memory_size: 1024,
    timeout: 900,
    environment: [{ variables: { A: "1", B: "2" } }],
  }),
  resource("aws_lambda_alias", { function_name: "q-dev-worker", name: "live" }),
  resource("aws_api_gateway_stage", { rest_api_id: "api", stage_name: "live", cache_cluster_enabled: false }),
  resource("aws_api_gateway_method_settings", {
    rest_api_id: "api",
    method_path: PATH,
    settings: [{ caching_enabled: true, cache_ttl_in_seconds: 5 }],
  }),
  resource("aws_lambda_event_source_mapping", { uuid: "u", scaling_config: [{ maximum_concurrency: 10 }] }),
];
const AS_APPLIED: LiveAnswers = {
  versions: {
    "aws_lambda_alias.x": { version: "7", memoryMiB: 1024, timeoutSeconds: 900, environment: { A: "1", B: "2" } },
  },
  stages: {
    "aws_api_gateway_stage.x": {
      cacheClusterEnabled: false,
      methodSettings: { [PATH]: { cachingEnabled: true, cacheTtlInSeconds: 5 } },
    },
  },
  concurrency: { "aws_lambda_event_source_mapping.x": 10 },
};

test("what is as applied differs in nothing", () => expect(liveDifferences(STATE, AS_APPLIED)).toEqual([]));

test("an alias that sends callers to a version of another configuration is named, with the way out, and no value of the environment", () => {
  const versions = {
    "aws_lambda_alias.x": { version: "6", memoryMiB: 3072, timeoutSeconds: 900, environment: { A: "secret", C: "3" } },
  };
  expect(liveDifferences(STATE, { ...AS_APPLIED, versions })).toEqual([
    "callers of q-dev-worker get version 6, which is not as applied: memory_size is 3072, applied is 1024, A is another one, B is another one, C is another one. It is pinned where live_version is given or a rollback left it: quickturn apply --var live_version=null makes the newest version live.",
  ]);
});

test("so are the stage's cache and how many messages are worked on at once", () => {
  const stages = {
    "aws_api_gateway_stage.x": { cacheClusterEnabled: true, methodSettings: { [PATH]: { cachingEnabled: false } } },
  };
  expect(
    liveDifferences(STATE, { ...AS_APPLIED, stages, concurrency: { "aws_lambda_event_source_mapping.x": undefined } }),
  ).toEqual([
    "stage live: cache_cluster_enabled is true, applied is false",
    `stage live, ${PATH}: caching_enabled is false, applied is true`,
    `stage live, ${PATH}: cache_ttl_in_seconds is null, applied is 5`,
    "aws_lambda_event_source_mapping.x maximum_concurrency is null, applied is 10",
  ]);
});
