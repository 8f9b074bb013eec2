/** What a plan does to one resource. */
export interface ResourceChange {
  /** Such as `aws_lambda_function.worker_function`. */
  readonly address: string;
  readonly type: string;
  readonly action: "create" | "update" | "replace" | "delete";
  /** Attributes whose value changes or is known only after apply; for an update or a replacement. */
  readonly attributes: readonly string[];
}

interface PlannedResource {
  readonly address: string;
  readonly type: string;
  readonly mode: string;
  readonly change: {
    readonly actions: readonly string[];
    readonly before: Readonly<Record<string, unknown>> | null;
    readonly after: Readonly<Record<string, unknown>> | null;
    readonly after_unknown: Readonly<Record<string, unknown>>;
  };
}

/** Reads the changes out of `terraform show -json <plan>`. Data sources and resources that stay are left out. */
export function planChanges(plan: unknown): ResourceChange[] {
  const { resource_changes: resources } = plan as { resource_changes?: readonly PlannedResource[] };
  return (resources ?? [])
    .filter(({ mode, change }) => mode === "managed" && !["no-op", "read"].includes(change.actions[0] ?? "no-op"))
    .map(({ address, type, change }) => ({ address, type, action: actionOf(change.actions), attributes: changedAttributes(change) }));
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
  const count = (...actions: ResourceChange["action"][]) => changes.filter(({ action }) => actions.includes(action)).length;
  return `${count("create", "replace")} to add, ${count("update")} to change, ${count("delete", "replace")} to destroy`;
}

const SIGNS = { create: "+", update: "~", replace: "-/+", delete: "-" } as const;

/** One line a change, with the sign that terraform uses. */
export function describeChanges(changes: readonly ResourceChange[]): string {
  return changes.map(({ action, address, attributes }) => `  ${SIGNS[action].padStart(3)} ${address}${attributes.length > 0 ? `  (${attributes.join(", ")})` : ""}`).join("\n");
}

function actionOf(actions: readonly string[]): ResourceChange["action"] {
  if (actions.length > 1) return "replace";
  const [action] = actions;
  if (action === "create" || action === "update" || action === "delete") return action;
  throw new Error(`The plan has an action that is not known here: ${actions.join(", ")}; known: create, update, delete and both`);
}

function changedAttributes({ before, after, after_unknown: unknown }: PlannedResource["change"]): string[] {
  if (!before || !after) return [];
  const names = new Set([...Object.keys(before), ...Object.keys(after), ...Object.keys(unknown)]);
  return [...names].filter((name) => isUnknown(unknown[name]) || JSON.stringify(before[name]) !== JSON.stringify(after[name])).sort();
}

/** Terraform marks a value unknown by true, or by true somewhere inside. */
function isUnknown(mark: unknown): boolean {
  if (Array.isArray(mark)) return mark.some(isUnknown);
  if (typeof mark === "object" && mark !== null) return Object.values(mark).some(isUnknown);
  return mark === true;
}
