import { documentStatements, isAnybody, type Statement } from "./access-findings";
import type { AuditedPlan, AuditedResource } from "./audited-plan";
import { Unknown } from "./plan-json";

/**
 * What stands in an attribute that holds a policy document: its statements, none where there is no document, or {@link
 * Unknown}.
 */
export function statementsIn(resource: AuditedResource, attribute: string): Statement[] | Unknown {
  const document = resource.get(attribute);
  return document instanceof Unknown ? document : documentStatements(document);
}

/** Where a resource's own policy may stand: in it, or in a resource beside it. */
export interface PolicyPlaces {
  readonly type: string;
  readonly beside: string;
  /** Attribute of what stands beside that leads to the resource. */
  readonly by: string;
}

export const TOPIC_POLICY: PolicyPlaces = { type: "aws_sns_topic", beside: "aws_sns_topic_policy", by: "arn" };
export const QUEUE_POLICY: PolicyPlaces = { type: "aws_sqs_queue", beside: "aws_sqs_queue_policy", by: "queue_url" };
export const API_POLICY: PolicyPlaces = {
  type: "aws_api_gateway_rest_api",
  beside: "aws_api_gateway_rest_api_policy",
  by: "rest_api_id",
};
export const BUCKET_POLICY: PolicyPlaces = { type: "aws_s3_bucket", beside: "aws_s3_bucket_policy", by: "bucket" };

/** The statements of a resource's own policy, wherever it stands. */
export function policyOf(
  resource: AuditedResource,
  plan: AuditedPlan,
  { beside, by }: PolicyPlaces,
): Statement[] | Unknown {
  const { found, unclear } = attached(plan, resource, beside, by);
  const documents = [statementsIn(resource, "policy"), ...found.map((policy) => statementsIn(policy, "policy"))];
  const read = documents.flatMap((document) => (document instanceof Unknown ? [] : document));
  return documents.some((document) => document instanceof Unknown) || (unclear && read.length === 0)
    ? new Unknown()
    : read;
}

/** Resources that lead to this one by an attribute, and whether there are some of which nobody can tell. */
export function attached(
  plan: AuditedPlan,
  to: AuditedResource,
  type: string,
  attribute: string,
): { readonly found: readonly AuditedResource[]; readonly unclear: boolean } {
  const found = plan.pointingAt(to, type, attribute);
  return {
    found,
    unclear:
      found.length === 0 && plan.ofType(type).some((from) => plan.target(from, attribute, to.type) === "unclear"),
  };
}

/** True where every call that does not come over TLS is denied to everybody. */
export function deniesPlainHttp(statements: readonly Statement[]): boolean {
  return statements.some(
    ({ effect, principals, condition }) =>
      effect === "Deny" && principals.some(isAnybody) && String(condition["Bool"]?.["aws:SecureTransport"]) === "false",
  );
}

/**
 * True where every call that does not come through some VPC endpoints, or out of some networks, is denied to everybody.
 */
export function deniesOtherNetworks(statements: readonly Statement[]): boolean {
  const names = (keys: Readonly<Record<string, unknown>>) =>
    Object.keys(keys).some((key) => ["aws:sourcevpce", "aws:sourcevpc"].includes(key.toLowerCase()));
  return statements.some(
    ({ effect, principals, condition }) =>
      effect === "Deny" &&
      principals.some((name) => /^(.*: )?\*$/.test(name)) &&
      Object.keys(condition).length === 1 &&
      names(condition["StringNotEquals"] ?? {}),
  );
}

/** True where an account, or anybody, is let in without a condition. */
export function letsIn({ effect, principals, hasCondition }: Statement, whom: (principal: string) => boolean): boolean {
  return effect === "Allow" && !hasCondition && principals.some(whom);
}
