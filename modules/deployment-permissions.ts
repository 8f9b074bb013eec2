import { actions, arnsOf, type DeploymentNames } from "./deployment-arns";
import { allow, allowKeys, type PolicyStatement, type UsableKeys } from "./policy-statements";
import { TABLE_KEY_USES } from "./request-store";

/**
 * What Terraform asks AWS to refresh a deployment's state. Derived from the calls that provider 5.100.0 makes
 * (`__tests__/e2e/permissions.test.ts` records them); those of CloudFront, WAF, provisioned concurrency and composite
 * alarms, which are off there, from its documentation.
 */
export function readDeployment(names: DeploymentNames): PolicyStatement[] {
  const arns = arnsOf(names);
  return [
    allow(
      "ReadFunctions",
      lambda(
        "GetAlias GetFunction GetFunctionCodeSigningConfig GetFunctionConfiguration GetFunctionEventInvokeConfig GetPolicy GetProvisionedConcurrencyConfig ListTags ListVersionsByFunction",
      ),
      arns.functions,
    ),
    // AWS makes a mapping's name.
    allow("ReadMappings", lambda("GetEventSourceMapping ListTags"), arns.mappings),
    allow(
      "ReadTables",
      actions("dynamodb", "DescribeContinuousBackups DescribeTable DescribeTimeToLive ListTagsOfResource"),
      arns.tables,
    ),
    {
      ...allow("ReadTablesKey", ["kms:DescribeKey"], arns.keys),
      Condition: { "ForAnyValue:StringEquals": { "kms:ResourceAliases": "alias/aws/dynamodb" } },
    },
    allow("ReadQueues", actions("sqs", "GetQueueAttributes GetQueueUrl ListQueueTags"), arns.queues),
    allow("ReadBucket", actions("s3", BUCKET_READS), arns.bucket),
    // AWS makes an API's, a plan's and a key's name. The answer for a key holds the key: so does the state, which this
    // role reads too.
    allow("ReadApis", ["apigateway:GET"], arns.apis),
    allow("ReadLogsTags", ["logs:ListTagsForResource"], arns.logs),
    allow("ReadSchedules", actions("events", "DescribeRule ListTagsForResource ListTargetsByRule"), arns.rules),
    // Where DescribeAlarms is limited to some alarms, composite ones are left out (CloudWatch API reference). The
    // others take no resource (service authorization reference); the lists show what a killed apply has made and
    // forgotten.
    allow(
      "ReadWhatHasNoName",
      [
        "cloudfront:ListDistributions",
        "cloudwatch:DescribeAlarms",
        "lambda:ListEventSourceMappings",
        "logs:DescribeLogGroups",
        "sns:GetSubscriptionAttributes",
      ],
      "*",
    ),
    allow("ReadWatch", actions("cloudwatch", "GetDashboard ListTagsForResource"), [arns.alarms, arns.dashboard]),
    allow("ReadTopic", actions("sns", "GetTopicAttributes ListTagsForResource"), arns.topic),
    allow("ReadBudget", actions("budgets", "ListTagsForResource ViewBudget"), arns.budget),
    allow("ReadRoles", actions("iam", "GetRole GetRolePolicy ListAttachedRolePolicies ListRolePolicies"), arns.roles),
    allow(
      "ReadFirewall",
      actions("wafv2", "GetLoggingConfiguration GetWebACL GetWebACLForResource ListTagsForResource"),
      [arns.firewalls, arns.stages],
    ),
    // AWS makes a distribution's name.
    allow("ReadDistributions", actions("cloudfront", "GetDistribution ListTagsForResource"), arns.distributions),
  ];
}

/** What Terraform asks AWS to make, change and delete a deployment's functions. */
export function changeFunctions(names: DeploymentNames): PolicyStatement[] {
  const arns = arnsOf(names);
  return [
    allow(
      "ChangeFunctions",
      lambda(
        "CreateAlias CreateFunction DeleteAlias DeleteFunction DeleteFunctionConcurrency DeleteFunctionEventInvokeConfig DeleteProvisionedConcurrencyConfig PublishVersion PutFunctionConcurrency PutFunctionEventInvokeConfig PutProvisionedConcurrencyConfig RemovePermission TagResource UntagResource UpdateAlias UpdateFunctionCode UpdateFunctionConfiguration UpdateFunctionEventInvokeConfig",
      ),
      arns.functions,
    ),
    // Nobody but these two may be let in: not another account, not the public.
    {
      ...allow("PermitCallers", ["lambda:AddPermission"], arns.functions),
      Condition: { StringEquals: { "lambda:Principal": ["apigateway.amazonaws.com", "events.amazonaws.com"] } },
    },
    // A mapping has no name before it is made; whose function it calls is what limits it.
    {
      ...allow(
        "ChangeMappings",
        lambda("CreateEventSourceMapping DeleteEventSourceMapping UpdateEventSourceMapping"),
        "*",
      ),
      Condition: { ArnLike: { "lambda:FunctionArn": arns.functions } },
    },
    allow("TagMappings", lambda("TagResource UntagResource"), arns.mappings),
  ];
}

