import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  cacheSize,
  deploymentOf,
  FIXED_BY_STACK,
  plannedDeployment,
  type Deployment,
} from "../../../scripts/cost/deployment";
import { deployed, settingsOf } from "./fixtures";

describe("deployment", () => {
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
    expect(deployed("optimized", { cache_enabled: false })).toMatchObject({
      cacheClusterGB: "0.5",
      cacheEnabled: false,
    });
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
});

describe("planned", () => {
  /**
   * Real ones: the stack planned with `-var profile=low_latency -var cache_cluster_size=1.6`, and applied as it is, by
   * terraform 1.11.4 against moto, which has no composite alarms, so the state was applied with `alarm_burn_rates=false`;
   * of `terraform show -json`, the resource types and attributes below were kept. To make them again: node -e 'const
   * p=JSON.parse(require("fs").readFileSync(0)),A=["memory_size","architectures","timeout","reserved_concurrent_executions","provisioned_concurrent_executions","cache_cluster_enabled","cache_cluster_size","xray_tracing_enabled","method_path","settings","state","metric_name","metric_query","period"],T=/^aws_(lambda_function|lambda_provisioned_concurrency_config|api_gateway_stage|api_gateway_method_settings|cloudwatch_metric_alarm|cloudwatch_composite_alarm|cloudwatch_dashboard|cloudwatch_event_rule|cloudwatch_event_target)$/,k=(o={})=>Object.fromEntries(Object.entries(o).filter(([n])=>A.includes(n))),f=p.planned_values?"planned_values":"values",r=p[f];console.log(JSON.stringify({format_version:p.format_version,terraform_version:p.terraform_version,[f]:{outputs:{settings:{value:r.outputs.settings.value}},root_module:{resources:r.root_module.resources.filter(x=>T.test(x.type)).map(({address,mode,type,name,values})=>({address,mode,type,name,values:k(values)}))}},resource_changes:p.resource_changes?.filter(x=>T.test(x.type)).map(({address,change})=>({address,change:{after_unknown:k(change.after_unknown)}}))},null,1))'
   * < shown.json
   */
  interface Shown {
    planned_values: {
      outputs: Record<string, unknown>;
      root_module: {
        resources: { address: string; type: string; name: string; mode: string; values: Record<string, unknown> }[];
      };
    };
    resource_changes: { address: string; change: { after_unknown: Record<string, unknown> } }[];
  }
  const read = (name: string) => JSON.parse(readFileSync(join(__dirname, name), "utf8")) as Shown;
  const plan = () => read("low-latency.plan.json");
  const resource = (shown: Shown, address: string) =>
    shown.planned_values.root_module.resources.find((each) => each.address === address)!;

  /** Terraform lists alarms in an order of its own. */
  const sorted = ({ alarms, ...deployment }: Deployment) => ({
    ...deployment,
    name: "",
    alarms: alarms.map(({ metrics, composite = false }) => `${metrics}${composite ? " composite" : ""}`).sort(),
  });

  test("a plan of the profile low_latency is what its settings say", () => {
    const { deployment, unknown } = plannedDeployment(plan());
    expect(sorted(deployment)).toEqual(sorted(deployed("low_latency", { cache_cluster_size: "1.6" })));
    expect(unknown).toEqual([]);
  });

  test("a state is read as a plan is", () => {
    expect(sorted(plannedDeployment(read("optimized.state.json")).deployment)).toEqual(
      sorted(deployed("optimized", { alarm_burn_rates: false })),
    );
  });

  test("what is planned counts, not what the settings say", () => {
    const changed = plan();
    Object.assign(resource(changed, "aws_lambda_function.worker_function").values, {
      memory_size: 1_024,
      architectures: ["x86_64"],
      reserved_concurrent_executions: 7,
    });
    Object.assign(
      resource(changed, "aws_lambda_provisioned_concurrency_config.worker_live_provisioned_concurrency[0]").values,
      { provisioned_concurrent_executions: 9 },
    );
    Object.assign(resource(changed, "aws_api_gateway_stage.live_stage").values, {
      cache_cluster_size: "6.1",
      xray_tracing_enabled: false,
    });
    Object.assign(resource(changed, "aws_cloudwatch_event_rule.worker_heartbeat_rule").values, { state: "DISABLED" });
    expect(plannedDeployment(changed).deployment).toMatchObject({
      workerMemoryMiB: 1_024,
      architecture: "x86_64",
      workerReserved: 7,
      workerProvisioned: 9,
      frontDoorProvisioned: 1,
      cacheClusterGB: "6.1",
      tracing: false,
      heartbeatEnabled: false,
    });
  });

  test("without a cluster nothing is cached, and without its resource nothing is kept", () => {
    const changed = plan();
    Object.assign(resource(changed, "aws_api_gateway_stage.live_stage").values, {
      cache_cluster_enabled: false,
      cache_cluster_size: null,
    });
    const { resources } = changed.planned_values.root_module;
    changed.planned_values.root_module.resources = resources.filter(
      ({ type }) => type !== "aws_lambda_provisioned_concurrency_config",
    );
    expect(plannedDeployment(changed).deployment).toMatchObject({
      cacheClusterGB: null,
      cacheEnabled: false,
      workerProvisioned: 0,
      frontDoorProvisioned: 0,
    });
  });

  test("an alarm over an expression counts its metrics, one below a minute is of high resolution, and a composite one is one", () => {
    const changed = plan();
    const { root_module: module } = changed.planned_values;
    const alarm = resource(changed, "aws_cloudwatch_metric_alarm.alarm_api_5xx[0]");
    const errors = resource(changed, "aws_cloudwatch_metric_alarm.alarm_worker_errors[0]");
    module.resources = [...module.resources.filter(({ type }) => !type.endsWith("_alarm")), alarm, errors];
    const metric = (period: number) => ({ metric: [{ period }] });
    alarm.values = { metric_query: [{ expression: "m1 / m2", metric: [] }, metric(60), metric(60)], period: null };
    errors.values = { metric_query: [metric(10)], period: null };
    module.resources.push({
      ...alarm,
      address: "aws_cloudwatch_composite_alarm.any",
      type: "aws_cloudwatch_composite_alarm",
      name: "any",
      values: {},
    });
    expect(plannedDeployment(changed).deployment.alarms).toEqual([
      { metrics: 2 },
      { metrics: 1, highResolution: true },
      { metrics: 0, composite: true },
    ]);
  });

  test("what is known only after the apply is named, with what was taken instead", () => {
    const changed = plan();
    const { after_unknown: marks } = changed.resource_changes.find(
      ({ address }) => address === "aws_lambda_function.worker_function",
    )!.change;
    marks["memory_size"] = true;
    delete resource(changed, "aws_lambda_function.worker_function").values["memory_size"];
    const { deployment, unknown } = plannedDeployment(changed);
    expect(deployment.workerMemoryMiB).toBe(3_072);
    expect(unknown).toEqual([
      "aws_lambda_function.worker_function.memory_size is known after the apply; the setting's 3072 was taken",
    ]);
  });

  test("a module's resources count too", () => {
    const { planned_values: values, ...rest } = plan();
    const nested = { ...rest, planned_values: { ...values, root_module: { child_modules: [values.root_module] } } };
    expect(plannedDeployment(nested).deployment).toEqual(plannedDeployment(plan()).deployment);
  });

  describe("refused", () => {
    test.each([
      [{ name: "quickturn" }, "it has the fields name; allowed"],
      [{}, "it has the fields (none); allowed"],
      [[], "it has the fields (none); allowed"],
      ["text", 'it has "text"; allowed'],
      [null, "it has null; allowed"],
      [{ format_version: "1.2" }, "it has the fields format_version; allowed"],
    ])("%j is neither a plan nor a state", (document, message) => {
      expect(() => plannedDeployment(document)).toThrow(message);
      expect(() => plannedDeployment(document)).toThrow(
        'what "terraform show -json <plan file>" or "terraform show -json" prints, with planned_values or values',
      );
    });

    test("a plan of another stack, or of a destruction", () => {
      const other = plan();
      other.planned_values.outputs = { bucket: {} };
      expect(() => plannedDeployment(other)).toThrow(
        'The plan has no known output "settings"; its outputs are bucket. Give a plan of the stack agent-api',
      );
      const empty = plan();
      empty.planned_values.root_module.resources = [];
      expect(() => plannedDeployment(empty)).toThrow(
        'The plan has no aws_lambda_function whose name begins with "worker_"; it has none of that type.',
      );
    });
  });
});
