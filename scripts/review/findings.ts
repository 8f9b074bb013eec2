import { type Attributes, changedResources, isMarked, type PlanResource } from "../kit/plan-changes";
import { audit, type AuditInput, listRows } from "./audit-report";
import { AuditedPlan } from "./audited-plan";
import { isPlanJson, type PlanJson } from "./plan-json";
import { isAnybody, letsIn, parseStatements, type Statement } from "./policy-documents";
import type { Severity } from "./rule";

/** Something in a plan that a reviewer must look at for its safety. */
export interface Finding {
  /** Name of the function in SOURCES that found it. */
  readonly source: keyof typeof SOURCES;
  readonly severity: Severity;
  /** Resource or check. */
  readonly address: string;
  /** One sentence. */
  readonly text: string;
}

/** Finds something in what `terraform show -json` prints of a plan. */
type FindingSource = (plan: unknown, input: AuditInput) => Omit<Finding, "source">[];

/** A further source of findings is an entry here. */
const SOURCES = {
  checks: findFailedChecks,
  exposure: findExposures,
  access: findAccessChanges,
  audit: findFailedRules,
} satisfies Readonly<Record<string, FindingSource>>;

const SEVERITIES: readonly Severity[] = ["critical", "warning", "info"];

/**
 * Everything that a reviewer must look at in a plan, the most severe first.
 * @param input what decides the audit. Default: the project's own suppressions, none of which has expired
 */
export function findSecurityFindings(plan: unknown, input: AuditInput = {}): Finding[] {
  const names = Object.keys(SOURCES) as (keyof typeof SOURCES)[];
  const findings = names.flatMap((source) => SOURCES[source](plan, input).map((finding) => ({ source, ...finding })));
  return findings.sort(
    (a, b) =>
      SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
      (a.address < b.address ? -1 : a.address > b.address ? 1 : 0),
  );
}

/** A check block, a precondition or a validation in a plan (Terraform documentation, "JSON Output Format", Checks). */
interface Check {
  readonly address: { readonly to_display: string };
  readonly status: "pass" | "fail" | "error" | "unknown";
  readonly instances?: readonly { readonly problems?: readonly { readonly message: string }[] }[];
}

/** Checks that do not hold. They do not stop an apply. */
function findFailedChecks(plan: unknown): Omit<Finding, "source">[] {
  const { checks = [] } = plan as { checks?: readonly Check[] };
  return checks
    .filter(({ status }) => status === "fail" || status === "error")
    .map(({ address, instances = [] }) => {
      const messages = instances.flatMap(({ problems = [] }) => problems.map(({ message }) => message.trim()));
      const text = [...new Set(messages)].join(" ") || "It does not hold; terraform gives no reason.";
      return { severity: "warning", address: address.to_display, text };
    });
}

/** Changes after which anybody on the Internet, or in AWS, may come in. What was open before is left out. */
function findExposures(plan: unknown): Omit<Finding, "source">[] {
  return changedResources(plan).flatMap(({ address, type, change }) => {
    const before = new Set(listExposures(type, change.before));
    const added = new Set(listExposures(type, change.after).filter((text) => !before.has(text)));
    return [...added].map((text) => ({ severity: "critical" as const, address, text }));
  });
}

function listExposures(type: string, attributes: Attributes | null): string[] {
  if (type === "aws_s3_bucket_public_access_block") return listBucketExposures(attributes);
  if (!attributes) return [];
  const { principal, source_account: account, principal_org_id: organization } = attributes;
  const open = parsePolicies(attributes).filter((statement) => letsIn(statement, isAnybody));
  return [
    ...(type === "aws_lambda_permission" && principal === "*" && !account && !organization
      ? ["Anybody may call the function: its principal is *. Name a service or an account."]
      : []),
    ...(type === "aws_lambda_function_url" && attributes["authorization_type"] === "NONE"
      ? ["Anybody who finds the URL may call the function: authorization_type is NONE. Use AWS_IAM."]
      : []),
    ...open.map(
      ({ actions }) => `Anybody in AWS may ${actions.join(", ")}: the principal is * and there is no condition.`,
    ),
  ];
}

const PUBLIC_ACCESS_BLOCKS = [
  "block_public_acls",
  "block_public_policy",
  "ignore_public_acls",
  "restrict_public_buckets",
];

function listBucketExposures(attributes: Attributes | null): string[] {
  if (!attributes) return ["The bucket may become public: its public access block is removed."];
  const off = PUBLIC_ACCESS_BLOCKS.filter((name) => attributes[name] === false);
  return off.length === 0
    ? []
    : [`The bucket may become public: ${off.join(", ")} ${off.length === 1 ? "is" : "are"} false. Allowed: true.`];
}

const POLICY_ATTRIBUTES = ["policy", "assume_role_policy"];

const parsePolicies = (attributes: Attributes): Statement[] =>
  POLICY_ATTRIBUTES.flatMap((name) => parseStatements(attributes[name]));

