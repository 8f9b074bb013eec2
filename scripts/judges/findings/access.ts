import { changedResources, isMarked, type Attributes, type PlanResource } from "../plan-resources";
import type { Finding, FindingSource } from "./finding";
import { POLICY_ATTRIBUTES, statementsOf, type Statement } from "./policy";

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
