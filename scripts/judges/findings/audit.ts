import { audit, rowsWith, type AuditInput } from "../audit/audit";
import { AuditedPlan } from "../audit/audited-plan";
import { isPlanJson, type PlanJson } from "../audit/plan-json";
import { exposureFindings } from "./exposure";
import type { FindingSource } from "./finding";

/** Rules that ask of every resource what exposure tells of the changed ones, in its own words. */
const TOLD_BY_EXPOSURE = new Set([
  "bucket-is-not-public",
  "bucket-policy-names-callers",
  "function-permission-names-its-caller",
  "function-url-is-authorized",
  "queue-is-not-public",
  "topic-is-not-public",
]);

/** Attributes by which a policy, or a bucket's block, leads to what it is about. */
const ABOUT = { bucket: "aws_s3_bucket", arn: "aws_sns_topic", queue_url: "aws_sqs_queue" };

/**
 * What the audit's rules find, failures alone; what a change opens to anybody is left to exposure.
 * @param input what decides an audit. Default: our own suppressions, and none has expired
 */
export function auditFindings(input: AuditInput = {}): FindingSource {
  return (plan) => {
    // A plan without its configuration cannot be audited, and is no less worth a review.
    if (!isPlanJson(plan)) return [];
    const told = toldByExposure(plan);
    return rowsWith(audit(plan, input), "fail")
      .filter(({ rule, address }) => !(TOLD_BY_EXPOSURE.has(rule) && told.has(address)))
      .map(({ severity, address, part, rule, text }) => ({
        severity,
        address,
        text: `${part === undefined ? "" : `${part}: `}${text} (${rule})`,
      }));
  };
}

/** Addresses that exposure names, and those that they are about. */
function toldByExposure(plan: PlanJson): Set<string> {
  const exposed = new Set(exposureFindings(plan).map(({ address }) => address));
  const audited = new AuditedPlan(plan);
  const about = audited.resources
    .filter(({ address }) => exposed.has(address))
    .flatMap((resource) => Object.entries(ABOUT).map(([attribute, type]) => audited.target(resource, attribute, type)));
  return new Set([...exposed, ...about.flatMap((target) => (typeof target === "string" ? [] : [target.address]))]);
}
