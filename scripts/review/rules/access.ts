import { isUnclear, Unknown } from "../plan-json";
import { isAnybody, letsIn, readStatements, type Statement, toList } from "../policy-documents";
import {
  attributeRule,
  type Evaluate,
  fail,
  isGiven,
  isTrue,
  judgeAttribute,
  type Judgement,
  namePart,
  PASS,
  passIf,
  type Rule,
  unknownUntilApply,
} from "../rule";

const POLICIES = ["aws_iam_policy", "aws_iam_role_policy"];
const ROLE = "aws_iam_role";
const ATTACHMENT = "aws_iam_role_policy_attachment";
const KEY = "aws_kms_key";

/** Judges every statement that allows something; each is a part, named by its Sid. */
const judgeEachAllow =
  (judge: (statement: Statement) => Judgement): Evaluate =>
  (policy) => {
    const statements = readStatements(policy, "policy");
    if (statements instanceof Unknown) return unknownUntilApply("policy");
    const allows = statements.filter(({ effect }) => effect === "Allow");
    return allows.map((statement, index) =>
      namePart(
        statement.sid || `statement ${index + 1}`,
        [...statement.actions, ...statement.resources].some(isUnclear)
          ? unknownUntilApply("Action or Resource")
          : judge(statement),
      ),
    );
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

/** An ARN that names all of a kind. A part of a name is a name, and so is a bucket before its objects. */
const NAMES_NOTHING = /^(\*|arn:[^:]*:s3:::\*.*|arn:[^:]*:(?!s3:)[^:]*:[^:]*:[^:]*:\/?([\w-]+[/:])?\*(\/.*)?)$/;

/** A resource with such an ARN needs a condition, or a suppression of its statement with a reason. */
const judgeResources = judgeEachAllow(({ actions, resources, hasCondition }) => {
  const wide = resources.filter((resource) => NAMES_NOTHING.test(resource));
  const restrictable = actions.filter((action) => !WITHOUT_RESOURCE.has(action));
  return passIf(
    hasCondition || wide.length === 0 || restrictable.length === 0,
    `Resource is ${wide.join(", ")} for ${restrictable.join(", ")}; ` +
      "allowed: resources by name, a condition, or a suppression that says why not.",
  );
});

const judgePassedRoles = judgeEachAllow(({ actions, resources, condition }) => {
  if (!actions.some((action) => ["iam:PassRole", "iam:*", "*"].includes(action))) return PASS;
  const isToService = Object.values(condition).some((keys) => keys["iam:PassedToService"] !== undefined);
  return passIf(
    isToService && resources.every((resource) => !resource.includes("*")),
    `iam:PassRole is for ${resources.join(", ")}, ${isToService ? "to one service" : "to any service"}; ` +
      "allowed: roles by name, with a condition on iam:PassedToService.",
  );
});

/** A whole account: anybody there who may assume roles. */
const isAccount = (principal: string): boolean => /^AWS: (\d{12}|arn:[\w-]+:iam::\d{12}:root)$/.test(principal);

/** Judges the statements that say who may assume a role. */
const judgeTrust =
  (judge: (statements: readonly Statement[]) => Judgement | readonly Judgement[]): Evaluate =>
  (role) => {
    const statements = readStatements(role, "assume_role_policy");
    return statements instanceof Unknown
      ? unknownUntilApply("assume_role_policy")
      : judge(statements.filter(({ effect }) => effect === "Allow"));
  };

/** A claim of a forge's token that names one project, and a branch, an environment or the kind of event. */
const SUBJECTS = [
  /^repo:[\w.-]+\/[\w.-]+:(ref:refs\/(heads|tags)\/[^*]+|environment:[^*]+|pull_request)$/,
  /^project_path:[\w./-]+:ref_type:(branch|tag):ref:.+$/,
];

function judgeToken({ condition }: Statement): Judgement {
  const listClaims = (name: string) =>
    Object.values(condition)
      .flatMap((keys) => Object.entries(keys))
      .filter(([key]) => key.endsWith(`:${name}`))
      .flatMap(([, value]) => toList(value));
  const [subjects, audiences] = [listClaims("sub"), listClaims("aud")];
  if ([...subjects, ...audiences].some(isUnclear)) return unknownUntilApply("The condition on the token's subject");
  if (subjects.length === 0)
    return fail(
      "assume_role_policy has no condition on the token's sub, so any project of the forge may assume the role; " +
        "allowed: one that names project and branch.",
    );
  const wide = subjects.filter((subject) => !SUBJECTS.some((pattern) => pattern.test(String(subject))));
  if (wide.length > 0)
    return fail(
      `The token's sub may be ${wide.map((subject) => JSON.stringify(subject)).join(", ")}; ` +
        "allowed: a whole project with a branch, an environment or pull_request.",
    );
  return passIf(
    audiences.length > 0,
    "assume_role_policy has no condition on the token's aud; allowed: the one that the jobs ask for.",
  );
}

/** Judges the ARN of an attached policy. A policy of the same plan has no ARN yet, and is none of AWS's. */
const judgePolicyArn =
  (demand: { readonly holds: (arn: string) => boolean; readonly allowed: string }): Evaluate =>
  (attachment) => {
    const value = attachment.get("policy_arn");
    return value instanceof Unknown && value.source?.startsWith("aws_iam_policy.") === true
      ? PASS
      : judgeAttribute(attachment, ["policy_arn"], { ...demand, holds: (arn) => demand.holds(String(arn)) });
  };

/** The policy of a key is in the key itself, or in a resource beside it. */
const judgeKeyPolicy: Evaluate = (key, plan) => {
  const companions = plan.listPointingAt(key, "aws_kms_key_policy", "key_id");
  const holders = [key, ...companions].filter((holder) => holder.get("policy") !== undefined);
  if (holders.length === 0) return fail("policy is not given; allowed: one that names who may use the key.");
  const documents = holders.map((holder) => readStatements(holder, "policy"));
  const statements = documents.flatMap((document) => (document instanceof Unknown ? [] : document));
  const open = statements.find((statement) => letsIn(statement, isAnybody));
  if (open !== undefined)
    return fail(`policy allows ${open.actions.join(", ")} to anybody without a condition; allowed: named callers.`);
  return documents.some((document) => document instanceof Unknown) ? unknownUntilApply("policy") : PASS;
};

/** Where a resource names the customer's key that it is encrypted by. */
const ENCRYPTED = [
  ["function-environment", "The function's environment", "CKV_AWS_173", "aws_lambda_function", ["kms_key_arn"]],
  ["log-group", "The log group", "CKV_AWS_158", "aws_cloudwatch_log_group", ["kms_key_id"]],
  ["table", "The table", "CKV_AWS_119", "aws_dynamodb_table", ["server_side_encryption", 0, "kms_key_arn"]],
  ["topic", "The topic", "CKV_AWS_26", "aws_sns_topic", ["kms_master_key_id"]],
] as const;

export const ACCESS_RULES: readonly Rule[] = [
  {
    id: "policy-names-actions",
    title: "Every action that a role may take is named",
    asks: ["CKV_AWS_62", "CKV_AWS_63", "CKV2_AWS_40", "AwsSolutions-IAM5"],
    severity: "critical",
    types: POLICIES,
    evaluate: judgeEachAllow(({ actions }) => {
      const wide = actions.filter((action) => action.includes("*") || action.startsWith("everything but "));
      return passIf(wide.length === 0, `Action is ${wide.join(", ")}; allowed: actions by name.`);
    }),
  },
  {
    id: "policy-names-resources",
    title: "A role may act only on named resources, or under a condition",
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
    evaluate: judgeResources,
  },
  // Whoever passes a role to a service can do what the role may do.
  {
    id: "passed-roles-are-limited",
    title: "Roles are passed by name, and to one service",
    asks: ["CKV_AWS_286"],
    severity: "critical",
    types: POLICIES,
    evaluate: judgePassedRoles,
  },
  {
    id: "role-names-who-may-take-it",
    title: "Only services and named callers may assume the role",
    asks: ["CKV_AWS_60", "CKV_AWS_61"],
    severity: "critical",
    types: [ROLE],
    evaluate: judgeTrust((statements) => {
      const principals = statements.flatMap((statement) => statement.principals);
      const open = principals.filter((name) => isAnybody(name) || isAccount(name));
      return passIf(
        open.length === 0,
        `assume_role_policy lets in ${open.join(", ")}; allowed: services, and callers by name.`,
      );
    }),
  },
  // Otherwise any repository of the forge may assume the role. Unlike CKV_AWS_393, all statements are judged.
  {
    id: "pipeline-role-is-limited",
    title: "Only named branches or events of one project may assume a pipeline's role",
    asks: ["CKV_AWS_358", "CKV_AWS_393"],
    severity: "critical",
    types: [ROLE],
    evaluate: judgeTrust((statements) =>
      statements
        .filter(({ actions }) => actions.some((action) => action.startsWith("sts:AssumeRoleWithWebIdentity")))
        .map(judgeToken),
    ),
  },
  {
    id: "role-is-no-administrator",
    title: "No role may do everything",
    asks: ["CKV_AWS_274", "CKV2_AWS_56"],
    severity: "critical",
    types: [ATTACHMENT],
    evaluate: judgePolicyArn({
      holds: (arn) => !/:policy\/(AdministratorAccess|PowerUserAccess|IAMFullAccess)$/.test(arn),
      allowed: "a policy that names what it allows",
    }),
  },
  // AWS extends its policies without notice, and they are for nobody in particular.
  {
    id: "role-policies-are-own",
    title: "A role's policies belong to this account, not to AWS",
    asks: ["AwsSolutions-IAM4"],
    severity: "info",
    types: [ATTACHMENT],
    evaluate: judgePolicyArn({ holds: (arn) => !arn.includes(":iam::aws:policy/"), allowed: "a policy of your own" }),
  },
  {
    id: "key-is-not-public",
    title: "The key has a policy, and it names who may use it",
    asks: ["CKV_AWS_33", "CKV2_AWS_64"],
    severity: "critical",
    types: [KEY],
    evaluate: judgeKeyPolicy,
  },
  attributeRule({
    id: "key-rotates",
    title: "The key is rotated every year",
    asks: ["CKV_AWS_7", "AwsSolutions-KMS5"],
    severity: "warning",
    types: [KEY],
    path: ["enable_key_rotation"],
    demand: isTrue,
  }),
  attributeRule({
    id: "key-is-on",
    title: "The key is enabled",
    asks: ["CKV_AWS_227"],
    severity: "warning",
    types: [KEY],
    path: ["is_enabled"],
    demand: { holds: (value) => value !== false, allowed: "true" },
  }),
  // The policy and the log of a customer's key say who reads.
  ...ENCRYPTED.map(([id, subject, asks, type, path]) =>
    attributeRule({
      id: `${id}-has-a-customer-key`,
      title: `${subject} is encrypted by a customer's key`,
      asks: [asks],
      severity: "info",
      types: [type],
      path,
      demand: isGiven("the ARN of a KMS key"),
    }),
  ),
];
