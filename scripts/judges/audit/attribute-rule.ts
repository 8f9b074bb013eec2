import type { AuditedResource } from "./audited-plan";
import { PASS, fail, unknown, type Judgement, type Rule } from "./rule";
import { Unknown } from "./unknown";

type Path = readonly (string | number)[];

/** A demand on one attribute of a resource. */
export interface AttributeRule extends Omit<Rule, "types" | "evaluate"> {
  readonly type: string;
  readonly path: Path;
  /** Whether the value, undefined where none is given, is as it should be. */
  readonly holds: (value: unknown) => boolean;
  /** What is allowed, for the message. */
  readonly allowed: string;
}

/** Makes a rule of it. What is known only after the apply passes where anything that is given passes. */
export function attributeRule({ type, path, holds, allowed, ...rule }: AttributeRule): Rule {
  return { ...rule, types: [type], evaluate: (resource) => [attribute(resource, path, holds, allowed)] };
}

/** Judges one attribute: its message names it, what was given and what is allowed. */
export function attribute(
  resource: AuditedResource,
  path: Path,
  holds: (value: unknown) => boolean,
  allowed: string,
): Judgement {
  const value = resource.get(...path);
  if (value instanceof Unknown && holds !== isGiven)
    return unknown(`${placeName(path)} is known only after the apply; allowed: ${allowed}.`);
  return holds(value) ? PASS : fail(`${placeName(path)} is ${resource.shown(...path)}; allowed: ${allowed}.`);
}

/** `tracing_config[0].mode` */
export const placeName = (path: Path): string =>
  path.map((step, index) => (typeof step === "number" ? `[${step}]` : index === 0 ? step : `.${step}`)).join("");

export const isGiven = (value: unknown): boolean => value !== undefined;
export const isTrue = (value: unknown): boolean => value === true;
export const isOneOf =
  (...allowed: readonly unknown[]) =>
  (value: unknown): boolean =>
    allowed.includes(value);
export const isAtLeast =
  (minimum: number) =>
  (value: unknown): boolean =>
    typeof value === "number" && value >= minimum;
