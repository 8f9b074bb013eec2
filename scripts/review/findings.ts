import { audit, rowsWith, type AuditInput } from "./audit-report";
import { AuditedPlan } from "./audited-plan";
import { isPlanJson, type PlanJson } from "./plan-json";
import { changedResources, type Attributes, type PlanResource } from "../kit/plan-changes";
import { isAnybody, statementsOf, accessFindings } from "./access-findings";

/** Something in a plan that a reviewer must look at for its safety. */
export interface Finding {
  /** Where it comes from: a name in FINDING_SOURCES. */
  readonly source: string;
  readonly severity: Severity;
  /** Resource or check. */
  readonly address: string;
  /** One sentence. */
  readonly text: string;
}

/** `critical` opens something to anybody or allows everything; `warning` needs a word; `info` is to be known. */
export type Severity = "critical" | "warning" | "info";

/** Reads findings out of what `terraform show -json` gives of a plan. */
export type FindingSource = (plan: unknown) => Omit<Finding, "source">[];

/** A check block, a precondition or a validation in a plan (Terraform documentation, "JSON Output Format", Checks). */
interface Check {
  readonly address: { readonly kind: string; readonly to_display: string };
  readonly status: "pass" | "fail" | "error" | "unknown";
  readonly instances?: readonly { readonly problems?: readonly { readonly message: string }[] }[];
}

/** Checks that do not hold. An apply goes on all the same, so this is where they are seen. */
export const checkFindings: FindingSource = (plan) => {
  const { checks = [] } = plan as { checks?: readonly Check[] };
  return checks
    .filter(({ status }) => status === "fail" || status === "error")
    .map(({ address, instances = [] }) => {
      const messages = instances.flatMap(({ problems = [] }) => problems.map(({ message }) => message.trim()));
      return {
        severity: "warning",
        address: address.to_display,
        text: [...new Set(messages)].join(" ") || "It does not hold; terraform gives no reason.",
      };
    });
};

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

/**
 * Changes after which anybody on the Internet, or in AWS, may come in. What was open before and stays as it is is not
 * named.
 */
export const exposureFindings: FindingSource = (plan) =>
  changedResources(plan).flatMap((resource) => {
    const before = new Set(exposures(resource, resource.change.before));
    const now = exposures(resource, resource.change.after).filter((text) => !before.has(text));
    return [...new Set(now)].map((text) => ({ severity: "critical" as const, address: resource.address, text }));
  });

const PUBLIC_ACCESS_BLOCKS = [
  "block_public_acls",
  "block_public_policy",
  "ignore_public_acls",
  "restrict_public_buckets",
];

function exposures({ type }: PlanResource, attributes: Attributes | null): string[] {
  if (type === "aws_s3_bucket_public_access_block") return bucketExposures(attributes);
  if (!attributes) return [];
  const own: string[] = [];
  if (
    type === "aws_lambda_permission" &&
    attributes["principal"] === "*" &&
    !attributes["source_account"] &&
    !attributes["principal_org_id"]
  )
    own.push("Anybody may call the function: its principal is *. Name a service or an account.");
  if (type === "aws_lambda_function_url" && attributes["authorization_type"] === "NONE")
    own.push("Anybody who finds the URL may call the function: authorization_type is NONE. Use AWS_IAM.");
  const open = statementsOf(attributes).filter(
    ({ effect, principals, hasCondition }) => effect === "Allow" && !hasCondition && principals.some(isAnybody),
  );
  return [
    ...own,
    ...open.map(
      ({ actions }) => `Anybody in AWS may ${actions.join(", ")}: the principal is * and there is no condition.`,
    ),
  ];
}

function bucketExposures(attributes: Attributes | null): string[] {
  if (!attributes) return ["Nothing keeps the bucket from becoming public any more: its public access block goes."];
  const off = PUBLIC_ACCESS_BLOCKS.filter((name) => attributes[name] === false);
  return off.length === 0
    ? []
    : [`The bucket may become public: ${off.join(", ")} ${off.length === 1 ? "is" : "are"} false. Allowed: true.`];
}

/** Who looks at a plan, with what decides the audit. A further one is an entry here. */
export const findingSources = (input: AuditInput = {}): Readonly<Record<string, FindingSource>> => ({
  checks: checkFindings,
  exposure: exposureFindings,
  access: accessFindings,
  audit: auditFindings(input),
});

/** The same with our own suppressions alone. */
export const FINDING_SOURCES = findingSources();

const SEVERITIES: readonly Severity[] = ["critical", "warning", "info"];

/** Everything found in a plan, the gravest first. */
export function findingsOf(
  plan: unknown,
  sources: Readonly<Record<string, FindingSource>> = FINDING_SOURCES,
): Finding[] {
  const found = Object.entries(sources).flatMap(([source, look]) =>
    look(plan).map((finding) => ({ source, ...finding })),
  );
  return found.sort(
    (a, b) =>
      SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
      (a.address < b.address ? -1 : a.address > b.address ? 1 : 0),
  );
}
