import { type Statement, isAnybody } from "../access-findings";
import type { AuditedResource } from "../audited-plan";
import { statementsIn } from "../policy-documents";
import { fail, of, unknown, when, PASS, type Judgement, type Rule, attribute } from "../rule";
import { Unknown, isUnclear } from "../plan-json";

const POLICIES = ["aws_iam_policy", "aws_iam_role_policy"];

/** Judges every statement that allows something, each a part by its Sid. */
function everyAllow(judge: (statement: Statement) => Judgement) {
  return (policy: AuditedResource): readonly Judgement[] => {
    const statements = statementsIn(policy, "policy");
    if (statements instanceof Unknown) return [unknown("policy is known only after the apply.")];
    const allows = statements.filter(({ effect }) => effect === "Allow");
    return allows.map((statement, index) =>
      of(
        statement.sid || `statement ${index + 1}`,
        [...statement.actions, ...statement.resources].some(isUnclear)
          ? unknown("Action or Resource is known only after the apply.")
          : judge(statement),
      ),
    );
  };
}

const isEverything = (action: string): boolean => /^(\*|\*:\*|iam:\*|everything but .*)$/.test(action);

const POLICY_NAMES_ACTIONS: Rule = {
  id: "policy-names-actions",
  title: "What a role may do is named, action by action",
  asks: ["CKV_AWS_62", "CKV_AWS_63", "CKV2_AWS_40", "AwsSolutions-IAM5"],
  severity: "critical",
  types: POLICIES,
  evaluate: everyAllow(({ actions }) => {
    const wide = actions.filter((action) => isEverything(action) || action.includes("*"));
    return when(wide.length === 0, `Action is ${wide.join(", ")}; allowed: actions by name.`);
  }),
};

/**
 * Actions that cannot be limited to a resource, or that find nothing where they are, so that IAM wants "*" for them
 * (Service authorization reference; of DescribeAlarms, DescribeLogGroups and PutCompositeAlarm see also
 * modules/deployment-permissions.ts).
 */
const WITHOUT_RESOURCE = new Set([
  "cloudfront:ListDistributions",
  "cloudwatch:DescribeAlarms",
  "cloudwatch:GetMetricData",
  "cloudwatch:PutCompositeAlarm",
  "cloudwatch:PutMetricData",
  "ec2:DescribeNetworkInterfaces",
  "lambda:GetAccountSettings",
  "lambda:ListEventSourceMappings",
  "logs:DescribeLogGroups",
  "sns:GetSubscriptionAttributes",
  "sns:Unsubscribe",
  "sts:GetCallerIdentity",
  "xray:PutTelemetryRecords",
  "xray:PutTraceSegments",
]);

/** An ARN that names nothing: all of a kind. A part of a name is a name, and so is a bucket before its objects. */
const NAMES_NOTHING = /^(\*|arn:[^:]*:s3:::\*.*|arn:[^:]*:(?!s3:)[^:]*:[^:]*:[^:]*:\/?([\w-]+[/:])?\*(\/.*)?)$/;

/** A resource that names nothing needs a condition or a reason: a suppression of its statement. */
const POLICY_NAMES_RESOURCES: Rule = {
  id: "policy-names-resources",
  title: "What a role may do is for named resources, or under a condition",
  asks: [
    "CKV_AWS_286",
    "CKV_AWS_287",
    "CKV_AWS_288",
    "CKV_AWS_289",
    "CKV_AWS_290",
    "CKV_AWS_355",
    "AwsSolutions-IAM5",
    "LambdaStarPermissions",
  ],
  severity: "warning",
  types: POLICIES,
  evaluate: everyAllow(({ actions, resources, hasCondition }) => {
    const wide = resources.filter((resource) => NAMES_NOTHING.test(resource));
    const restrictable = actions.filter((action) => !WITHOUT_RESOURCE.has(action));
    if (hasCondition || wide.length === 0 || restrictable.length === 0) return PASS;
    return fail(
      `Resource is ${wide.join(", ")} for ${restrictable.join(", ")}; allowed: resources by name, a condition, or a suppression that says why not.`,
    );
  }),
};

/** Who passes a role on to a service may do what the role may. */
const PASSED_ROLES_ARE_LIMITED: Rule = {
  id: "passed-roles-are-limited",
  title: "Roles are passed by name, and to one service",
  asks: ["CKV_AWS_286"],
  severity: "critical",
  types: POLICIES,
  evaluate: everyAllow(({ actions, resources, condition }) => {
    if (!actions.some((action) => ["iam:PassRole", "iam:*", "*"].includes(action))) return PASS;
    const isToService = Object.values(condition).some((keys) => keys["iam:PassedToService"] !== undefined);
    return when(
      isToService && resources.every((resource) => !resource.includes("*")),
      `iam:PassRole is for ${resources.join(", ")}, ${isToService ? "to one service" : "to any service"}; allowed: roles by name, with a condition on iam:PassedToService.`,
    );
  }),
};

const ROLE = ["aws_iam_role"];
const ATTACHMENT = ["aws_iam_role_policy_attachment"];

/** A whole account: anybody there who may assume roles. */
const isAccount = (principal: string): boolean => /^AWS: (\d{12}|arn:[\w-]+:iam::\d{12}:root)$/.test(principal);

