import { importId } from "./import-ids";
import { plannedResources, type Import } from "./planned";

/** A thing that an apply could not do. */
export interface FailedStep {
  /** Address of the resource; undefined where it is no resource's. */
  readonly address?: string;
  readonly summary: string;
}

/** A resource that was to be made and is there already. */
export interface Collision {
  readonly address: string;
  readonly type: string;
  /** Its physical name; the address where it has none of its own. */
  readonly name: string;
  /** What AWS said. */
  readonly said: string;
  /** What to import it from; undefined where that is not known, or not yet. */
  readonly id: string | undefined;
}

/**
 * How the services say so. An update in progress is a ResourceConflictException of Lambda's too, so the words decide.
 */
const EXISTS = /already exist|AlreadyExists|BucketAlreadyOwnedByYou|is already associated/i;

/** Attributes that hold a resource's name, the narrowest first. */
const NAMES = ["statement_id", "stage_name", "function_name", "bucket", "name"] as const;

/** The failures that say that a planned resource is there already. */
export function collisions(failed: readonly FailedStep[], plan: unknown): Collision[] {
  const planned = new Map(plannedResources(plan).map((resource) => [resource.address, resource]));
  return failed.flatMap(({ address, summary }) => {
    const resource = planned.get(address ?? "");
    if (resource?.after === undefined || resource.action !== "create" || !EXISTS.test(summary)) return [];
    const { type, after } = resource;
    const name = NAMES.map((attribute) => after[attribute]).find((value) => typeof value === "string");
    return [
      {
        address: resource.address,
        type,
        name: name ?? resource.address,
        said: summary,
        id: importId(type, after, summary),
      },
    ];
  });
}

/** The imports that can be written down already. */
export function knownImports(found: readonly Collision[]): Import[] {
  return found.flatMap(({ address, id }) => (id === undefined ? [] : [{ to: address, id }]));
}