/** Changes of who may do what: policies of identities and of resources, roles' trust, permissions to call. */
function findAccessChanges(plan: unknown): Omit<Finding, "source">[] {
  return changedResources(plan).flatMap(describeAccessChange);
}

function describeAccessChange({ address, type, change }: PlanResource): Omit<Finding, "source">[] {
  const { before, after, after_unknown: unknown = {} } = change;
  const later = POLICY_ATTRIBUTES.filter((name) => isMarked(unknown[name]));
  const [grantsBefore, grantsAfter] = [listGrants(type, before), listGrants(type, after)];
  const added = grantsAfter.filter((grant) => !grantsBefore.includes(grant));
  const removed = later.length > 0 ? [] : grantsBefore.filter((grant) => !grantsAfter.includes(grant));
  // A policy that AWS makes for a resource, such as a topic's, is unknown at first, and nobody's decision.
  const isDecision = later.length > 0 && (type.endsWith("_policy") || type.startsWith("aws_iam_"));
  const parts = [
    ...(added.length > 0 ? [`allows ${joinGrants(added)}`] : []),
    ...(removed.length > 0 ? [`no longer allows ${joinGrants(removed)}`] : []),
    ...(isDecision
      ? [`${later.join(" and ")} holds values that are known after the apply; read it in the configuration`]
      : []),
  ];
  if (parts.length === 0) return [];
  const text = parts.join("; ");
  return [
    {
      severity: added.some(isWide) ? "critical" : added.length > 0 ? "warning" : "info",
      address,
      text: `${text.charAt(0).toUpperCase()}${text.slice(1)}.`,
    },
  ];
}

/** What is allowed, a text each: an action, on what, for whom, and whether under a condition. */
function listGrants(type: string, attributes: Attributes | null): string[] {
  if (!attributes) return [];
  if (type === "aws_lambda_permission")
    return [`${String(attributes["action"])} for ${String(attributes["principal"])}`];
  if (type === "aws_iam_role_policy_attachment" || type === "aws_iam_user_policy_attachment")
    return [`all of ${String(attributes["policy_arn"])}`];
  const grants = parsePolicies(attributes)
    .filter(({ effect }) => effect === "Allow")
    .flatMap(({ actions, resources, principals, hasCondition }) => {
      const target = resources.length > 0 ? ` on ${resources.join(", ")}` : "";
      const callers = principals.length > 0 ? ` for ${principals.join(", ")}` : "";
      return actions.map((action) => `${action}${target}${callers}${hasCondition ? " under a condition" : ""}`);
    });
  return [...new Set(grants)];
}

/** True for every action there is, or every action of a service. */
const isWide = (grant: string): boolean =>
  /^(\*|[\w-]+:\*|everything but .*|all of .*\/(AdministratorAccess|PowerUserAccess|IAMFullAccess))( |$)/.test(grant);

/** Grants that are named in a finding; further ones are counted. */
const MOST_GRANTS = 6;

function joinGrants(grants: readonly string[]): string {
  const rest = grants.length - MOST_GRANTS;
  return `${grants.slice(0, MOST_GRANTS).join("; ")}${rest > 0 ? `; and ${rest} more` : ""}`;
}

/** Rules of the audit that report of every resource what exposure reports of the changed ones. */
const EXPOSURE_RULES = new Set([
  "bucket-is-not-public",
  "bucket-policy-names-callers",
  "function-permission-names-its-caller",
  "function-url-is-authorized",
  "queue-is-not-public",
  "topic-is-not-public",
]);

/** Failures of the audit's rules, except for what exposure reports already. */
function findFailedRules(plan: unknown, input: AuditInput): Omit<Finding, "source">[] {
  // A plan without its configuration cannot be audited, but it can be reviewed.
  if (!isPlanJson(plan)) return [];
  const exposed = listExposedAddresses(plan);
  return listRows(audit(plan, input), "fail")
    .filter(({ rule, address }) => !(EXPOSURE_RULES.has(rule) && exposed.has(address)))
    .map(({ severity, address, part, rule, text }) => ({
      severity,
      address,
      text: `${part === undefined ? "" : `${part}: `}${text} (${rule})`,
    }));
}

/** By attribute of a policy, or of a bucket's block: the type of the resource that it leads to. */
const EXPOSED_TYPES = { bucket: "aws_s3_bucket", arn: "aws_sns_topic", queue_url: "aws_sqs_queue" };

/** Addresses of the resources that exposure reports, and of those that they lead to. */
function listExposedAddresses(plan: PlanJson): Set<string> {
  const exposed = new Set(findExposures(plan).map(({ address }) => address));
  const audited = new AuditedPlan(plan);
  const targets = audited.resources
    .filter(({ address }) => exposed.has(address))
    .flatMap((resource) =>
      Object.entries(EXPOSED_TYPES).map(([attribute, type]) => audited.findTarget(resource, attribute, type)),
    );
  return new Set([...exposed, ...targets.flatMap((target) => (typeof target === "string" ? [] : [target.address]))]);
}