/** The same of everything else but the roles. */
export function changeServices(names: DeploymentNames): PolicyStatement[] {
  const arns = arnsOf(names);
  return [
    allow(
      "ChangeTables",
      actions(
        "dynamodb",
        "CreateTable DeleteTable TagResource UntagResource UpdateContinuousBackups UpdateTable UpdateTimeToLive",
      ),
      arns.tables,
    ),
    allow(
      "ChangeQueues",
      actions("sqs", "CreateQueue DeleteQueue SetQueueAttributes TagQueue UntagQueue"),
      arns.queues,
    ),
    allow(
      "ChangeBucket",
      actions(
        "s3",
        "CreateBucket DeleteBucket DeleteBucketPolicy PutBucketPolicy PutBucketPublicAccessBlock PutBucketTagging PutEncryptionConfiguration PutLifecycleConfiguration",
      ),
      arns.bucket,
    ),
    // A bucket is emptied before it is deleted, where deletion_protection is off.
    allow("EmptyBucket", actions("s3", "DeleteObject DeleteObjectVersion"), `${arns.bucket}/*`),
    // AWS makes an API's, a plan's and a key's name, and the role for logs is the account's.
    allow("ChangeApis", actions("apigateway", "DELETE PATCH POST PUT"), arns.apis),
    // A policy in an API's definition, or none any more, is asked for apart (service authorization reference, API
    // Gateway Management).
    allow("ChangeApisPolicies", ["apigateway:UpdateRestApiPolicy"], arns.restApis),
    allow(
      "ChangeLogs",
      actions(
        "logs",
        "AssociateKmsKey CreateLogGroup DeleteLogGroup DeleteRetentionPolicy DisassociateKmsKey PutRetentionPolicy TagResource UntagResource",
      ),
      arns.logs,
    ),
    allow(
      "ChangeSchedules",
      actions("events", "DeleteRule PutRule PutTargets RemoveTargets TagResource UntagResource"),
      arns.rules,
    ),
    allow("ChangeAlarms", actions("cloudwatch", "DeleteAlarms PutMetricAlarm TagResource UntagResource"), arns.alarms),
    // PutCompositeAlarm takes no narrower resource (CloudWatch API reference). Unsubscribe takes none (service
    // authorization reference, SNS).
    allow("ChangeCompositeAlarms", ["cloudwatch:PutCompositeAlarm", "sns:Unsubscribe"], "*"),
    allow("ChangeDashboard", actions("cloudwatch", "DeleteDashboards PutDashboard"), arns.dashboard),
    allow("ChangeBudget", actions("budgets", "ModifyBudget TagResource UntagResource"), arns.budget),
    allow(
      "ChangeTopic",
      actions("sns", "CreateTopic DeleteTopic SetTopicAttributes Subscribe TagResource UntagResource"),
      arns.topic,
    ),
    allow(
      "ChangeFirewall",
      actions(
        "wafv2",
        "AssociateWebACL CreateWebACL DeleteLoggingConfiguration DeleteWebACL DisassociateWebACL PutLoggingConfiguration TagResource UntagResource UpdateWebACL",
      ),
      [arns.firewalls, arns.managedRules, arns.stages],
    ),
    allow("GuardStages", ["apigateway:SetWebACL"], arns.stages),
    // By these the firewall is let write its log, and none takes a resource (AWS WAF developer guide, "Permissions to
    // publish logs to CloudWatch Logs").
    allow(
      "DeliverFirewallLog",
      actions("logs", "CreateLogDelivery DeleteLogDelivery DescribeResourcePolicies PutResourcePolicy"),
      "*",
    ),
    // AWS makes a distribution's name.
    allow(
      "ChangeDistributions",
      actions("cloudfront", "CreateDistribution DeleteDistribution TagResource UntagResource UpdateDistribution"),
      arns.distributions,
    ),
  ];
}

/** What a plan asks about the operator's keys. */
export function readKeys({ arns }: UsableKeys): PolicyStatement[] {
  return [allow("LookAtKeys", ["kms:DescribeKey"], arns)];
}

/**
 * What choosing a key takes: DynamoDB and CloudWatch Logs use it in the name of whoever chooses it, and DynamoDB goes
 * on without them by a grant of its own (DynamoDB developer guide, "DynamoDB encryption at rest usage notes").
 */
export function chooseKeys(keys: UsableKeys): PolicyStatement[] {
  const grants = allowKeys("LetTablesUseKeys", ["CreateGrant"], ["dynamodb"], keys);
  return [
    allowKeys("UseKeys", TABLE_KEY_USES, ["dynamodb", "logs"], keys),
    { ...grants, Condition: { ...grants.Condition, Bool: { "kms:GrantIsForAWSResource": "true" } } },
  ];
}

/** What the gate asks after a deployment: metrics, quota, logs, and the API itself. */
export function judgeDeployment(names: DeploymentNames): PolicyStatement[] {
  const arns = arnsOf(names);
  return [
    // Neither takes a resource: metrics and quotas are the account's.
    allow("ReadMetrics", ["cloudwatch:GetMetricData", "lambda:GetAccountSettings"], "*"),
    allow("ReadLogs", ["logs:FilterLogEvents"], arns.logs),
    // AWS makes an API's name.
    allow(
      "CallApi",
      ["execute-api:Invoke"],
      `arn:${names.partition}:execute-api:${names.region}:${names.accountId}:*/live/*`,
    ),
  ];
}

/** What provider 5.100.0 reads of any bucket, whether it is configured or not. */
const BUCKET_READS =
  "GetAccelerateConfiguration GetBucketAcl GetBucketCORS GetBucketLogging GetBucketObjectLockConfiguration GetBucketPolicy GetBucketPublicAccessBlock GetBucketRequestPayment GetBucketTagging GetBucketVersioning GetBucketWebsite GetEncryptionConfiguration GetLifecycleConfiguration GetReplicationConfiguration ListBucket ListBucketVersions";

const lambda = (names: string) => actions("lambda", names);
