import {
  changedResources,
  driftedResources,
  isMarked,
  isSensitive,
  staysNothing,
  type PlanResource,
} from "../kit/plan-changes";
import { valueDifferences, type ValueDifference } from "../kit/value-text";
import { FUNCTION_ADDRESSES, publishedFunctions, FUNCTIONS, type FunctionName } from "./release";

/** An attribute that is not as it was applied. */
export interface DriftedAttribute extends ValueDifference {
  /** Neither value is to be shown. */
  readonly sensitive: boolean;
}

/** A resource that somebody else changed or deleted. */
export interface DriftedResource {
  readonly address: string;
  readonly type: string;
  readonly action: "changed" | "deleted";
  readonly attributes: readonly DriftedAttribute[];
}

/** A change that an apply would make for another reason than the drift: configuration that was not applied yet. */
export interface UnappliedChange {
  readonly address: string;
  readonly action: "create" | "update" | "replace" | "delete";
  /** Attributes whose new value the configuration gives; those that follow from others are left out. */
  readonly attributes: readonly string[];
}

/** What a plan says about the present resources. */
export interface Drift {
  readonly drifted: readonly DriftedResource[];
  /** What was not counted because it was to be ignored, as `address.attribute`. */
  readonly ignored: readonly string[];
  /** What was to be ignored and did not differ, as it was given. */
  readonly unmatched: readonly string[];
  readonly unapplied: readonly UnappliedChange[];
}

/** They say that and when something changed, not what. */
const BOOKKEEPING = new Set(["last_modified", "last_modified_date", "last_modified_time", "last_updated_date"]);

/**
 * Tells apart, in one plan with its refresh, what others changed and what the configuration would change anew.
 * @param plan what `terraform show -json` gives of it
 * @param ignore known noise, as `<resource type>.<attribute>`
 */
export function driftOf(plan: unknown, ignore: readonly string[] = []): Drift {
  const every = driftedResources(plan).flatMap(driftedResource);
  const isIgnored = (type: string, path: string) => ignore.includes(`${type}.${attributeOf(path)}`);
  const drifted = every.flatMap((resource) => {
    const attributes = resource.attributes.filter(({ path }) => !isIgnored(resource.type, path));
    return resource.action === "deleted" || attributes.length > 0 ? [{ ...resource, attributes }] : [];
  });
  const noise = every.flatMap(({ address, type, attributes }) =>
    attributes
      .filter(({ path }) => isIgnored(type, path))
      .map(({ path }) => ({ name: `${address}.${attributeOf(path)}`, rule: `${type}.${attributeOf(path)}` })),
  );
  return {
    drifted,
    ignored: [...new Set(noise.map(({ name }) => name))],
    unmatched: ignore.filter((rule) => !noise.some((found) => found.rule === rule)),
    unapplied: changedResources(plan).flatMap((resource) => unapplied(resource, every)),
  };
}

function driftedResource({ address, type, change }: PlanResource): DriftedResource[] {
  const { before, after } = change;
  if (!after) return [{ address, type, action: "deleted", attributes: [] }];
  const attributes = valueDifferences(before ?? {}, after)
    .filter((difference) => !BOOKKEEPING.has(difference.path) && !staysNothing(difference))
    .map((difference) => ({ ...difference, sensitive: isSensitive({ type, change }, attributeOf(difference.path)) }));
  return attributes.length === 0 ? [] : [{ address, type, action: "changed", attributes }];
}

/** `environment` of `environment[0].variables.AGENTS`. */
export const attributeOf = (path: string): string => /^[^.[]*/.exec(path)?.[0] ?? path;

/** What takes the drift back, and what only follows from that (its new value is not known yet), is no other reason. */
function unapplied({ address, change }: PlanResource, drifted: readonly DriftedResource[]): UnappliedChange[] {
  const known = drifted.find((resource) => resource.address === address);
  if (known?.action === "deleted") return [];
  const { before, after, after_unknown: unknown = {} } = change;
  const action = actionOf(change.actions);
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

function actionOf(actions: readonly string[]): UnappliedChange["action"] {
  return actions.length > 1 ? "replace" : (actions[0] as UnappliedChange["action"]);
}

/** Attributes of a function that are no part of a version: the whole function's, and what AWS says about it. */
const OF_NO_VERSION = new Set([
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

/**
 * Functions that AWS has with another configuration than the state, of which the plan makes no version: a run was
 * killed between the function's change and its publication, and a look at AWS then finds that all is as it shall be.
 * @param plan what `terraform show -json` gives of one with its refresh
 */
export function unpublishedFunctions(plan: unknown): FunctionName[] {
  const published = publishedFunctions(plan);
  const { drifted } = driftOf(plan);
  return FUNCTIONS.filter((name) => {
    const found = drifted.find(({ address, action }) => action === "changed" && address === FUNCTION_ADDRESSES[name]);
    const frozen = found?.attributes.filter(({ path }) => !OF_NO_VERSION.has(attributeOf(path))) ?? [];
    return frozen.length > 0 && !published.includes(name) && !hasNewerVersion(found?.attributes ?? []);
  });
}

/** Somebody has published it: then it is a version like any other. */
const hasNewerVersion = (attributes: readonly { readonly path: string }[]): boolean =>
  attributes.some(({ path }) => path === "version");
