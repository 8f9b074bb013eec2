import type { Attributes } from "../plan-resources";

/** A statement of an IAM or a resource policy, with lists where AWS also takes one alone. */
export interface Statement {
  /** Its name; empty where it has none. */
  readonly sid: string;
  readonly effect: "Allow" | "Deny";
  /** Such as `dynamodb:PutItem`; of a NotAction `everything but …`. */
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  /** Such as `AWS: *`; empty in a policy of an identity. */
  readonly principals: readonly string[];
  readonly hasCondition: boolean;
  /** By operator, then by key, as IAM has it; empty where there is none. */
  readonly condition: Readonly<Record<string, Attributes>>;
}

/** Attributes that hold a policy document. */
export const POLICY_ATTRIBUTES = ["policy", "assume_role_policy"] as const;

/** The statements of a resource's policy documents; none where it has none or they are not known yet. */
export function statementsOf(attributes: Attributes | null): Statement[] {
  return POLICY_ATTRIBUTES.flatMap((name) => documentStatements(attributes?.[name]));
}

/** True where anybody at all is meant. */
export const isAnybody = (principal: string): boolean => principal === "*" || principal.endsWith(": *");

/** The statements of a policy document as JSON text; none where it is no such text. */
export function documentStatements(document: unknown): Statement[] {
  const parsed = parse(document);
  return list((parsed as { Statement?: unknown } | undefined)?.Statement).flatMap((statement) =>
    typeof statement === "object" && statement !== null ? [read(statement as Attributes)] : [],
  );
}

function read(statement: Attributes): Statement {
  const but = (name: string) => list(statement[`Not${name}`]).map((value) => `everything but ${String(value)}`);
  const condition =
    typeof statement["Condition"] === "object" && statement["Condition"] !== null
      ? (statement["Condition"] as Statement["condition"])
      : {};
  return {
    sid: String(statement["Sid"] ?? ""),
    effect: statement["Effect"] === "Deny" ? "Deny" : "Allow",
    actions: [...list(statement["Action"]).map(String), ...but("Action")],
    resources: [...list(statement["Resource"]).map(String), ...but("Resource")],
    principals: [
      ...principalsOf(statement["Principal"]),
      ...principalsOf(statement["NotPrincipal"]).map((name) => `everybody but ${name}`),
    ],
    hasCondition: Object.keys(condition).length > 0,
    condition,
  };
}

function principalsOf(principal: unknown): string[] {
  if (typeof principal !== "object" || principal === null) return principal === undefined ? [] : [String(principal)];
  return Object.entries(principal).flatMap(([kind, names]) => list(names).map((name) => `${kind}: ${String(name)}`));
}

const list = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? (value as unknown[]) : value === undefined || value === null ? [] : [value];

function parse(document: unknown): unknown {
  if (typeof document !== "string") return undefined;
  try {
    return JSON.parse(document) as unknown;
  } catch {
    // No JSON: then it is no policy, and AWS would not take it.
    return undefined;
  }
}
