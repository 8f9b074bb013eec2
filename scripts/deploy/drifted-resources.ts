import {
  changedResources,
  driftedResources,
  isMarked,
  isSensitive,
  staysNothing,
  type PlanResource,
} from "../kit/plan-changes";
import { valueDifferences, type ValueDifference } from "../kit/value-text";

/** An attribute whose value is not the applied one. */
export interface DriftedAttribute extends ValueDifference {
  /** Neither value may be printed. */
  readonly sensitive: boolean;
}

/** A resource that somebody else changed or deleted. */
export interface DriftedResource {
  readonly address: string;
  readonly type: string;
  readonly action: "changed" | "deleted";
  readonly attributes: readonly DriftedAttribute[];
}

/** A change that an apply would make because of configuration that was not applied yet, not because of the drift. */
export interface UnappliedChange {
  readonly address: string;
  readonly action: "create" | "update" | "replace" | "delete";
  /** Attributes whose new value the configuration gives. Those that follow from others are left out. */
  readonly attributes: readonly string[];
}

/** What a plan says about the present resources. */
export interface Drift {
  readonly drifted: readonly DriftedResource[];
  /** Differences that were ignored, as `address.attribute`. */
  readonly ignored: readonly string[];
  /** Rules to ignore that no difference matched, as they were given. */
  readonly unmatched: readonly string[];
  readonly unapplied: readonly UnappliedChange[];
}

/** Attributes that say when something changed, not what. */
const BOOKKEEPING = new Set(["last_modified", "last_modified_date", "last_modified_time", "last_updated_date"]);

/**
 * Separates, in one plan with its refresh, what others changed from what the configuration would change.
 * @param plan output of `terraform show -json` for the plan
 * @param ignore known noise, as `<resource type>.<attribute>`
 */
export function findDrift(plan: unknown, ignore: readonly string[] = []): Drift {
  const all = driftedResources(plan).flatMap(driftOfResource);
  const isIgnored = (type: string, path: string) => ignore.includes(`${type}.${attributeOf(path)}`);
  const drifted = all.flatMap((resource) => {
    const attributes = resource.attributes.filter(({ path }) => !isIgnored(resource.type, path));
    return resource.action === "deleted" || attributes.length > 0 ? [{ ...resource, attributes }] : [];
  });
  const noise = all.flatMap(({ address, type, attributes }) =>
    attributes
      .filter(({ path }) => isIgnored(type, path))
      .map(({ path }) => ({ name: `${address}.${attributeOf(path)}`, rule: `${type}.${attributeOf(path)}` })),
  );
  return {
    drifted,
    ignored: [...new Set(noise.map(({ name }) => name))],
    unmatched: ignore.filter((rule) => !noise.some((ignored) => ignored.rule === rule)),
    unapplied: changedResources(plan).flatMap((resource) => unappliedChange(resource, all)),
  };
}

function driftOfResource({ address, type, change }: PlanResource): DriftedResource[] {
  const { before, after } = change;
  if (!after) return [{ address, type, action: "deleted", attributes: [] }];
  const attributes = valueDifferences(before ?? {}, after)
    .filter((difference) => !BOOKKEEPING.has(difference.path) && !staysNothing(difference))
    .map((difference) => ({ ...difference, sensitive: isSensitive({ type, change }, attributeOf(difference.path)) }));
  return attributes.length === 0 ? [] : [{ address, type, action: "changed", attributes }];
}

/** `environment` of `environment[0].variables.AGENTS`. */
export const attributeOf = (path: string): string => /^[^.[]*/.exec(path)?.[0] ?? path;

/** Leaves out what takes the drift back, and what only follows from that: its new value is not known yet. */
function unappliedChange({ address, change }: PlanResource, drifted: readonly DriftedResource[]): UnappliedChange[] {
  const known = drifted.find((resource) => resource.address === address);
  if (known?.action === "deleted") return [];
  const { before, after, after_unknown: unknown = {} } = change;
  const action = change.actions.length > 1 ? "replace" : (change.actions[0] as UnappliedChange["action"]);
  if (!before || !after) return [{ address, action, attributes: [] }];
  const drift = new Set(known?.attributes.map(({ path }) => attributeOf(path)));
  const names = Object.keys(after).filter(
    (name) =>
      !isMarked(unknown[name]) &&
      !drift.has(name) &&
      valueDifferences(before[name], after[name]).some((difference) => !staysNothing(difference)),
  );
  return names.length === 0 ? [] : [{ address, action, attributes: names.sort() }];
}
