import type { Attributes } from "../kit/plan-changes";
import type { AuditedPlan, AuditedResource } from "./audited-plan";
import { Unknown } from "./plan-json";
import { type Companion, type Evaluate, type Judgements, passIf, unknownUntilApply } from "./rule";

/** A statement of an IAM or a resource policy. Always lists, where AWS also takes a single value. */
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

/** The statements of a policy document as JSON text; none where it is no such text. */
export function parseStatements(document: unknown): Statement[] {
  const { Statement: statements } = (parsePolicy(document) ?? {}) as { Statement?: unknown };
  return toList(statements).flatMap((statement) =>
    typeof statement === "object" && statement !== null ? [parseStatement(statement as Attributes)] : [],
  );
}

function parsePolicy(document: unknown): unknown {
  if (typeof document !== "string") return undefined;
  try {
    return JSON.parse(document) as unknown;
  } catch {
    // AWS would not accept a policy that is no JSON.
    return undefined;
  }
}

function parseStatement(statement: Attributes): Statement {
  const listExceptions = (name: string) =>
    toList(statement[`Not${name}`]).map((value) => `everything but ${String(value)}`);
  const condition = (statement["Condition"] ?? {}) as Statement["condition"];
  return {
    sid: String(statement["Sid"] ?? ""),
    effect: statement["Effect"] === "Deny" ? "Deny" : "Allow",
    actions: [...toList(statement["Action"]).map(String), ...listExceptions("Action")],
    resources: [...toList(statement["Resource"]).map(String), ...listExceptions("Resource")],
    principals: [
      ...listPrincipals(statement["Principal"]),
      ...listPrincipals(statement["NotPrincipal"]).map((name) => `everybody but ${name}`),
    ],
    hasCondition: Object.keys(condition).length > 0,
    condition,
  };
}

function listPrincipals(principal: unknown): string[] {
  if (typeof principal !== "object" || principal === null) return principal === undefined ? [] : [String(principal)];
  return Object.entries(principal).flatMap(([kind, names]) => toList(names).map((name) => `${kind}: ${String(name)}`));
}

export const toList = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? (value as unknown[]) : value === undefined || value === null ? [] : [value];

/** True for a principal that is everybody. */
export const isAnybody = (principal: string): boolean => principal === "*" || principal.endsWith(": *");

/** True where principals that match are let in without a condition. */
export const letsIn = (
  { effect, principals, hasCondition }: Statement,
  isMatch: (principal: string) => boolean,
): boolean => effect === "Allow" && !hasCondition && principals.some(isMatch);

/** True for `*` and `AWS: *`, but not for `everybody but AWS: *`. */
export const isExactlyAnybody = (principal: string): boolean => /^(.*: )?\*$/.test(principal);

/** The statements in an attribute that holds a policy document; none where there is no document, or {@link Unknown}. */
export function readStatements(resource: AuditedResource, attribute: string): Statement[] | Unknown {
  const document = resource.get(attribute);
  return document instanceof Unknown ? document : parseStatements(document);
}

/** By resource type: the resource that may hold its policy instead of the resource itself. */
const POLICY_COMPANIONS: Readonly<Record<string, Companion>> = {
  aws_sns_topic: { type: "aws_sns_topic_policy", attribute: "arn" },
  aws_sqs_queue: { type: "aws_sqs_queue_policy", attribute: "queue_url" },
  aws_api_gateway_rest_api: { type: "aws_api_gateway_rest_api_policy", attribute: "rest_api_id" },
  aws_s3_bucket: { type: "aws_s3_bucket_policy", attribute: "bucket" },
};

/** The statements of a resource's policy, in the resource itself or in its companions. */
export function findPolicy(resource: AuditedResource, plan: AuditedPlan): Statement[] | Unknown {
  const { type = "", attribute = "" } = POLICY_COMPANIONS[resource.type] ?? {};
  const { found, isUnclear } = plan.findCompanions(resource, type, attribute);
  const documents = [resource, ...found].map((holder) => readStatements(holder, "policy"));
  const known = documents.flatMap((document) => (document instanceof Unknown ? [] : document));
  const isUnknown = documents.some((document) => document instanceof Unknown) || (isUnclear && known.length === 0);
  return isUnknown ? new Unknown() : known;
}

/** Judges the statements of a resource's policy, wherever it stands. */
export const judgePolicy =
  (judge: (statements: readonly Statement[]) => Judgements): Evaluate =>
  (resource, plan) => {
    const statements = findPolicy(resource, plan);
    return statements instanceof Unknown ? unknownUntilApply(`The policy of ${resource.address}`) : judge(statements);
  };

/** Passes where every call that does not use TLS is denied to everybody. */
export const judgePlainHttp: Evaluate = judgePolicy((statements) => {
  const deniesPlainHttp = statements.some(
    ({ effect, principals, condition }) =>
      effect === "Deny" && principals.some(isAnybody) && String(condition["Bool"]?.["aws:SecureTransport"]) === "false",
  );
  return passIf(
    deniesPlainHttp,
    "The policy does not deny calls with aws:SecureTransport false to everybody; allowed: a statement that does.",
  );
});
