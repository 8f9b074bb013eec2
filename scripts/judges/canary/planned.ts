import type { Versions } from "../../../stacks/settings";
import { planChanges, type ResourceChange } from "../plan-changes";
import { FUNCTIONS, versionsBy, type FunctionName } from "./release";

/** Terraform's addresses, which are contracts. */
export const FUNCTION_ADDRESSES: Readonly<Record<FunctionName, string>> = {
  worker: "aws_lambda_function.worker_function",
  api: "aws_lambda_function.api_function",
};

interface ShownPlan {
  readonly resource_changes?: readonly {
    readonly address: string;
    readonly change: { readonly actions: readonly string[]; readonly after_unknown: Readonly<Record<string, unknown>> };
  }[];
  readonly planned_values?: { readonly outputs?: Readonly<Record<string, { readonly value?: unknown }>> };
}

/** The functions of which a plan publishes a version: its number is known only after the apply. */
export function publishedFunctions(plan: unknown): FunctionName[] {
  const { resource_changes: changes = [] } = plan as ShownPlan;
  return FUNCTIONS.filter((name) =>
    changes.some(
      ({ address, change }) =>
        address === FUNCTION_ADDRESSES[name] &&
        !["no-op", "read"].includes(change.actions[0] ?? "no-op") &&
        change.after_unknown["version"] === true,
    ),
  );
}

/**
 * The newest versions after a plan, as far as it knows them: a run that was killed may have published one that the
 * state does not have.
 */
export function plannedNewest(plan: unknown): Versions {
  const outputs = (plan as ShownPlan).planned_values?.outputs ?? {};
  return versionsBy(
    (name) => Number(outputs[name === "worker" ? "newest_version" : "api_newest_version"]?.value ?? NaN) || null,
  );
}

/** Types that hold a version back from callers, or only lead to one: what changes in them, the canary decides. */
const OF_VERSIONS = new Set(["aws_lambda_function", "aws_lambda_alias", "aws_lambda_provisioned_concurrency_config"]);

/** What of a plan reaches all callers at once, because it is no version. */
export function reachesAll(plan: unknown): ResourceChange[] {
  return planChanges(plan).filter(({ type, address, attributes }) => {
    // The sweeper has no alias, and a reservation is the whole function's.
    if (type === "aws_lambda_function")
      return (
        !Object.values(FUNCTION_ADDRESSES).includes(address) || attributes.includes("reserved_concurrent_executions")
      );
    return !OF_VERSIONS.has(type);
  });
}
