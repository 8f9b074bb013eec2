import { FUNCTION_ADDRESSES, publishedFunctions } from "../canary/planned";
import { FUNCTIONS, type FunctionName } from "../canary/release";
import { attributeOf, driftOf } from "../drift";
import { changedResources, driftedResources, type Attributes } from "../plan-resources";

/** A function of which a plan may take a version that is there for a tuning alone for one of its own. */
export interface Exposed {
  readonly name: FunctionName;
  /** As AWS knows it. */
  readonly functionName: string;
  /** Numbers of the versions that its alias is to lead to anew; null where it is any that there is. */
  readonly versions: readonly string[] | null;
}

/** What a tuning changes of a function, as a look at AWS finds it. */
const TUNED = new Set(["memory_size", "version"]);

/**
 * Functions whose newest version or memory AWS has otherwise than the state, and those of which the plan publishes a
 * version: a tuning that runs meanwhile would change its size.
 * @param plan what `terraform show -json` gives of one
 */
export function exposedFunctions(plan: unknown): Exposed[] {
  const { drifted } = driftOf(plan);
  const published = publishedFunctions(plan);
  const resources = [...driftedResources(plan), ...changedResources(plan)];
  return FUNCTIONS.flatMap((name) => {
    const address = FUNCTION_ADDRESSES[name];
    const isTouched = drifted.some(
      (found) => found.address === address && found.attributes.some(({ path }) => TUNED.has(attributeOf(path))),
    );
    // One that is not there yet is tuned by nobody.
    const functionName = resources.find((resource) => resource.address === address && resource.change.before !== null)
      ?.change.before?.["function_name"];
    return (isTouched || published.includes(name)) && typeof functionName === "string"
      ? [{ name, functionName, versions: null }]
      : [];
  });
}

/** Functions one of whose aliases a plan leads to other versions, for all calls or for a share. */
export function movedAliases(plan: unknown): Exposed[] {
  return changedResources(plan).flatMap(({ address, change: { before, after } }) => {
    const name = FUNCTIONS.find((each) => address.startsWith(`aws_lambda_alias.${each}_`));
    const functionName = after?.["function_name"];
    const versions = versionsOf(after).filter((version) => !versionsOf(before).includes(version));
    return name !== undefined && versions.length > 0 && typeof functionName === "string"
      ? [{ name, functionName, versions }]
      : [];
  });
}

function versionsOf(alias: Attributes | null): string[] {
  const routing = (alias?.["routing_config"] ?? []) as readonly {
    readonly additional_version_weights?: Readonly<Record<string, number>> | null;
  }[];
  const named = [
    alias?.["function_version"],
    ...routing.flatMap(({ additional_version_weights: weights }) => Object.keys(weights ?? {})),
  ];
  return named.filter((version): version is string => typeof version === "string");
}
