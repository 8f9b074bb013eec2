/**
 * A resource in `terraform show -json` of a plan, as far as it is read here (Terraform documentation, "JSON Output
 * Format").
 */
export interface PlanResource {
  readonly address: string;
  readonly type: string;
  readonly mode: string;
  readonly change: {
    readonly actions: readonly string[];
    /** Null where it is not there yet. */
    readonly before: Attributes | null;
    /** Null where it will not be there any more. */
    readonly after: Attributes | null;
    /** True at each place whose value is known after the apply. */
    readonly after_unknown?: Attributes;
    /** True at each place that is not to be shown, or for all of it. */
    readonly before_sensitive?: Attributes | boolean;
    readonly after_sensitive?: Attributes | boolean;
  };
}

/** Attributes of a resource, by name. */
export type Attributes = Readonly<Record<string, unknown>>;

/** Resources that an apply would change; data sources and what stays are left out. */
export function changedResources(plan: unknown): PlanResource[] {
  return managed((plan as { resource_changes?: readonly PlanResource[] }).resource_changes);
}

/**
 * Resources that are not as the state has them: somebody else changed or deleted them. A plan has them with its
 * refresh.
 */
export function driftedResources(plan: unknown): PlanResource[] {
  return managed((plan as { resource_drift?: readonly PlanResource[] }).resource_drift);
}

/** True where the mark, or any place inside it, is true. */
export function isMarked(mark: unknown): boolean {
  if (Array.isArray(mark)) return mark.some(isMarked);
  if (typeof mark === "object" && mark !== null) return Object.values(mark).some(isMarked);
  return mark === true;
}

/** Secrets that the provider (5.100.0) does not mark: an API key's value stands in its link to a usage plan too. */
const UNMARKED = new Set(["aws_api_gateway_usage_plan_key.value"]);

/** Whether neither the old nor the new value of an attribute is to be shown. */
export function isSensitive(
  { type, change: { before_sensitive: before, after_sensitive: after } }: Pick<PlanResource, "type" | "change">,
  attribute: string,
): boolean {
  const marks = (mark: Attributes | boolean | undefined) => (typeof mark === "object" ? mark[attribute] : mark);
  return UNMARKED.has(`${type}.${attribute}`) || isMarked(marks(before)) || isMarked(marks(after));
}

/**
 * Whether nothing was there and nothing will be: Terraform keeps what is not given as null, and a refresh as an empty
 * text, list or map.
 */
export function staysNothing({ before, after }: { readonly before: unknown; readonly after: unknown }): boolean {
  return isNothing(before) && isNothing(after);
}

function isNothing(value: unknown): boolean {
  return (
    value === undefined ||
    value === null ||
    value === "" ||
    (typeof value === "object" && Object.keys(value).length === 0)
  );
}

function managed(resources: readonly PlanResource[] = []): PlanResource[] {
  return resources.filter(
    ({ mode, change }) => mode === "managed" && !["no-op", "read"].includes(change.actions[0] ?? "no-op"),
  );
}
