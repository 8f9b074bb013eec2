import { changedResources, isMarked, isSensitive, staysNothing, type PlanResource } from "./plan-resources";
import { valueDifferences, type ValueDifference } from "./value-diff";
import { differenceText, KNOWN_AFTER_APPLY, SENSITIVE } from "./value-text";

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
   * Of what is made or deleted none.
   */
  readonly values: readonly ValueDifference[];
}

/** Reads the changes out of `terraform show -json <plan>`. Data sources and resources that stay are left out. */
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
 * Resources that hold nothing and that nothing but an alias or a stage points to, so that making and removing them
 * is how they change: an API's deployment cannot be updated, and no provisioned concurrency is no such resource.
 */
const STATELESS = new Set(["aws_api_gateway_deployment", "aws_lambda_provisioned_concurrency_config"]);

/** The changes that are not updates in place, and so need a person's word. */
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

/** One line a change, with the sign that terraform uses, and below it one a value. */
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

/** The value, with a word in each place that is known only after the apply. */
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
