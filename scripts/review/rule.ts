import type { AuditedPlan, AuditedResource } from "./audited-plan";
import { type Path, Unknown } from "./plan-json";

/**
 * `critical`: something is open to anybody, or everything is allowed. `warning`: safety or data may be lost. `info`:
 * opinions differ.
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

/** One judgement, or one for each part of the resource; an empty list where the rule does not apply. */
export type Judgements = Judgement | readonly Judgement[];

/** Judges one resource of a plan. */
export type Evaluate = (resource: AuditedResource, plan: AuditedPlan) => Judgements;

/** A demand on resources of some types, named by what is true where it passes. */
export interface Rule {
  /** In kebab-case; suppressions name it. */
  readonly id: string;
  /** A fact in the present tense. */
  readonly title: string;
  /** Ids of scanners' checks that ask the same. Default: no scanner asks it. */
  readonly asks?: readonly string[];
  readonly severity: Severity;
  /** Terraform's types of the resources that it looks at. */
  readonly types: readonly string[];
  readonly evaluate: Evaluate;
}

export const PASS: Judgement = { outcome: "pass", text: "" };
export const NOT_APPLICABLE: readonly Judgement[] = [];
export const fail = (text: string): Judgement => ({ outcome: "fail", text });
export const unknown = (text: string): Judgement => ({ outcome: "unknown", text });
export const unknownUntilApply = (what: string): Judgement => unknown(`${what} is known only after the apply.`);

/** Passes where a condition holds, and else fails with a text. */
export const passIf = (holds: boolean, failure: string): Judgement => (holds ? PASS : fail(failure));

/** Names the part of the resource that a judgement is about. */
export const namePart = (part: string, judgement: Judgement): Judgement => ({ ...judgement, part });

/** What a value must be. */
export interface Demand {
  /** Whether the value, undefined where none is given, is as it should be. */
  readonly holds: (value: unknown) => boolean;
  /** For the message. */
  readonly allowed: string;
  /** Whether a value that is known only after the apply passes. Default: no, the judgement is then `unknown`. */
  readonly acceptsUnknown?: true;
}

export const isTrue: Demand = { holds: (value) => value === true, allowed: "true" };
export const isGiven = (allowed: string): Demand => ({
  holds: (value) => value !== undefined,
  allowed,
  acceptsUnknown: true,
});
export const isOneOf = (...values: readonly unknown[]): Demand => ({
  holds: (value) => values.includes(value),
  allowed: values.map((value) => JSON.stringify(value)).join(" or "),
});
export const isAtLeast = (minimum: number, allowed: string): Demand => ({
  holds: (value) => typeof value === "number" && value >= minimum,
  allowed,
});

/** A demand on one attribute of a resource. */
export interface AttributeRule extends Omit<Rule, "evaluate"> {
  readonly path: Path;
  readonly demand: Demand;
}

export function attributeRule({ path, demand, ...rule }: AttributeRule): Rule {
  return { ...rule, evaluate: (resource) => judgeAttribute(resource, path, demand) };
}

/** Judges one attribute: the message names it, what was given and what is allowed. */
export function judgeAttribute(resource: AuditedResource, path: Path, demand: Demand): Judgement {
  const value = resource.get(...path);
  if (value instanceof Unknown && demand.acceptsUnknown !== true)
    return unknown(`${formatPath(path)} is known only after the apply; allowed: ${demand.allowed}.`);
  return passIf(
    demand.holds(value),
    `${formatPath(path)} is ${resource.describe(...path)}; allowed: ${demand.allowed}.`,
  );
}

/** `tracing_config[0].mode` */
const formatPath = (path: Path): string =>
  path.map((step, index) => (typeof step === "number" ? `[${step}]` : index === 0 ? step : `.${step}`)).join("");

/** Where a resource's companion is found: Terraform's type, and the attribute of the companion that leads here. */
export interface Companion {
  readonly type: string;
  readonly attribute: string;
}

/** Judges the companion of a resource, such as a bucket's versioning. Fails where no companion leads to it. */
export const judgeCompanion =
  ({ type, attribute }: Companion, judge: (companion: AuditedResource) => Judgements = () => PASS): Evaluate =>
  (resource, plan) => {
    const { found, isUnclear } = plan.findCompanions(resource, type, attribute);
    if (found[0] !== undefined) return judge(found[0]);
    return isUnclear
      ? unknown(`Which ${type} belongs to ${resource.address} is known only after the apply.`)
      : fail(`No ${type} leads to ${resource.address}; allowed: one.`);
  };
