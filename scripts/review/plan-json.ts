import { type Attributes, type PlanResource, isMarked } from "../kit/plan-changes";

/** Steps into a value: names of attributes and indexes of lists. */
export type Path = readonly (string | number)[];

/** What the audit reads of `terraform show -json` of a plan (Terraform documentation, "JSON Output Format"). */
export interface PlanJson {
  readonly resource_changes?: readonly PlanResource[];
  readonly variables?: Readonly<Record<string, { readonly value?: unknown }>>;
  readonly configuration?: { readonly root_module?: ModuleConfiguration };
}

export interface ModuleConfiguration {
  readonly resources?: readonly ResourceConfiguration[];
  readonly variables?: Readonly<Record<string, { readonly sensitive?: boolean }>>;
  readonly module_calls?: Readonly<Record<string, { readonly module?: ModuleConfiguration }>>;
}

export interface ResourceConfiguration {
  /** Within its module, without an index. */
  readonly address: string;
  readonly expressions?: Attributes;
}

/** What a plan leaves out of a resource: its lifecycle, and the blocks that an expression makes. */
export interface SourceResource {
  readonly lifecycle?: Attributes;
  readonly dynamic?: Attributes;
}

/** What a plan leaves out of the stack, `cdk.tf.json`. Without it some values of a first plan are unknown. */
export interface StackSources {
  readonly locals?: Attributes;
  readonly resource?: Readonly<Record<string, Readonly<Record<string, SourceResource>>>>;
}

/** True for what `terraform show -json` prints of a plan. The JSON of a state has no changes and no configuration. */
export function isPlanJson(document: unknown): document is PlanJson {
  const { resource_changes: changes, configuration } = (document ?? {}) as PlanJson;
  return Array.isArray(changes) && typeof configuration === "object" && configuration !== null;
}

/** `module.a.aws_b.c` of `module.a["x"].aws_b.c[0]`. */
export const stripIndexes = (address: string): string => address.replaceAll(/\[(?:"[^"]*"|\d+)\]/g, "");

/** The configurations of a plan's resources, by address without indexes. */
export function indexConfigurations(module: ModuleConfiguration = {}, prefix = ""): Map<string, ResourceConfiguration> {
  const own = (module.resources ?? []).map((resource) => [`${prefix}${resource.address}`, resource] as const);
  const inner = Object.entries(module.module_calls ?? {}).flatMap(([name, call]) => [
    ...indexConfigurations(call.module, `${prefix}module.${name}.`),
  ]);
  return new Map([...own, ...inner]);
}

/** The resources of its own module that an expression names, without attribute and index. */
export function listReferencedResources(expression: unknown): string[] {
  if (Array.isArray(expression)) return [...new Set(expression.flatMap(listReferencedResources))];
  if (typeof expression !== "object" || expression === null) return [];
  const { references } = expression as { references?: readonly string[] };
  if (references === undefined) return [...new Set(Object.values(expression).flatMap(listReferencedResources))];
  const names = references
    .filter((reference) => /^aws_\w+\./.test(reference))
    .map((reference) => reference.split(/[.[]/, 2).join("."));
  return [...new Set(names)];
}

/** The value at a path inside a value; undefined where the path leads nowhere. */
export function readPath(value: unknown, path: Path): unknown {
  let found = value;
  for (const step of path) {
    if (typeof found !== "object" || found === null) return undefined;
    found = (found as Readonly<Record<string | number, unknown>>)[step];
  }
  return found;
}

/** Whether a mark is set at a path, around it, or inside it. */
export function isMarkedAt(marks: unknown, path: Path): boolean {
  let mark = marks;
  for (const step of path) {
    if (mark === true) return true;
    if (typeof mark !== "object" || mark === null) return false;
    mark = (mark as Readonly<Record<string | number, unknown>>)[step];
  }
  return isMarked(mark);
}

/** A value that Terraform knows only after the apply, or that is not evaluated here. */
export class Unknown {
  /** @param source the attribute that will have the value, such as `aws_sns_topic.t[0].arn`; undefined if not clear */
  constructor(readonly source?: string) {}

  /** `${aws_sns_topic.t[0].arn}`, or `${?}` where the source is not clear. */
  toString(): string {
    return `\${${this.source ?? "?"}}`;
  }

  toJSON(): string {
    return this.toString();
  }
}

/** True for a value, or a text with one, whose source is not clear before the apply. */
export const isUnclear = (value: unknown): boolean =>
  value instanceof Unknown ? value.source === undefined : typeof value === "string" && value.includes("${?}");
