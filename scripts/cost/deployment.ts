import { ARCHITECTURE, AUTHORIZER_MEMORY_MIB, SWEEPER_MEMORY_MIB } from "../../stacks/contract/fixed";
import { KPIS, existingAlarms } from "../../stacks/contract/settings";
import { moduleResources, type StateModule, type StateResource } from "../kit/state";
import { CACHE_SIZES, type CacheSize } from "./prices";
import type { AlarmShape } from "./watching";

/** Processor of the functions, as Lambda names it. */
export type Architecture = "arm64" | "x86_64";

/** What of a deployment decides its cost. */
export interface Deployment {
  /** How it is called in the output: a profile, or `plan`. */
  readonly name: string;
  /** AWS region's code. */
  readonly region: string;
  readonly architecture: Architecture;
  readonly workerMemoryMiB: number;
  readonly workerTimeoutSeconds: number;
  /** 0: the queue is not polled, and no request is worked on. -1: no limit. */
  readonly workerReserved: number;
  readonly workerProvisioned: number;
  readonly frontDoorMemoryMiB: number;
  readonly frontDoorProvisioned: number;
  readonly sweeperMemoryMiB: number;
  /** 0 = all of a phase at once. */
  readonly maxParallelAgents: number;
  /** GB of the cache cluster, which is billed by the hour; null = there is none. */
  readonly cacheClusterGB: CacheSize | null;
  /** Whether status answers are served from it. */
  readonly cacheEnabled: boolean;
  readonly cacheTtlSeconds: number;
  readonly cloudfrontEnabled: boolean;
  /** With `iam` no poll is served from the edge: every signature is another cache key. */
  readonly authorization: string;
  /** With `jwt`: how long API Gateway keeps the authorizer's answer to a token; 0 = not at all. */
  readonly authorizerTtlSeconds: number;
  readonly authorizerMemoryMiB: number;
  readonly heartbeatEnabled: boolean;
  readonly heartbeatEnvironments: number;
  readonly requestRetentionDays: number;
  readonly logRetentionDays: number;
  readonly alarms: readonly AlarmShape[];
  readonly dashboards: number;
  /** Whether X-Ray samples the API and the functions. */
  readonly tracing: boolean;
}

/** What no setting changes: the contract's fixed values, and the stack's one dashboard and tracing. */
export const FIXED_BY_STACK = {
  architecture: ARCHITECTURE,
  sweeperMemoryMiB: SWEEPER_MEMORY_MIB,
  authorizerMemoryMiB: AUTHORIZER_MEMORY_MIB,
  dashboards: 1,
  tracing: true,
} as const satisfies Partial<Deployment>;

/** A deployment of the settings in effect, by name. Throws where one is missing or has another type. */
export function deploymentOf(name: string, settings: Readonly<Record<string, unknown>>): Deployment {
  const read = createReader(settings);
  return {
    name,
    ...FIXED_BY_STACK,
    region: read.text("aws_region"),
    workerMemoryMiB: read.number("memory_size"),
    workerTimeoutSeconds: read.number("timeout"),
    workerReserved: read.number("reserved_concurrent_executions"),
    workerProvisioned: read.number("provisioned_concurrent_executions"),
    frontDoorMemoryMiB: read.number("api_memory_size"),
    frontDoorProvisioned: read.number("api_provisioned_concurrent_executions"),
    maxParallelAgents: read.number("max_parallel_agents"),
    cacheClusterGB: read.flag("cache_cluster_enabled") ? cacheSize(read.text("cache_cluster_size")) : null,
    cacheEnabled: read.flag("cache_enabled") && read.flag("cache_cluster_enabled"),
    cacheTtlSeconds: read.number("cache_ttl_in_seconds"),
    cloudfrontEnabled: read.flag("cloudfront_enabled"),
    authorization: read.text("authorization"),
    // A plan of a release that took no tokens has no such setting.
    authorizerTtlSeconds: read.text("authorization") === "jwt" ? read.number("authorizer_ttl_in_seconds") : 0,
    heartbeatEnabled: read.flag("heartbeat_enabled"),
    heartbeatEnvironments: read.number("heartbeat_environments"),
    requestRetentionDays: read.number("request_retention_in_days"),
    logRetentionDays: read.number("log_retention_in_days"),
    alarms: existingAlarms(KPIS, settings).map(({ metrics, composite }) => ({ metrics, composite })),
  };
}

