import { type Attributes, type PlanResource, isMarked } from "../kit/plan-changes";

/** What of `terraform show -json` of a plan the audit reads (Terraform documentation, "JSON Output Format"). */
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

/**
 * A resource in the synthesized stack, as far as a plan leaves it out: its lifecycle, and which blocks an expression
 * makes.
 */
export interface SourceResource {
  readonly lifecycle?: Attributes;
  readonly dynamic?: Attributes;
}

/**
 * The synthesized stack, `cdk.tf.json`, as far as a plan leaves it out. Without it some values of a first plan stay
 * unknown.
 */
export interface StackSources {
  readonly locals?: Attributes;
  readonly resource?: Readonly<Record<string, Readonly<Record<string, SourceResource>>>>;
}

/** True for what `terraform show -json` prints of a plan. A state's has no changes, and no configuration. */
export function isPlanJson(document: unknown): document is PlanJson {
  const { resource_changes: changes, configuration } = (document ?? {}) as PlanJson;
  return Array.isArray(changes) && typeof configuration === "object" && configuration !== null;
}

/** `module.a.aws_b.c` of `module.a["x"].aws_b.c[0]`. */
export const withoutIndexes = (address: string): string => address.replaceAll(/\[(?:"[^"]*"|\d+)\]/g, "");

/** Configurations of a plan's resources, by address without indexes. */
export function configurations(module: ModuleConfiguration = {}, prefix = ""): Map<string, ResourceConfiguration> {
  const own = (module.resources ?? []).map((resource) => [`${prefix}${resource.address}`, resource] as const);
  const inner = Object.entries(module.module_calls ?? {}).flatMap(([name, call]) => [
    ...configurations(call.module, `${prefix}module.${name}.`),
  ]);
  return new Map([...own, ...inner]);
}

/** Something that an expression names: resources of its own module, without attribute and index. */
export function namedResources(expression: unknown): string[] {
  if (Array.isArray(expression)) return [...new Set(expression.flatMap(namedResources))];
  if (typeof expression !== "object" || expression === null) return [];
  const { references } = expression as { references?: readonly string[] };
  if (references === undefined) return [...new Set(Object.values(expression).flatMap(namedResources))];
  const names = references
    .filter((reference) => /^aws_\w+\./.test(reference))
    .map((reference) => reference.split(/[.[]/, 2).join("."));
  return [...new Set(names)];
}

/** The value at a place inside a value; undefined where there is no such place. */
export function placeAt(value: unknown, path: readonly (string | number)[]): unknown {
  let found = value;
  for (const step of path) {
    if (typeof found !== "object" || found === null) return undefined;
    found = (found as Readonly<Record<string | number, unknown>>)[step];
  }
  return found;
}

/** Whether a mark is set at a place: there, around it, or inside it. */
export function isMarkedAt(marks: unknown, path: readonly (string | number)[]): boolean {
  let mark = marks;
  for (const step of path) {
    if (mark === true) return true;
    if (typeof mark !== "object" || mark === null) return false;
    mark = (mark as Readonly<Record<string | number, unknown>>)[step];
  }
  return isMarked(mark);
}

/** A value that terraform will know only after the apply, or that is not evaluated here. */
export class Unknown {
  /**
   * @param source what it will be the value of, such as `aws_sns_topic.alarm_topic[0].arn`; undefined where that is not
   * clear
   */
  constructor(readonly source?: string) {}

  /** As it stands in a text: `${aws_sns_topic.alarm_topic[0].arn}`, or `${?}`. */
  toString(): string {
    return `\${${this.source ?? "?"}}`;
  }

  toJSON(): string {
    return this.toString();
  }
}

/** True for a text that holds, or for a value that is, what nobody can tell before the apply. */
export const isUnclear = (value: unknown): boolean =>
  value instanceof Unknown ? value.source === undefined : typeof value === "string" && value.includes("${?}");
