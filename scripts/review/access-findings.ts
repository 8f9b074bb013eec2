import { type Attributes, changedResources, isMarked, type PlanResource } from "../kit/plan-changes";
import type { Finding, FindingSource } from "./findings";

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

/** Changes of who may do what: policies of identities and of resources, roles' trust, permissions to call. */
export const accessFindings: FindingSource = (plan) => changedResources(plan).flatMap(accessFinding);

function accessFinding({ address, type, change }: PlanResource): Omit<Finding, "source">[] {
  const { before, after, after_unknown: unknown = {} } = change;
  const later = POLICY_ATTRIBUTES.filter((name) => isMarked(unknown[name]));
  const [was, is] = [grants(type, before), grants(type, after)];
  const added = is.filter((grant) => !was.includes(grant));
  const removed = later.length > 0 ? [] : was.filter((grant) => !is.includes(grant));
  // A policy that a resource makes for itself, as a topic does, is unknown at first, and nobody's decision.
  const isOwn = later.length > 0 && (type.endsWith("_policy") || type.startsWith("aws_iam_"));
  if (added.length === 0 && removed.length === 0 && !isOwn) return [];
  const parts = [
    ...(added.length > 0 ? [`allows ${shown(added)}`] : []),
    ...(removed.length > 0 ? [`no longer allows ${shown(removed)}`] : []),
    ...(isOwn
      ? [`${later.join(" and ")} holds values that are known after the apply; read it in the configuration`]
      : []),
  ];
  return [
    {
      severity: added.some(isWide) ? "critical" : added.length > 0 ? "warning" : "info",
      address,
      text: `${capital(parts.join("; "))}.`,
    },
  ];
}

/** What is allowed, one text each: an action, on what, for whom, and whether under a condition. */
function grants(type: string, attributes: Attributes | null): string[] {
  if (!attributes) return [];
  if (type === "aws_lambda_permission")
    return [`${String(attributes["action"])} for ${String(attributes["principal"])}`];
  if (type === "aws_iam_role_policy_attachment" || type === "aws_iam_user_policy_attachment")
    return [`all of ${String(attributes["policy_arn"])}`];
  return [
    ...new Set(
      statementsOf(attributes)
        .filter(({ effect }) => effect === "Allow")
        .flatMap(statementGrants),
    ),
  ];
}

function statementGrants({ actions, resources, principals, hasCondition }: Statement): string[] {
  const on = resources.length > 0 ? ` on ${resources.join(", ")}` : "";
  const whom = principals.length > 0 ? ` for ${principals.join(", ")}` : "";
  return actions.map((action) => `${action}${on}${whom}${hasCondition ? " under a condition" : ""}`);
}

/** Every action there is, or of a service. */
const isWide = (grant: string): boolean =>
  /^(\*|[\w-]+:\*|everything but .*|all of .*\/(AdministratorAccess|PowerUserAccess|IAMFullAccess))( |$)/.test(grant);

/** So many are named; the rest is counted. */
const MOST_NAMED = 6;

function shown(texts: readonly string[]): string {
  const rest = texts.length - MOST_NAMED;
  return `${texts.slice(0, MOST_NAMED).join("; ")}${rest > 0 ? `; and ${rest} more` : ""}`;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
