import type { Statement } from "../../findings/policy";
import type { AuditedResource } from "../audited-plan";
import { statementsIn } from "../documents";
import { fail, of, unknown, when, PASS, type Judgement, type Rule } from "../rule";
import { Unknown, isUnclear } from "../unknown";

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

export const POLICY_NAMES_ACTIONS: Rule = {
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
export const POLICY_NAMES_RESOURCES: Rule = {
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
export const PASSED_ROLES_ARE_LIMITED: Rule = {
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
