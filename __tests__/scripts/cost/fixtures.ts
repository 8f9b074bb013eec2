import * as fc from "fast-check";
import { deploymentOf, type Deployment } from "../../../scripts/cost/deployment";
import { USAGE_SCHEMA, type Usage } from "../../../scripts/cost/usage";
import { CACHE_SIZES } from "../../../scripts/cost/prices";
import { SETTINGS, defaultValue, type Profile, type Setting } from "../../../stacks/contract/settings";

/** The settings of a profile, with some of them changed. */
export const settingsOf = (
  profile: Profile,
  changed: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> => ({
  ...Object.fromEntries(SETTINGS.map((setting: Setting) => [setting.name, defaultValue(setting, profile)])),
  ...changed,
});

export const deployed = (profile: Profile, changed: Readonly<Record<string, unknown>> = {}): Deployment =>
  deploymentOf(profile, settingsOf(profile, changed));

/** Any usage that the schema allows, mostly near what is usual. */
export const anyUsage: fc.Arbitrary<Usage> = fc.record(
  Object.fromEntries(
    Object.entries(USAGE_SCHEMA.properties).map(([name, { type, minimum, maximum, default: value }]) => {
      const types: readonly string[] = [type].flat();
      const near = Math.min(maximum, Math.max(minimum, 1, (value ?? 0) * 4));
      const number = types.includes("integer")
        ? fc.integer({ min: minimum, max: near })
        : fc.double({ min: minimum, max: near, noNaN: true });
      return [name, types.includes("null") ? fc.option(number, { nil: null }) : number];
    }),
  ),
) as unknown as fc.Arbitrary<Usage>;

/** Any deployment that the settings allow, near what is usual. */
export const anyDeployment: fc.Arbitrary<Deployment> = fc
  .record({
    memory_size: fc.integer({ min: 128, max: 10_240 }),
    reserved_concurrent_executions: fc.integer({ min: -1, max: 100 }),
    provisioned_concurrent_executions: fc.integer({ min: 0, max: 5 }),
    api_provisioned_concurrent_executions: fc.integer({ min: 0, max: 5 }),
    api_memory_size: fc.integer({ min: 128, max: 2_048 }),
    max_parallel_agents: fc.integer({ min: 0, max: 10 }),
    cache_cluster_enabled: fc.boolean(),
    cache_enabled: fc.boolean(),
    cache_cluster_size: fc.constantFrom(...CACHE_SIZES),
    cache_ttl_in_seconds: fc.integer({ min: 0, max: 60 }),
    cloudfront_enabled: fc.boolean(),
    authorization: fc.constantFrom("iam", "api_key", "jwt", "none"),
    authorizer_ttl_in_seconds: fc.integer({ min: 0, max: 3_600 }),
    heartbeat_enabled: fc.boolean(),
    heartbeat_environments: fc.integer({ min: 1, max: 5 }),
    aws_region: fc.constantFrom("us-east-1", "eu-west-1", "af-south-1"),
  })
  .map((settings) => deployed("optimized", settings));
