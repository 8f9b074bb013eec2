import { FUNCTION_ADDRESSES, publishedFunctions, FUNCTIONS, type FunctionName } from "./release";
import { attributeOf, driftOf } from "./drifted-resources";
import { changedResources, driftedResources, type Attributes } from "../kit/plan-changes";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { clientConfiguration } from "../kit/aws-client";
import type { Terraform } from "../kit/terraform";
import { TemporaryVersions } from "./temporary-versions";
import { UsageError } from "../kit/context";
import { regionOf } from "./held-resources";

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

/** Milliseconds for the versions of all functions; a list of 50 is one call. */
const PATIENCE_MS = 30_000;

/**
 * Refuses a plan that would take a version of a tuning for one of the stack's, or that would be applied into one:
 * terraform takes the newest version for the one to make live. AWS is asked only where a function is exposed.
 * @param plan what `terraform show -json` gives of it
 * @param note for a person, where AWS does not tell: who may not list versions may perhaps still apply
 */
export async function refuseDuringTuning(
  terraform: Terraform,
  plan: unknown,
  exposed: readonly Exposed[],
  note: (text: string) => void,
): Promise<void> {
  if (exposed.length === 0) return;
  const found = await Promise.all(exposed.map((one) => temporaryVersions(terraform, plan, one))).catch(
    (error: Error) => {
      note(`It is not known whether a tuning is under way: ${error.message}`);
      return [];
    },
  );
  const tuned = exposed.flatMap((one, index) => (found[index]?.length ? [{ ...one, versions: found[index] }] : []));
  if (tuned.length > 0) throw new UsageError(tuned.map(refusal).join("\n"));
}

async function temporaryVersions(
  terraform: Terraform,
  plan: unknown,
  { functionName, versions }: Exposed,
): Promise<readonly string[]> {
  const client = new LambdaClient(
    clientConfiguration({ environment: terraform.environment, region: regionOf(plan, terraform) }, "LAMBDA"),
  );
  try {
    const there = await new TemporaryVersions(client, functionName).there(AbortSignal.timeout(PATIENCE_MS));
    return versions === null ? there : there.filter((version) => versions.includes(version));
  } finally {
    client.destroy();
  }
}

function refusal({ name, functionName, versions }: Exposed): string {
  const which = name === "worker" ? "" : ` --function ${name}`;
  return `${functionName} has versions that are there for a tuning alone (${versions?.join(", ")}): one runs, or was killed. This plan would make one live, or publish a version while the size changes. Nothing was applied. Let the tuning end; where none runs: quickturn tune${which} --cleanup.`;
}
