import { ARCHITECTURE, AUTHORIZER_MEMORY_MIB, SWEEPER_MEMORY_MIB } from "../../stacks/contract/fixed";
import { KPIS, existingAlarms } from "../../stacks/contract/settings";
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
  const read = reader(settings);
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

function reader(settings: Readonly<Record<string, unknown>>) {
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
