import type { AlarmShape } from "./watching";
import { cacheSize, deploymentOf, type Architecture, type Deployment } from "./deployment";
import { monthlyBill, type Bill } from "./bill";
import { compareBills, type BillDifference } from "./comparison";
import type { Usage } from "./usage";

type Values = Readonly<Record<string, unknown>>;

interface Resource {
  readonly address: string;
  readonly type: string;
  readonly mode: string;
  readonly name: string;
  readonly values: Values;
}

interface Module {
  readonly resources?: readonly Resource[];
  readonly child_modules?: readonly Module[];
}

interface Root {
  readonly outputs?: Readonly<Record<string, { readonly value?: unknown }>>;
  readonly root_module?: Module;
}

/** What `terraform show -json` gives of a plan (`planned_values`) or of a state (`values`). */
interface Shown {
  readonly format_version?: unknown;
  readonly planned_values?: Root;
  readonly values?: Root;
  readonly resource_changes?: readonly {
    readonly address: string;
    readonly change: { readonly after_unknown?: Values };
  }[];
}

/** A planned deployment, and which of its values are not known before the apply. */
export interface PlannedDeployment {
  readonly deployment: Deployment;
  /** `<address>.<attribute>`, each with what was taken instead. */
  readonly unknown: readonly string[];
}

/**
 * Reads a deployment of this stack out of `terraform show -json`, a plan's or a state's: from its resources, and what
 * no resource has (such as the retention of records) from its output `settings`. Throws where it is neither, or of
 * another stack.
 */
export function plannedDeployment(document: unknown): PlannedDeployment {
  const shown = document as Shown | null;
  const root = shown?.planned_values ?? shown?.values;
  if (typeof shown?.format_version !== "string" || typeof root?.root_module !== "object") {
    throw new Error(
      `The file is neither a plan nor a state: it has ${described(document)}; allowed: what "terraform show ` +
        `-json <plan file>" or "terraform show -json" prints, with planned_values or values`,
    );
  }
  const resources = resourcesOf(root.root_module).filter(({ mode }) => mode === "managed");
  const settings = root.outputs?.["settings"]?.value;
  if (typeof settings !== "object" || settings === null) {
    throw new Error(
      `The plan has no known output "settings"; its outputs are ` +
        `${Object.keys(root.outputs ?? {}).join(", ") || "none"}. Give a plan of the stack agent-api that does not ` +
        "destroy it",
    );
  }
  const attributes = attributeReader(resources, shown);
  const deployment = overlay(deploymentOf("plan", settings as Values), attributes);
  return { deployment, unknown: attributes.unknown() };
}

type Attributes = ReturnType<typeof attributeReader>;

/** Reads attributes; where a value is unknown until the apply, notes it and gives the value of the settings. */
function attributeReader(resources: readonly Resource[], { resource_changes: changes = [] }: Shown) {
  const marks = new Map(changes.map(({ address, change }) => [address, change.after_unknown ?? {}]));
  const unknown: string[] = [];
  const read = <T>({ address, values }: Resource, attribute: string, otherwise: T): T => {
    if (marks.get(address)?.[attribute] === true) {
      unknown.push(
        `${address}.${attribute} is known after the apply; the setting's ${JSON.stringify(otherwise)} was taken`,
      );
      return otherwise;
    }
    const value = values[attribute];
    return (value ?? otherwise) as T;
  };
  return {
    read,
    unknown: () => unknown,
    /** The only resource of the type whose name begins so. Throws where there is none. */
    one(type: string, prefix: string): Resource {
      const found = resources.find((resource) => resource.type === type && resource.name.startsWith(prefix));
      if (!found)
        throw new Error(
          `The plan has no ${type} whose name begins with "${prefix}"; it has ${
            resources
              .filter((each) => each.type === type)
              .map(({ address }) => address)
              .join(", ") || "none of that type"
          }. Give a plan of the stack agent-api`,
        );
      return found;
    },
    all: (type: string, prefix = "") =>
      resources.filter((resource) => resource.type === type && resource.name.startsWith(prefix)),
  };
}