const ROLE_NAMES_WHO_MAY_TAKE_IT: Rule = {
  id: "role-names-who-may-take-it",
  title: "Who may take the role on is a service or a named caller",
  asks: ["CKV_AWS_60", "CKV_AWS_61"],
  severity: "critical",
  types: ROLE,
  evaluate: (role) => {
    const statements = statementsIn(role, "assume_role_policy");
    if (statements instanceof Unknown) return [unknown("assume_role_policy is known only after the apply.")];
    const open = statements.flatMap(({ effect, principals }) =>
      effect === "Allow" ? principals.filter((name) => isAnybody(name) || isAccount(name)) : [],
    );
    return [
      when(open.length === 0, `assume_role_policy lets in ${open.join(", ")}; allowed: services, and callers by name.`),
    ];
  },
};

/** A claim of a forge's token that names the project whole, and a branch, an environment or the kind of event. */
const SUBJECT = {
  github: /^repo:[\w.-]+\/[\w.-]+:(ref:refs\/(heads|tags)\/[^*]+|environment:[^*]+|pull_request)$/,
  gitlab: /^project_path:[\w./-]+:ref_type:(branch|tag):ref:.+$/,
};

/** Else any repository of the forge takes the role on. All statements are looked at, unlike CKV_AWS_393. */
const PIPELINE_ROLE_IS_LIMITED: Rule = {
  id: "pipeline-role-is-limited",
  title: "A pipeline's role is for one project, and for branches or events that are named",
  asks: ["CKV_AWS_358", "CKV_AWS_393"],
  severity: "critical",
  types: ROLE,
  evaluate: (role) => {
    const statements = statementsIn(role, "assume_role_policy");
    if (statements instanceof Unknown) return [unknown("assume_role_policy is known only after the apply.")];
    return statements
      .filter(
        ({ effect, actions }) =>
          effect === "Allow" && actions.some((action) => action.startsWith("sts:AssumeRoleWithWebIdentity")),
      )
      .map(limited);
  },
};

function limited({ condition }: Statement): Judgement {
  const claims = (name: string) =>
    Object.values(condition)
      .flatMap((keys) => Object.entries(keys))
      .filter(([key]) => key.endsWith(`:${name}`))
      .flatMap(([, value]) => (Array.isArray(value) ? (value as unknown[]) : [value]));
  const [subjects, audiences] = [claims("sub"), claims("aud")];
  if ([...subjects, ...audiences].some(isUnclear))
    return unknown("The condition on the token's subject is known only after the apply.");
  if (subjects.length === 0)
    return fail(
      "assume_role_policy has no condition on the token's sub, so any project of the forge takes the role on; allowed: one that names project and branch.",
    );
  const wide = subjects.filter((subject) => !Object.values(SUBJECT).some((pattern) => pattern.test(String(subject))));
  if (wide.length > 0)
    return fail(
      `The token's sub may be ${wide.map((subject) => JSON.stringify(subject)).join(", ")}; allowed: a whole project with a branch, an environment or pull_request.`,
    );
  return audiences.length > 0
    ? PASS
    : fail("assume_role_policy has no condition on the token's aud; allowed: the one that the jobs ask for.");
}

const ADMINISTRATORS = /:policy\/(AdministratorAccess|PowerUserAccess|IAMFullAccess)$/;

const ROLE_IS_NO_ADMINISTRATOR: Rule = {
  id: "role-is-no-administrator",
  title: "No role may do everything",
  asks: ["CKV_AWS_274", "CKV2_AWS_56"],
  severity: "critical",
  types: ATTACHMENT,
  evaluate: (attachment) => [
    ownOr(attachment, (arn) => !ADMINISTRATORS.test(arn), "a policy that names what it allows"),
  ],
};

/** They grow without a word, and are for nobody in particular. */
const ROLE_POLICIES_ARE_OUR_OWN: Rule = {
  id: "role-policies-are-own",
  title: "A role's policies are of this account, not of AWS",
  asks: ["AwsSolutions-IAM4"],
  severity: "info",
  types: ATTACHMENT,
  evaluate: (attachment) => [ownOr(attachment, (arn) => !arn.includes(":iam::aws:policy/"), "a policy of your own")],
};

/** What is made beside it has no ARN yet, and is none of AWS's. */
function ownOr(attachment: AuditedResource, holds: (arn: string) => boolean, allowed: string): Judgement {
  const value = attachment.get("policy_arn");
  return value instanceof Unknown && value.source?.startsWith("aws_iam_policy.") === true
    ? PASS
    : attribute(attachment, ["policy_arn"], (arn) => holds(String(arn)), allowed);
}

export const ROLE_RULES: readonly Rule[] = [
  POLICY_NAMES_ACTIONS,
  POLICY_NAMES_RESOURCES,
  PASSED_ROLES_ARE_LIMITED,
  ROLE_NAMES_WHO_MAY_TAKE_IT,
  PIPELINE_ROLE_IS_LIMITED,
  ROLE_IS_NO_ADMINISTRATOR,
  ROLE_POLICIES_ARE_OUR_OWN,
];
