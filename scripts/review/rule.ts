import type { AuditedPlan, AuditedResource } from "./audited-plan";
import { Unknown } from "./plan-json";

/**
 * `critical` opens something to anybody or allows everything; `warning` loses safety or data; `info` is a demand of
 * taste.
 */
export type Severity = "critical" | "warning" | "info";

/** What a rule finds at one place. */
export interface Judgement {
  /** `unknown` where a value is known only after the apply and leads nowhere that the plan shows. */
  readonly outcome: "pass" | "fail" | "unknown";
  /** Which attribute, what was given, what is allowed; or what is not known. Empty where it passes. */
  readonly text: string;
  /** Which part of the resource, such as `GET /api/v1/health` or a statement's Sid. Default: all of it. */
  readonly part?: string;
}

/** A demand on resources of some types, named by what is true where it passes. */
export interface Rule {
  /** In kebab-case; suppressions name it. */
  readonly id: string;
  /** A fact in the present tense. */
  readonly title: string;
  /** Ids of scanners' checks that ask the same; empty where none does. */
  readonly asks: readonly string[];
  readonly severity: Severity;
  /** Terraform's types of the resources that it looks at. */
  readonly types: readonly string[];
  /** One judgement a part; none where it does not apply to this resource. */
  readonly evaluate: (resource: AuditedResource, plan: AuditedPlan) => readonly Judgement[];
}

export const PASS: Judgement = { outcome: "pass", text: "" };
export const fail = (text: string): Judgement => ({ outcome: "fail", text });
export const unknown = (text: string): Judgement => ({ outcome: "unknown", text });

/** The judgement where a condition is met or not. */
export const when = (holds: boolean, otherwise: string): Judgement => (holds ? PASS : fail(otherwise));

/** Names the part that a judgement is about. */
export const of = (part: string, judgement: Judgement): Judgement => ({ ...judgement, part });

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
