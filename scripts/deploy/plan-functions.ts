import type { Versions } from "../../stacks/contract/settings";
import { attributeOf, findDrift, type DriftedAttribute } from "./drift";
import {
  changedResources,
  driftedResources,
  planChanges,
  type Attributes,
  type ResourceChange,
} from "../kit/plan-changes";
import { FUNCTIONS, mapVersions, NAMES_IN_STACK, type FunctionName } from "./release";

/**
 * The functions of which a plan publishes a version, whose number is known only after the apply.
 * @param plan output of `terraform show -json` for the plan, as in all functions here
 */
export function publishedFunctions(plan: unknown): FunctionName[] {
  const changes = changedResources(plan);
  return FUNCTIONS.filter((name) =>
    changes.some(
      ({ address, change }) => address === NAMES_IN_STACK[name].address && change.after_unknown?.["version"] === true,
    ),
  );
}

interface PlannedOutputs {
  readonly planned_values?: { readonly outputs?: Readonly<Record<string, { readonly value?: unknown }>> };
}

/**
 * The newest versions after a plan; null where the plan does not know one. A killed run may have published one that the
 * state does not have.
 */
export function plannedNewest(plan: unknown): Versions {
  const outputs = (plan as PlannedOutputs).planned_values?.outputs ?? {};
  return mapVersions((name) => Number(outputs[NAMES_IN_STACK[name].newest]?.value ?? NaN) || null);
}

/** Types that only hold a version, or lead callers to one: the canary decides when their changes reach callers. */
const VERSION_TYPES = new Set(["aws_lambda_function", "aws_lambda_alias", "aws_lambda_provisioned_concurrency_config"]);

/** The changes of a plan that reach all callers at once, because no version holds them. */
export function changesForAllCallers(plan: unknown): ResourceChange[] {
  const versioned = FUNCTIONS.map((name) => NAMES_IN_STACK[name].address);
  return planChanges(plan).filter(({ type, address, attributes }) => {
    // The sweeper has no alias, and reserved concurrency is that of all versions together.
    if (type === "aws_lambda_function")
      return !versioned.includes(address) || attributes.includes("reserved_concurrent_executions");
    return !VERSION_TYPES.has(type);
  });
}

/** Attributes of a function that no version holds: those of the function itself, and what AWS computes. */
const OUTSIDE_VERSIONS = new Set([
  "version",
  "qualified_arn",
  "qualified_invoke_arn",
  "reserved_concurrent_executions",
  "tags",
  "tags_all",
  "source_code_size",
  "publish",
  "skip_destroy",
]);

/** The drifted attributes of each function, by name; empty for a function without drift. */
function driftedAttributes(plan: unknown): Readonly<Record<FunctionName, readonly DriftedAttribute[]>> {
  const { drifted } = findDrift(plan);
  const attributesOf = (name: FunctionName) =>
    drifted.find(({ address }) => address === NAMES_IN_STACK[name].address)?.attributes ?? [];
  return { worker: attributesOf("worker"), api: attributesOf("api") };
}

/**
 * The functions that AWS has with another configuration than the state, and of which the plan makes no version: a run
 * was killed between the function's change and its publication. Needs a plan with its refresh.
 */
export function unpublishedFunctions(plan: unknown): FunctionName[] {
  const [published, drifted] = [publishedFunctions(plan), driftedAttributes(plan)];
  return FUNCTIONS.filter((name) => {
    const attributes = drifted[name].map(({ path }) => attributeOf(path));
    // Where the version differs as well, somebody has published it.
    return (
      attributes.some((attribute) => !OUTSIDE_VERSIONS.has(attribute)) &&
      !attributes.includes("version") &&
      !published.includes(name)
    );
  });
}

/** A function for which a plan may use a version that exists only for a tuning. */
export interface ExposedFunction {
  readonly name: FunctionName;
  /** Name of the Lambda function. */
  readonly functionName: string;
  /** Versions that its alias is to lead to; null = whichever is the newest. */
  readonly versions: readonly string[] | null;
}

/** What a tuning changes of a function, and a refresh finds. */
const TUNED_ATTRIBUTES = new Set(["memory_size", "version"]);

/**
 * The functions whose newest version or memory AWS has otherwise than the state, and those of which the plan publishes
 * a version, whose size a tuning would change meanwhile.
 */
export function exposedFunctions(plan: unknown): ExposedFunction[] {
  const [published, drifted] = [publishedFunctions(plan), driftedAttributes(plan)];
  const resources = [...driftedResources(plan), ...changedResources(plan)];
  return FUNCTIONS.flatMap((name) => {
    const isTouched = drifted[name].some(({ path }) => TUNED_ATTRIBUTES.has(attributeOf(path)));
    // A function that does not exist yet has no `before`, and nobody tunes it.
    const functionName = resources.find(
      ({ address, change }) => address === NAMES_IN_STACK[name].address && change.before !== null,
    )?.change.before?.["function_name"];
    return (isTouched || published.includes(name)) && typeof functionName === "string"
      ? [{ name, functionName, versions: null }]
      : [];
  });
}

/** The functions one of whose aliases a plan leads to other versions, for all calls or for a share. */
export function movedAliases(plan: unknown): ExposedFunction[] {
  return changedResources(plan).flatMap(({ address, change: { before, after } }) => {
    const name = FUNCTIONS.find((each) => address.startsWith(`aws_lambda_alias.${each}_`));
    const functionName = after?.["function_name"];
    const versions = aliasVersions(after).filter((version) => !aliasVersions(before).includes(version));
    return name !== undefined && versions.length > 0 && typeof functionName === "string"
      ? [{ name, functionName, versions }]
      : [];
  });
}

function aliasVersions(alias: Attributes | null): string[] {
  const routing = (alias?.["routing_config"] ?? []) as readonly {
    readonly additional_version_weights?: Readonly<Record<string, number>> | null;
  }[];
  const weighted = routing.flatMap(({ additional_version_weights: weights }) => Object.keys(weights ?? {}));
  return [alias?.["function_version"], ...weighted].filter((version) => typeof version === "string");
}
