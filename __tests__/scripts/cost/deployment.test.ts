import { readFileSync } from "node:fs";
import { join } from "node:path";
import { FIXED_BY_STACK, cacheSize, deploymentOf } from "../../../scripts/cost/deployment";
import { deployed, settingsOf } from "./fixtures";

test("a profile's settings decide what is deployed", () => {
  expect(deployed("baseline")).toMatchObject({
    workerMemoryMiB: 1_024,
    workerReserved: 10,
    cacheClusterGB: null,
    cacheEnabled: false,
    maxParallelAgents: 1,
    heartbeatEnabled: false,
    workerProvisioned: 0,
  });
  expect(deployed("low_latency")).toMatchObject({
    workerMemoryMiB: 3_072,
    workerReserved: 50,
    cacheClusterGB: "0.5",
    cacheEnabled: true,
    maxParallelAgents: 0,
    heartbeatEnabled: true,
    workerProvisioned: 2,
    frontDoorProvisioned: 1,
  });
});

test("a cluster costs while nothing is cached, and nothing is cached without one", () => {
  expect(deployed("optimized", { cache_enabled: false })).toMatchObject({ cacheClusterGB: "0.5", cacheEnabled: false });
  expect(deployed("optimized", { cache_cluster_enabled: false })).toMatchObject({
    cacheClusterGB: null,
    cacheEnabled: false,
  });
});

test("what no setting changes is as in the stack", () => {
  const golden = readFileSync(join(__dirname, "../../stacks/agent-api-stack.golden.json"), "utf8");
  const { resource } = JSON.parse(golden) as { resource: Record<string, Record<string, Record<string, unknown>>> };
  expect(Object.keys(resource["aws_cloudwatch_dashboard"] ?? {})).toHaveLength(FIXED_BY_STACK.dashboards);
  const functions = resource["aws_lambda_function"] ?? {};
  for (const each of Object.values(functions))
    expect(each).toMatchObject({ architectures: [FIXED_BY_STACK.architecture], tracing_config: { mode: "Active" } });
  expect(functions["sweeper_function"]).toMatchObject({ memory_size: FIXED_BY_STACK.sweeperMemoryMiB });
  expect(Object.values(resource["aws_api_gateway_stage"] ?? {})).toEqual([
    expect.objectContaining({ xray_tracing_enabled: FIXED_BY_STACK.tracing }),
  ]);
});

test("the alarms are those of the stack, each with as many metrics", () => {
  const golden = readFileSync(join(__dirname, "../../stacks/agent-api-stack.golden.json"), "utf8");
  const { resource } = JSON.parse(golden) as {
    resource: Record<string, Record<string, { metric_query?: { metric?: unknown }[] }>>;
  };
  const simple = Object.values(resource["aws_cloudwatch_metric_alarm"] ?? {}).map(
    ({ metric_query: queries = [{ metric: true }] }) => queries.filter(({ metric }) => metric).length,
  );
  const all = deployed("low_latency", { alarm_set: "full", token_quota_per_minute: 1, authorization: "jwt" }).alarms;
  expect(simple.length).toBeGreaterThan(20);
  expect(
    all
      .filter(({ composite }) => !composite)
      .map(({ metrics }) => metrics)
      .sort(),
  ).toEqual(simple.sort());
  expect(all.filter(({ composite }) => composite)).toHaveLength(
    Object.keys(resource["aws_cloudwatch_composite_alarm"] ?? {}).length,
  );
});

test("a setting that is missing or of another type is refused by name", () => {
  expect(() => deploymentOf("x", { ...settingsOf("optimized"), memory_size: "3072" })).toThrow(
    'The setting memory_size is "3072"; allowed: a number.',
  );
  expect(() => deploymentOf("x", {})).toThrow("The setting aws_region is missing; allowed: a string.");
});

test("a size that no cluster has is refused", () => {
  expect(() => cacheSize("2")).toThrow(
    'The cache cluster\'s size is "2"; allowed: one of 0.5, 1.6, 6.1, 13.5, 28.4, 58.2, 118, 237 (GB)',
  );
});
