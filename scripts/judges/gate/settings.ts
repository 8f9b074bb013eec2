import { KPIS, type Condition } from "../../../stacks/settings";

/**
 * The settings that a verdict depends on: saved evidence holds these, and nothing else of a deployment's configuration.
 */
export const GATE_SETTINGS: readonly string[] = [
  ...new Set([
    ...KPIS.flatMap(({ targetSetting, when, measure }) =>
      [targetSetting, settingOf(when), "ofSetting" in measure ? measure.ofSetting : undefined].flatMap(
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

/** The setting that a condition asks about. */
export function settingOf(condition: Condition | undefined): string | undefined {
  if (!condition) return undefined;
  return Object.values(condition as unknown as Record<string, string>)[0];
}

/** A number, or null where the setting is null. Throws where it is missing or something else. */
export function numberOf(settings: Readonly<Record<string, unknown>>, name: string): number | null {
  const value = settings[name];
  if (value === null) return null;
  if (typeof value !== "number" || !Number.isFinite(value))
    throw new Error(
      `The setting ${name} is ${JSON.stringify(value) ?? "missing"}; allowed: a number or null. Apply this release first: the output "settings" then has it.`,
    );
  return value;
}

/** Why a condition does not hold, as `cache_enabled is false`; undefined where it does or there is none. */
export function unmet(
  condition: Condition | undefined,
  settings: Readonly<Record<string, unknown>>,
): string | undefined {
  const name = settingOf(condition);
  if (!condition || name === undefined) return undefined;
  const value = settings[name];
  if ("is" in condition) return value === condition.is ? undefined : `${name} is ${JSON.stringify(value) ?? "missing"}`;
  const holds =
    "isTrue" in condition
      ? value === true
      : "isPositive" in condition
        ? typeof value === "number" && value > 0
        : value !== null && value !== undefined;
  return holds ? undefined : `${name} is ${JSON.stringify(value) ?? "missing"}`;
}
