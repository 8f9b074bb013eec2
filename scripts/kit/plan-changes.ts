import { valueDifferences, type ValueDifference, differenceText, KNOWN_AFTER_APPLY, SENSITIVE } from "./value-text";

/** A resource in `terraform show -json` of a plan (Terraform documentation, "JSON Output Format"). */
export interface PlanResource {
  readonly address: string;
  readonly type: string;
  readonly mode: string;
  readonly change: {
    readonly actions: readonly string[];
    /** Null where it does not exist yet. */
    readonly before: Attributes | null;
    /** Null where it will be deleted. */
    readonly after: Attributes | null;
    /** True at each place whose value is known only after the apply. */
    readonly after_unknown?: Attributes;
    /** True at each place that must not be shown, or for the whole resource. */
    readonly before_sensitive?: Attributes | boolean;
    readonly after_sensitive?: Attributes | boolean;
    /** Only of a resource that is imported. */
    readonly importing?: { readonly id?: string };
  };
}

/** Attributes of a resource, by name. */
export type Attributes = Readonly<Record<string, unknown>>;

interface PlanJson {
  readonly resource_changes?: readonly PlanResource[];
  readonly resource_drift?: readonly PlanResource[];
}

/** All resources of a plan, unchanged ones included; data sources are left out. */
export function plannedResources(plan: unknown): PlanResource[] {
  return withoutData((plan as PlanJson).resource_changes);
}

/** Resources that an apply would change. */
export function changedResources(plan: unknown): PlanResource[] {
  return plannedResources(plan).filter(isChanged);
}

/**
 * Resources that differ from the state, because somebody else changed or deleted them. Only a plan with a refresh has
 * them.
 */
export function driftedResources(plan: unknown): PlanResource[] {
  return withoutData((plan as PlanJson).resource_drift).filter(isChanged);
}

/** Whether the mark, or any place inside it, is true. */
export function isMarked(mark: unknown): boolean {
  if (Array.isArray(mark)) return mark.some(isMarked);
  if (typeof mark === "object" && mark !== null) return Object.values(mark).some(isMarked);
  return mark === true;
}

/** Secrets that the provider (5.100.0) does not mark: an API key's value stands in its link to a usage plan too. */
const UNMARKED = new Set(["aws_api_gateway_usage_plan_key.value"]);

/** Whether the values of an attribute must not be shown. */
export function isSensitive(
  { type, change: { before_sensitive: before, after_sensitive: after } }: Pick<PlanResource, "type" | "change">,
  attribute: string,
): boolean {
  const marks = (mark: Attributes | boolean | undefined) => (typeof mark === "object" ? mark[attribute] : mark);
  return UNMARKED.has(`${type}.${attribute}`) || isMarked(marks(before)) || isMarked(marks(after));
}

/**
 * Whether both values mean nothing: Terraform stores an omitted value as null, a refresh as an empty text, list or map.
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

const withoutData = (resources: readonly PlanResource[] = []): PlanResource[] =>
  resources.filter(({ mode }) => mode === "managed");
const isChanged = ({ change }: PlanResource): boolean => !["no-op", "read"].includes(change.actions[0] ?? "no-op");

/** What a plan does to one resource. */
export interface ResourceChange {
  /** Such as `aws_lambda_function.worker_function`. */
  readonly address: string;
  readonly type: string;
  readonly action: "create" | "update" | "replace" | "delete";
  /** Attributes whose value changes or is known only after apply; for an update or a replacement. */
  readonly attributes: readonly string[];
  /**
   * Their old and new values, by path; {@link SENSITIVE} and {@link KNOWN_AFTER_APPLY} stand for what cannot be shown.
   * Empty for what is made or deleted.
   */
  readonly values: readonly ValueDifference[];
}

/** Reads the changes of `terraform show -json <plan>`. Data sources and unchanged resources are left out. */
export function planChanges(plan: unknown): ResourceChange[] {
  return changedResources(plan).map((resource) => {
    const { address, type, change } = resource;
    const attributes = changedAttributes(change);
    return {
      address,
      type,
      action: actionOf(change.actions),
      attributes,
      values: attributes.flatMap((name) => changedValues(resource, name)),
    };
  });
}

/**
 * Types that hold nothing and that only an alias or a stage points to. They change by being made and deleted: an API's
 * deployment cannot be updated, and provisioned concurrency of 0 is a missing resource.
 */
const STATELESS = new Set(["aws_api_gateway_deployment", "aws_lambda_provisioned_concurrency_config"]);

/** Finds the changes that are no updates in place, so that a person must agree. */
export function changesThatReplace(changes: readonly ResourceChange[]): ResourceChange[] {
  return changes.filter(({ action, type }) => action !== "update" && !STATELESS.has(type));
}

/** `2 to add, 1 to change, 0 to destroy`, counted as terraform does. */
export function countChanges(changes: readonly Pick<ResourceChange, "action">[]): string {
  const count = (...actions: ResourceChange["action"][]) =>
    changes.filter(({ action }) => actions.includes(action)).length;
  return `${count("create", "replace")} to add, ${count("update")} to change, ${count("delete", "replace")} to destroy`;
}

const SIGNS = { create: "+", update: "~", replace: "-/+", delete: "-" } as const;

/** Writes a line for each change, with terraform's sign, and below it a line for each value. */
export function describeChanges(changes: readonly ResourceChange[]): string {
  return changes
    .flatMap(({ action, address, values }) => [
      `  ${SIGNS[action].padStart(3)} ${address}`,
      ...values.map((value) => `          ${differenceText(value)}`),
    ])
    .join("\n");
}

function actionOf(actions: readonly string[]): ResourceChange["action"] {
  if (actions.length > 1) return "replace";
  const [action] = actions;
  if (action === "create" || action === "update" || action === "delete") return action;
  throw new Error(
    `The plan has an action that is not known here: ${actions.join(", ")}; known: create, update, delete and both`,
  );
}

function changedAttributes({ before, after, after_unknown: unknown = {} }: PlanResource["change"]): string[] {
  if (!before || !after) return [];
  const names = new Set([...Object.keys(before), ...Object.keys(after), ...Object.keys(unknown)]);
  return [...names]
    .filter((name) => isMarked(unknown[name]) || JSON.stringify(before[name]) !== JSON.stringify(after[name]))
    .sort();
}

function changedValues(resource: PlanResource, name: string): ValueDifference[] {
  const { before, after, after_unknown: unknown } = resource.change;
  if (isSensitive(resource, name)) return [{ path: name, before: SENSITIVE, after: SENSITIVE }];
  return valueDifferences(before?.[name], withUnknown(after?.[name], unknown?.[name]), name).filter(
    (difference) => !staysNothing(difference),
  );
}

/** Replaces each part of the value that is known only after the apply by a word. */
function withUnknown(value: unknown, mark: unknown): unknown {
  if (mark === true) return KNOWN_AFTER_APPLY;
  if (!isMarked(mark)) return value;
  const inside = (key: string | number, inner: unknown) =>
    withUnknown((value as Record<string | number, unknown> | null | undefined)?.[key], inner);
  if (Array.isArray(mark)) return mark.map((inner, index) => inside(index, inner));
  return {
    ...(value as object | null),
    ...Object.fromEntries(Object.entries(mark as object).map(([key, inner]) => [key, inside(key, inner)])),
  };
}
