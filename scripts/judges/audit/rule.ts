import type { AuditedPlan, AuditedResource } from "./audited-plan";

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