/** A cache cluster's size that has a price. Throws on any other. */
export function cacheSize(text: string): CacheSize {
  const size = CACHE_SIZES.find((known) => known === text);
  if (size === undefined)
    throw new Error(
      `The cache cluster's size is ${JSON.stringify(text)}; allowed: one of ${CACHE_SIZES.join(", ")} (GB)`,
    );
  return size;
}

function createReader(settings: Readonly<Record<string, unknown>>) {
  const typed = <T>(name: string, type: "number" | "string" | "boolean"): T => {
    const value = settings[name];
    if (typeof value !== type)
      throw new Error(
        `The setting ${name} is ${JSON.stringify(value) ?? "missing"}; allowed: a ${type}. Give the settings in ` +
          `effect, as the output "settings" has them`,
      );
    return value as T;
  };
  return {
    number: (name: string) => typed<number>(name, "number"),
    text: (name: string) => typed<string>(name, "string"),
    flag: (name: string) => typed<boolean>(name, "boolean"),
  };
}

type Values = Readonly<Record<string, unknown>>;

interface Root {
  readonly outputs?: Readonly<Record<string, { readonly value?: unknown }>>;
  readonly root_module?: StateModule;
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
interface PlannedDeployment {
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
      `The file is neither a plan nor a state: it has ${describeFields(document)}; allowed: what "terraform show ` +
        `-json <plan file>" or "terraform show -json" prints, with planned_values or values`,
    );
  }
  const resources = moduleResources(root.root_module);
  const settings = root.outputs?.["settings"]?.value;
  if (typeof settings !== "object" || settings === null) {
    throw new Error(
      `The plan has no known output "settings"; its outputs are ` +
        `${Object.keys(root.outputs ?? {}).join(", ") || "none"}. Give a plan of the stack agent-api that does not ` +
        "destroy it",
    );
  }
  const attributes = readAttributes(resources, shown);
  const deployment = readResources(deploymentOf("plan", settings as Values), attributes);
  return { deployment, unknown: attributes.unknown };
}

type Attributes = ReturnType<typeof readAttributes>;

/** Reads attributes; where a value is unknown until the apply, notes it and gives the value of the settings. */
function readAttributes(resources: readonly StateResource[], { resource_changes: changes = [] }: Shown) {
  const marks = new Map(changes.map(({ address, change }) => [address, change.after_unknown ?? {}]));
  const unknown: string[] = [];
  const all = (type: string, prefix = "") =>
    resources.filter((resource) => resource.type === type && resource.name.startsWith(prefix));
  const read = <T>({ address, values }: StateResource, attribute: string, otherwise: T): T => {
    if (marks.get(address)?.[attribute] === true) {
      unknown.push(
        `${address}.${attribute} is known after the apply; the setting's ${JSON.stringify(otherwise)} was taken`,
      );
      return otherwise;
    }
    return (values[attribute] ?? otherwise) as T;
  };
  return {
    read,
    unknown,
    /** The only resource of the type whose name begins so. Throws where there is none. */
    one(type: string, prefix: string): StateResource {
      const [found] = all(type, prefix);
      if (found) return found;
      const others = all(type).map(({ address }) => address);
      throw new Error(
        `The plan has no ${type} whose name begins with "${prefix}"; it has ` +
          `${others.join(", ") || "none of that type"}. Give a plan of the stack agent-api`,
      );
    },
    all,
  };
}

function readResources(settings: Deployment, attributes: Attributes): Deployment {
  const { read, one, all } = attributes;
  const [worker, frontDoor, sweeper] = ["worker_", "api_", "sweeper_"].map((name) =>
    one("aws_lambda_function", name),
  ) as [StateResource, StateResource, StateResource];
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
    ...readCache(settings, attributes),
    cloudfrontEnabled: all("aws_cloudfront_distribution").length > 0,
    heartbeatEnabled: read(rule, "state", settings.heartbeatEnabled ? "ENABLED" : "DISABLED") === "ENABLED",
    heartbeatEnvironments: all("aws_cloudwatch_event_target", "worker_heartbeat").length,
    alarms: readAlarms(attributes),
    dashboards: all("aws_cloudwatch_dashboard").length,
    tracing: read(one("aws_api_gateway_stage", ""), "xray_tracing_enabled", settings.tracing),
  };
}

function readCache(
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
function readAlarms({ read, all }: Attributes): AlarmShape[] {
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

function describeFields(document: unknown): string {
  if (typeof document !== "object" || document === null) return JSON.stringify(document) ?? "nothing";
  return `the fields ${Object.keys(document).slice(0, 8).join(", ") || "(none)"}`;
}
