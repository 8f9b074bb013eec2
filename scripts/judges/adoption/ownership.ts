import { ownersTags, plannedResources } from "./planned";

/** A resource that may not be taken over. */
export interface Refused {
  readonly address: string;
  readonly id: string;
  readonly reason: string;
}

/**
 * Types that AWS makes without tags and tags in a second call, so that one that a killed apply made may have none yet.
 * The bucket's name holds a hash of account and region, and another account's cannot be imported.
 */
const TAGGED_LATER = new Set(["aws_s3_bucket"]);

/**
 * Types that hold nothing, so that making one anew is as good: what they name may itself have been forgotten, and is
 * known only after the apply.
 */
const HOLD_NOTHING = new Set(["aws_lambda_permission"]);

/**
 * What a plan with import blocks would take over wrongly: another deployment's, nobody's, or what would be destroyed
 * for it.
 */
export function refusedImports(plan: unknown): Refused[] {
  return plannedResources(plan).flatMap(({ address, type, before, after, action, importId: id }) => {
    if (id === undefined) return [];
    if (action === "replace" && !HOLD_NOTHING.has(type))
      return [
        {
          address,
          id,
          reason: "it differs in what cannot be changed in place, so terraform would destroy it and make another",
        },
      ];
    const [there, ours] = [ownersTags(before), ownersTags(after)];
    if (TAGGED_LATER.has(type) && Object.keys(there).length === 0) return [];
    const differing = Object.entries(ours).filter(([name, value]) => there[name] !== value);
    return differing.length === 0
      ? []
      : [
          {
            address,
            id,
            reason: `its tags say that it is not this deployment's: ${differing.map(([name, value]) => `${name} is ${said(there[name])}, and this deployment's is "${value}"`).join("; ")}`,
          },
        ];
  });
}

function said(value: string | undefined): string {
  return value === undefined ? "not there" : `"${value}"`;
}