function overlay(settings: Deployment, attributes: Attributes): Deployment {
  const { read, one, all } = attributes;
  const [worker, frontDoor, sweeper] = ["worker_", "api_", "sweeper_"].map((name) =>
    one("aws_lambda_function", name),
  ) as [Resource, Resource, Resource];
  const provisioned = (prefix: string, otherwise: number) =>
    all("aws_lambda_provisioned_concurrency_config", prefix).reduce(
      (sum, config) => sum + read(config, "provisioned_concurrent_executions", otherwise),
      0,
    );
  const rule = one("aws_cloudwatch_event_rule", "worker_heartbeat");
  return {
    ...settings,
    architecture:
      read<readonly Architecture[]>(worker, "architectures", [settings.architecture])[0] ?? settings.architecture,
    workerMemoryMiB: read(worker, "memory_size", settings.workerMemoryMiB),
    workerTimeoutSeconds: read(worker, "timeout", settings.workerTimeoutSeconds),
    workerReserved: read(worker, "reserved_concurrent_executions", settings.workerReserved),
    workerProvisioned: provisioned("worker_", settings.workerProvisioned),
    frontDoorMemoryMiB: read(frontDoor, "memory_size", settings.frontDoorMemoryMiB),
    frontDoorProvisioned: provisioned("api_", settings.frontDoorProvisioned),
    sweeperMemoryMiB: read(sweeper, "memory_size", settings.sweeperMemoryMiB),
    authorizerMemoryMiB: all("aws_lambda_function", "authorizer_").reduce(
      (_, authorizer) => read(authorizer, "memory_size", settings.authorizerMemoryMiB),
      settings.authorizerMemoryMiB,
    ),
    ...cacheOf(settings, attributes),
    cloudfrontEnabled: all("aws_cloudfront_distribution").length > 0,
    heartbeatEnabled: read(rule, "state", settings.heartbeatEnabled ? "ENABLED" : "DISABLED") === "ENABLED",
    heartbeatEnvironments: all("aws_cloudwatch_event_target", "worker_heartbeat").length,
    alarms: alarmsOf(attributes),
    dashboards: all("aws_cloudwatch_dashboard").length,
    tracing: read(one("aws_api_gateway_stage", ""), "xray_tracing_enabled", settings.tracing),
  };
}

function cacheOf(
  settings: Deployment,
  { read, one }: Attributes,
): Pick<Deployment, "cacheClusterGB" | "cacheEnabled" | "cacheTtlSeconds"> {
  const stage = one("aws_api_gateway_stage", "");
  const hasCluster = read(stage, "cache_cluster_enabled", settings.cacheClusterGB !== null);
  const cacheClusterGB = hasCluster
    ? cacheSize(read<string>(stage, "cache_cluster_size", settings.cacheClusterGB ?? "0.5"))
    : null;
  const method = one("aws_api_gateway_method_settings", "live_status");
  const [methodSettings = {}] = read<readonly Values[]>(method, "settings", []);
  return {
    cacheClusterGB,
    cacheEnabled:
      cacheClusterGB !== null && ((methodSettings["caching_enabled"] as boolean | undefined) ?? settings.cacheEnabled),
    cacheTtlSeconds: (methodSettings["cache_ttl_in_seconds"] as number | undefined) ?? settings.cacheTtlSeconds,
  };
}

/** An alarm reads its metric, or those of its queries that name one. */
function alarmsOf({ read, all }: Attributes): AlarmShape[] {
  const simple = all("aws_cloudwatch_metric_alarm").map((alarm): AlarmShape => {
    const queries = read<readonly Values[]>(alarm, "metric_query", []).filter(
      ({ metric }) => Array.isArray(metric) && metric.length > 0,
    );
    const periods = queries.flatMap(({ metric }) => (metric as readonly Values[]).map(({ period }) => Number(period)));
    const seconds = Math.min(read(alarm, "period", 60) || 60, ...periods);
    return { metrics: Math.max(1, queries.length), ...(seconds < 60 && { highResolution: true }) };
  });
  return [...simple, ...all("aws_cloudwatch_composite_alarm").map(() => ({ metrics: 0, composite: true }))];
}

const resourcesOf = ({ resources = [], child_modules: children = [] }: Module): Resource[] => [
  ...resources,
  ...children.flatMap(resourcesOf),
];

function described(document: unknown): string {
  if (typeof document !== "object" || document === null) return JSON.stringify(document) ?? "nothing";
  return `the fields ${Object.keys(document).slice(0, 8).join(", ") || "(none)"}`;
}

/** What a plan does to the bill. */
export interface PlanCost {
  /** As it is now, by volume; empty where nothing is applied yet. */
  readonly before: readonly Bill[];
  /** After the apply, by volume. */
  readonly after: readonly Bill[];
  /** By volume; empty where nothing is applied yet. */
  readonly differences: readonly BillDifference[];
  /** What was taken for values that are known after the apply. */
  readonly unknown: readonly string[];
}

/**
 * Reckons a month before and after a plan, from the state that it was made on and what it plans.
 * Throws where the plan is of another stack or destroys it.
 * @param volumes requests a month
 */
export function planCost(plan: unknown, usage: Usage, volumes: readonly number[]): PlanCost {
  const { deployment, unknown } = plannedDeployment(plan);
  const after = volumes.map((requests) => monthlyBill(deployment, usage, requests));
  const before = isDeployed(plan)
    ? volumes.map((requests) => monthlyBill(plannedDeployment(priorState(plan)).deployment, usage, requests))
    : [];
  return { before, after, differences: before.map((bill, index) => compareBills(bill, after[index]!)), unknown };
}

const priorState = (plan: unknown): unknown => (plan as { prior_state?: unknown }).prior_state;

/** An apply that was cut short before its outputs has none to read the settings from. */
function isDeployed(plan: unknown): boolean {
  const state = priorState(plan) as { values?: { outputs?: Readonly<Record<string, unknown>> } } | undefined;
  return state?.values?.outputs?.["settings"] !== undefined;
}
