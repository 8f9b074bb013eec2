import { LIVE_ALIAS } from "../../stacks/contract/fixed";
import { KPIS, conditionSetting, isMet, type SettingCondition, type SourceNames } from "../../stacks/contract/settings";

/**
 * The settings that a verdict depends on: saved evidence holds these, and nothing else of a deployment's configuration.
 */
export const GATE_SETTINGS: readonly string[] = [
  ...new Set([
    ...KPIS.flatMap(({ targetSetting, when, measure }) =>
      [targetSetting, when && conditionSetting(when), "ofSetting" in measure ? measure.ofSetting : undefined].flatMap(
        (name) => name ?? [],
      ),
    ),
    "api_memory_size",
    "authorization",
    "aws_region",
    "cache_cluster_enabled",
    "cache_cluster_size",
    "cache_enabled",
    "cache_ttl_in_seconds",
    "memory_size",
    "timeout",
  ]),
].sort();

/** A number, or null where the setting is null. Throws where it is missing or something else. */
export function readNumber(settings: Readonly<Record<string, unknown>>, name: string): number | null {
  const value = settings[name];
  if (value === null) return null;
  if (typeof value !== "number" || !Number.isFinite(value))
    throw new Error(
      `The setting ${name} is ${JSON.stringify(value) ?? "missing"}; allowed: a number or null. Apply this ` +
        `release first: the output "settings" then has it.`,
    );
  return value;
}

/** Why a condition does not hold, as `cache_enabled is false`; undefined where it does or there is none. */
export function explainUnmet(
  condition: SettingCondition | undefined,
  settings: Readonly<Record<string, unknown>>,
): string | undefined {
  if (condition === undefined || isMet(condition, settings)) return undefined;
  const name = conditionSetting(condition);
  return `${name} is ${JSON.stringify(settings[name]) ?? "missing"}`;
}

/**
 * The names in metrics' dimensions, from the stack's outputs. What has no output is derived from the deployment's name
 * as stacks/names.ts does. Throws with every output that is missing.
 */
export function sourceNames(outputs: Readonly<Record<string, unknown>>): SourceNames {
  const missing: string[] = [];
  const read = (name: string): string => {
    const value = outputs[name];
    if (typeof value === "string" && value !== "") return value;
    missing.push(name);
    return "";
  };
  const deployment = read("deployment_name");
  const names: SourceNames = {
    frontDoorFunction: read("api_function_name"),
    workerFunction: read("worker_function_name"),
    sweeperFunction: read("sweeper_function_name"),
    authorizerFunction: `${deployment}-authorizer`,
    liveAlias: LIVE_ALIAS,
    restApi: read("rest_api_name"),
    stage: read("stage_name"),
    workQueue: lastSegment(read("work_queue_url")),
    deadLetterQueue: lastSegment(read("dead_letter_queue_url")),
    requestsTable: read("requests_table_name"),
    sessionsTable: read("sessions_table_name"),
    apiHeartbeatRule: `${deployment}-api-heartbeat`,
    workerHeartbeatRule: `${deployment}-worker-heartbeat`,
    deployment,
  };
  if (missing.length > 0)
    throw new Error(
      `The stack's outputs lack ${missing.join(", ")}; metrics are found by them. Apply this release first: ` +
        "quickturn apply.",
    );
  return names;
}

/** https://sqs.<region>.amazonaws.com/<account>/<name> */
const lastSegment = (url: string): string => url.slice(url.lastIndexOf("/") + 1);
