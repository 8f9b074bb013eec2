import { numberBetween, type Setting } from "./setting";

/**
 * Rule: Lambda refuses provisioned concurrency on an alias with two versions.
 * @param inEffect Terraform expression of the provisioned number in effect
 */
export const weightedAliasIsNotProvisioned = (
  weight: string,
  provisioned: string,
  inEffect = effective(provisioned),
) => ({
  condition: `coalesce(var.${weight}, 0) == 0 || ${inEffect} == 0`,
  message:
    `allowed while ${provisioned} is above 0: only 0, because Lambda takes no provisioned concurrency on an alias ` +
    `with weights; set ${provisioned} to 0 during the canary`,
});

/** Rule: without a pin both versions of a canary would be the newest. */
export const canaryNeedsPin = (weight: string, version: string) => ({
  condition: `coalesce(var.${weight}, 0) == 0 || var.${version} != null`,
  message:
    `allowed above 0 only with ${version}, the stable version that keeps the rest of the traffic; set ${version} ` +
    "too",
});

/**
 * Terraform expression for the value in effect of a setting that follows the profile, for use in a validation. It reads
 * no local, because a local reads the variable that is validated. An unknown profile is left to `profile`'s own rule.
 */
export function effective(name: string): string {
  return `coalesce(var.${name}, lookup(local.profiles, var.profile, local.profiles.optimized).${name})`;
}

const provisionedFitsReserved = (provisioned: string, reserved: string) => ({
  condition: `${effective(reserved)} == -1 || ${effective(provisioned)} <= ${effective(reserved)}`,
  message:
    `allowed: at most ${reserved}, now \${${effective(reserved)}}; raise that or lower this (in effect ` +
    `\${${effective(provisioned)}})`,
});

/** The two functions: their size, their number, and which version is live. */
export const computeSettings = [
  {
    name: "memory_size",
    ...numberBetween(128, 10240, "MiB"),
    description: "Memory of the worker, and with it its share of CPU (1,769 MiB = one vCPU).",
    profiles: { baseline: 1024, optimized: 3072, low_latency: 3072 },
    effect: "new version",
  },
  {
    name: "timeout",
    ...numberBetween(30, 900, "seconds"),
    description: "How long the worker may take for one request; the queue's visibility time-out is six times as long.",
    value: 900,
    effect: "new version",
  },
  {
    name: "reserved_concurrent_executions",
    ...numberBetween(-1, 1000, "executions"),
    description:
      "How many workers may run at once, and how many are kept free for them; -1 = no reservation, 0 = stop: " +
      "requests wait in the queue.",
    profiles: { baseline: 10, optimized: 50, low_latency: 50 },
    effect: "in place",
  },
  {
    name: "provisioned_concurrent_executions",
    ...numberBetween(0, 1000, "executions"),
    description: "How many workers are kept initialized, at a price; 0 = none.",
    profiles: { baseline: 0, optimized: 0, low_latency: 2 },
    effect: "minutes",
    rules: [provisionedFitsReserved("provisioned_concurrent_executions", "reserved_concurrent_executions")],
  },
  {
    name: "live_version",
    ...numberBetween(1, 1_000_000, "version"),
    description: "Version of the worker that is live; null = the newest.",
    value: null,
    effect: "alias",
  },
  {
    name: "canary_weight",
    ...numberBetween(0, 1, "share"),
    fractional: true,
    description: "Share of the worker's traffic that goes to the newest version while live_version keeps the rest.",
    value: 0,
    effect: "alias",
    rules: [
      canaryNeedsPin("canary_weight", "live_version"),
      weightedAliasIsNotProvisioned("canary_weight", "provisioned_concurrent_executions"),
    ],
  },
  {
    name: "api_memory_size",
    ...numberBetween(128, 10240, "MiB"),
    description: "Memory of the front door, which answers invoke, status and health.",
    value: 512,
    effect: "new version",
  },
  {
    name: "api_provisioned_concurrent_executions",
    ...numberBetween(0, 1000, "executions"),
    description: "How many front doors are kept initialized, at a price; 0 = none.",
    profiles: { baseline: 0, optimized: 0, low_latency: 1 },
    effect: "minutes",
  },
  {
    name: "api_live_version",
    ...numberBetween(1, 1_000_000, "version"),
    description: "Version of the front door that is live; null = the newest.",
    value: null,
    effect: "alias",
  },
  {
    name: "api_canary_weight",
    ...numberBetween(0, 1, "share"),
    fractional: true,
    description:
      "Share of the front door's traffic that goes to the newest version while api_live_version keeps the rest.",
    value: 0,
    effect: "alias",
    rules: [
      canaryNeedsPin("api_canary_weight", "api_live_version"),
      weightedAliasIsNotProvisioned("api_canary_weight", "api_provisioned_concurrent_executions"),
    ],
  },
  {
    name: "query_cache_ttl_in_seconds",
    ...numberBetween(0, 3600, "seconds"),
    description:
      "How long a function keeps what it read (ended requests, conversations, secrets) in its own memory; 0 = " +
      "not at all.",
    profiles: { baseline: 0, optimized: 60, low_latency: 60 },
    effect: "new version",
  },
  {
    name: "heartbeat_enabled",
    type: "bool",
    description:
      "Touches the functions' warm environments every five minutes, so that none is older than its connections.",
    profiles: { baseline: false, optimized: true, low_latency: true },
    effect: "in place",
  },
  {
    name: "heartbeat_environments",
    ...numberBetween(1, 5, "environments"),
    description:
      "With heartbeat_enabled: how many environments of each function are touched at once. EventBridge starts " +
      "those that are not there: it is also the number kept warm.",
    value: 2,
    effect: "in place",
  },
] as const satisfies readonly Setting[];
