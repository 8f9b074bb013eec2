import type { CommandContext } from "../../../scripts/kit/context";
import { checkRollback, findLiveDifferences, type LiveAnswers } from "../../../scripts/deploy/rollback-check";
import type { StateResource } from "../../../scripts/kit/state";

const context = { signal: new AbortController().signal } as CommandContext;
const result = (outputs: Readonly<Record<string, unknown>>) => ({
  exitCode: 0,
  text: "api_endpoint  x",
  json: { applied: true, outputs },
});

test("a rollback that brought about its goal passes, with its time", async () => {
  const found = await checkRollback(context, result({ live_version: "7", settings: { profile: "baseline" } }), {
    to: "baseline",
    seconds: 12.34,
    verify: true,
    settings: { profile: "baseline" },
    outputs: { live_version: "7" },
  });
  expect(found).toMatchObject({
    exitCode: 0,
    text: "Rolled back to baseline in 12.3 s.\napi_endpoint  x",
    json: { seconds: 12.3, verified: true, checks: [] },
  });
});

test("an output with another value fails, with both values", async () => {
  const found = await checkRollback(context, result({ live_version: "8", settings: {} }), {
    to: "version 7 of the worker",
    seconds: 1,
    verify: true,
    outputs: { live_version: "7" },
  });
  expect(found).toMatchObject({
    exitCode: 1,
    text: expect.stringContaining('It is not as it should be:\nlive_version is "8"; expected "7"') as unknown,
  });
});

test("live differences fail; a look that AWS refuses leaves the outcome unknown", async () => {
  const rolledBack = { to: "baseline", seconds: 1, verify: true };
  expect(
    await checkRollback(context, result({}), {
      ...rolledBack,
      look: async () => ["callers of q-worker get version 7"],
    }),
  ).toMatchObject({
    exitCode: 1,
    text: expect.stringContaining("It is not as it should be:\ncallers of q-worker get version 7\n") as unknown,
  });
  expect(await checkRollback(context, result({}), { ...rolledBack, look: async () => [] })).toMatchObject({
    exitCode: 0,
  });
  const denied = async () => Promise.reject(new Error("denied"));
  expect(await checkRollback(context, result({}), { ...rolledBack, look: denied })).toMatchObject({
    exitCode: 3,
    json: { verified: null, checks: ["not looked at: denied"] },
  });
  expect(await checkRollback(context, result({}), { ...rolledBack, verify: false, look: denied })).toMatchObject({
    exitCode: 0,
  });
});

test("an API that does not answer leaves the outcome unknown; with --no-verify nothing is asked", async () => {
  const outputs = { api_endpoint: "http://127.0.0.1:9/live", settings: { aws_region: "us-east-1" } };
  const text = expect.stringMatching(
    /^Rolled back to baseline in 1\.0 s\. It is applied, and what callers get is not known: .*\nhealth: no answer: /,
  ) as unknown;
  expect(await checkRollback(context, result(outputs), { to: "baseline", seconds: 1, verify: true })).toMatchObject({
    exitCode: 3,
    text,
    json: { verified: null },
  });
  const unasked = await checkRollback(context, result(outputs), { to: "baseline", seconds: 1, verify: false });
  expect(unasked).toEqual({
    exitCode: 0,
    text: "Rolled back to baseline in 1.0 s.\napi_endpoint  x",
    json: { applied: true, outputs, to: "baseline", seconds: 1 },
  });
});

test("a wrong output fails, even where the API does not answer", async () => {
  const outputs = { api_endpoint: "http://127.0.0.1:9/live", live_version: "8", settings: {} };
  expect(
    await checkRollback(context, result(outputs), {
      to: "baseline",
      seconds: 1,
      verify: true,
      outputs: { live_version: "7" },
    }),
  ).toMatchObject({ exitCode: 1, json: { verified: false } });
});

describe("differences between live and applied", () => {
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

  test("nothing differs where AWS answers what is applied", () =>
    expect(findLiveDifferences(STATE, AS_APPLIED)).toEqual([]));

  test("an alias to a version of another configuration is named, with advice and without secret values", () => {
    const versions = {
      "aws_lambda_alias.x": {
        version: "6",
        memoryMiB: 3072,
        timeoutSeconds: 900,
        environment: { A: "secret", C: "3" },
      },
    };
    expect(findLiveDifferences(STATE, { ...AS_APPLIED, versions })).toEqual([
      "callers of q-dev-worker get version 6, which is not as applied: memory_size is 3072, applied is 1024, A " +
        "differs, B differs, C differs. It is pinned where live_version is given or a rollback left it: quickturn " +
        "apply --var live_version=null makes the newest version live.",
    ]);
  });

  test("the cache of the stage and the concurrency of the mapping are compared", () => {
    const stages = {
      "aws_api_gateway_stage.x": { cacheClusterEnabled: true, methodSettings: { [PATH]: { cachingEnabled: false } } },
    };
    expect(
      findLiveDifferences(STATE, {
        ...AS_APPLIED,
        stages,
        concurrency: { "aws_lambda_event_source_mapping.x": undefined },
      }),
    ).toEqual([
      "stage live: cache_cluster_enabled is true, applied is false",
      `stage live, ${PATH}: caching_enabled is false, applied is true`,
      `stage live, ${PATH}: cache_ttl_in_seconds is null, applied is 5`,
      "aws_lambda_event_source_mapping.x maximum_concurrency is null, applied is 10",
    ]);
  });
});
