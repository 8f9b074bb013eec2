import { LambdaClient } from "@aws-sdk/client-lambda";
import type { Exposed } from "../judges/tuning/exposure";
import { clientConfiguration } from "../tools/aws-client";
import type { Terraform } from "../tools/terraform";
import { TemporaryVersions } from "../tools/temporary-versions";
import { UsageError } from "./context";
import { regionOf } from "./twin-lookup";

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
