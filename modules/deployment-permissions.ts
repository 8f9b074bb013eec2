import { actionsOf, allow, allowKeys, type PolicyStatement, type UsableKeys } from "./policy-statements";
import { TABLE_KEY_ACTIONS } from "./request-store";

/** Names of a deployment's resources, as Terraform templates, except of those that AWS names by itself. */
export interface DeploymentNames {
  readonly partition: string;
  readonly region: string;
  readonly accountId: string;
  /** Prefix of each function, queue, table, rule, log group and alarm, up to the last hyphen. */
  readonly prefix: string;
  /** Names of the functions' roles, one for each function. */
  readonly functionRoles: readonly string[];
  /** The role by which API Gateway writes logs. */
  readonly gatewayRole: string;
  /** The permissions boundary of the roles above. */
  readonly boundary: string;
  /** Prefix of each role and policy of the pipelines, up to the last hyphen. */
  readonly pipelinePrefix: string;
  readonly resultsBucket: string;
  readonly alarmTopic: string;
  readonly dashboard: string;
  readonly budget: string;
  /** Name of the API's stage. */
  readonly stage: string;
}

/** The ARNs of a deployment's resources, as Terraform templates with IAM's wildcards. */
export function deploymentArns(names: DeploymentNames) {
  const { partition, region, accountId, prefix } = names;
  const regional = (service: string, rest: string) => `arn:${partition}:${service}:${region}:${accountId}:${rest}`;
  const iam = (kind: string, name: string) => `arn:${partition}:iam::${accountId}:${kind}/${name}`;
  const api = (path: string) => `arn:${partition}:apigateway:${region}::/${path}`;
  const functionRoles = names.functionRoles.map((name) => iam("role", name));
  const gatewayRole = iam("role", names.gatewayRole);
  return {
    functions: regional("lambda", `function:${prefix}-*`),
    mappings: regional("lambda", "event-source-mapping:*"),
    tables: regional("dynamodb", `table/${prefix}-*`),
    keys: regional("kms", "key/*"),
    queues: regional("sqs", `${prefix}-*`),
    bucket: `arn:${partition}:s3:::${names.resultsBucket}`,
    apis: ["restapis", "restapis/*", "usageplans", "usageplans/*", "apikeys", "apikeys/*", "tags/*", "account"].map(
      api,
    ),
    restApis: ["restapis", "restapis/*"].map(api),
    functionLogs: regional("logs", `log-group:/aws/lambda/${prefix}-*`),
    logs: ["/aws/lambda/", "/aws/apigateway/", "aws-waf-logs-"].map((folder) =>
      regional("logs", `log-group:${folder}${prefix}-*`),
    ),
    // A stage's ARN begins with the API's id, which AWS makes.
    stages: api("restapis/*"),
    firewalls: regional("wafv2", `regional/webacl/${prefix}-*/*`),
    managedRules: regional("wafv2", "regional/managedruleset/*/*"),
    rules: regional("events", `rule/${prefix}-*`),
    alarms: regional("cloudwatch", `alarm:${prefix}-*`),
    dashboard: `arn:${partition}:cloudwatch::${accountId}:dashboard/${names.dashboard}`,
    budget: `arn:${partition}:budgets::${accountId}:budget/${names.budget}`,
    topic: regional("sns", names.alarmTopic),
    functionRoles,
    gatewayRole,
    roles: [...functionRoles, gatewayRole],
    boundary: iam("policy", names.boundary),
    pipelineRoles: iam("role", `${names.pipelinePrefix}-*`),
    pipelinePolicies: iam("policy", `${names.pipelinePrefix}-*`),
    distributions: `arn:${partition}:cloudfront::${accountId}:distribution/*`,
  };
}

/**
 * Permissions to refresh a deployment's state, as `__tests__/e2e/permissions.test.ts` records the calls of provider
 * 5.100.0. Those of CloudFront, WAF, provisioned concurrency and composite alarms are from its documentation.
 */
export function readPermissions(names: DeploymentNames): PolicyStatement[] {
  const arns = deploymentArns(names);
  return [
    allow(
      "ReadFunctions",
      lambdaActions(
        "GetAlias GetFunction GetFunctionCodeSigningConfig GetFunctionConfiguration GetFunctionEventInvokeConfig " +
          "GetPolicy GetProvisionedConcurrencyConfig ListTags ListVersionsByFunction",
      ),
      arns.functions,
    ),
    // AWS makes a mapping's id.
    allow("ReadMappings", lambdaActions("GetEventSourceMapping ListTags"), arns.mappings),
    allow(
      "ReadTables",
      actionsOf("dynamodb", "DescribeContinuousBackups DescribeTable DescribeTimeToLive ListTagsOfResource"),
      arns.tables,
    ),
    {
      ...allow("ReadTablesKey", ["kms:DescribeKey"], arns.keys),
      Condition: { "ForAnyValue:StringEquals": { "kms:ResourceAliases": "alias/aws/dynamodb" } },
    },
    allow("ReadQueues", actionsOf("sqs", "GetQueueAttributes GetQueueUrl ListQueueTags"), arns.queues),
    allow("ReadBucket", actionsOf("s3", BUCKET_READS), arns.bucket),
    // AWS makes the ids of APIs, plans and keys. The answer for a key holds its value, and so does the state, which
    // this role reads too.
    allow("ReadApis", ["apigateway:GET"], arns.apis),
    allow("ReadLogsTags", ["logs:ListTagsForResource"], arns.logs),
    allow("ReadSchedules", actionsOf("events", "DescribeRule ListTagsForResource ListTargetsByRule"), arns.rules),
    // DescribeAlarms on some alarms leaves out composite ones (CloudWatch API reference). The others take no resource
    // (service authorization reference); the lists show what a killed apply created and did not record.
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
    allow("ReadWatch", actionsOf("cloudwatch", "GetDashboard ListTagsForResource"), [arns.alarms, arns.dashboard]),
    allow("ReadTopic", actionsOf("sns", "GetTopicAttributes ListTagsForResource"), arns.topic),
    allow("ReadBudget", actionsOf("budgets", "ListTagsForResource ViewBudget"), arns.budget),
    allow("ReadRoles", actionsOf("iam", "GetRole GetRolePolicy ListAttachedRolePolicies ListRolePolicies"), arns.roles),
    allow(
      "ReadFirewall",
      actionsOf("wafv2", "GetLoggingConfiguration GetWebACL GetWebACLForResource ListTagsForResource"),
      [arns.firewalls, arns.stages],
    ),
    // AWS makes a distribution's id.
    allow("ReadDistributions", actionsOf("cloudfront", "GetDistribution ListTagsForResource"), arns.distributions),
  ];
}

/** Permissions to create, change and delete a deployment's functions. */
export function functionPermissions(names: DeploymentNames): PolicyStatement[] {
  const arns = deploymentArns(names);
  return [
    allow(
      "ChangeFunctions",
      lambdaActions(
        "CreateAlias CreateFunction DeleteAlias DeleteFunction DeleteFunctionConcurrency " +
          "DeleteFunctionEventInvokeConfig DeleteProvisionedConcurrencyConfig PublishVersion " +
          "PutFunctionConcurrency PutFunctionEventInvokeConfig PutProvisionedConcurrencyConfig RemovePermission " +
          "TagResource UntagResource UpdateAlias UpdateFunctionCode UpdateFunctionConfiguration " +
          "UpdateFunctionEventInvokeConfig",
      ),
      arns.functions,
    ),
    // Only these two services may be let in: no other account, and not the public.
    {
      ...allow("PermitCallers", ["lambda:AddPermission"], arns.functions),
      Condition: { StringEquals: { "lambda:Principal": ["apigateway.amazonaws.com", "events.amazonaws.com"] } },
    },
    // A mapping has no id before it is created, so the function that it calls limits the permission.
    {
      ...allow(
        "ChangeMappings",
        lambdaActions("CreateEventSourceMapping DeleteEventSourceMapping UpdateEventSourceMapping"),
        "*",
      ),
      Condition: { ArnLike: { "lambda:FunctionArn": arns.functions } },
    },
    allow("TagMappings", lambdaActions("TagResource UntagResource"), arns.mappings),
  ];
}

/** Permissions to create, change and delete everything but the functions and the roles. */
export function servicePermissions(names: DeploymentNames): PolicyStatement[] {
  const arns = deploymentArns(names);
  return [
    allow(
      "ChangeTables",
      actionsOf(
        "dynamodb",
        "CreateTable DeleteTable TagResource UntagResource UpdateContinuousBackups UpdateTable UpdateTimeToLive",
      ),
      arns.tables,
    ),
    allow(
      "ChangeQueues",
      actionsOf("sqs", "CreateQueue DeleteQueue SetQueueAttributes TagQueue UntagQueue"),
      arns.queues,
    ),
    allow(
      "ChangeBucket",
      actionsOf(
        "s3",
        "CreateBucket DeleteBucket DeleteBucketPolicy PutBucketPolicy PutBucketPublicAccessBlock " +
          "PutBucketTagging PutEncryptionConfiguration PutLifecycleConfiguration",
      ),
      arns.bucket,
    ),
    // A bucket is emptied before it is deleted, where deletion_protection is off.
    allow("EmptyBucket", actionsOf("s3", "DeleteObject DeleteObjectVersion"), `${arns.bucket}/*`),
    // AWS makes the ids of APIs, plans and keys, and the role for logs is the account's.
    allow("ChangeApis", actionsOf("apigateway", "DELETE PATCH POST PUT"), arns.apis),
    // To set or remove a policy in an API's definition needs its own action (service authorization reference, API
    // Gateway Management).
    allow("ChangeApisPolicies", ["apigateway:UpdateRestApiPolicy"], arns.restApis),
    allow(
      "ChangeLogs",
      actionsOf(
        "logs",
        "AssociateKmsKey CreateLogGroup DeleteLogGroup DeleteRetentionPolicy DisassociateKmsKey " +
          "PutRetentionPolicy TagResource UntagResource",
      ),
      arns.logs,
    ),
    allow(
      "ChangeSchedules",
      actionsOf("events", "DeleteRule PutRule PutTargets RemoveTargets TagResource UntagResource"),
      arns.rules,
    ),
    allow(
      "ChangeAlarms",
      actionsOf("cloudwatch", "DeleteAlarms PutMetricAlarm TagResource UntagResource"),
      arns.alarms,
    ),
    // PutCompositeAlarm takes no narrower resource (CloudWatch API reference). Unsubscribe takes none (service
    // authorization reference, SNS).
    allow("ChangeCompositeAlarms", ["cloudwatch:PutCompositeAlarm", "sns:Unsubscribe"], "*"),
    allow("ChangeDashboard", actionsOf("cloudwatch", "DeleteDashboards PutDashboard"), arns.dashboard),
    allow("ChangeBudget", actionsOf("budgets", "ModifyBudget TagResource UntagResource"), arns.budget),
    allow(
      "ChangeTopic",
      actionsOf("sns", "CreateTopic DeleteTopic SetTopicAttributes Subscribe TagResource UntagResource"),
      arns.topic,
    ),
    allow(
      "ChangeFirewall",
      actionsOf(
        "wafv2",
        "AssociateWebACL CreateWebACL DeleteLoggingConfiguration DeleteWebACL DisassociateWebACL " +
          "PutLoggingConfiguration TagResource UntagResource UpdateWebACL",
      ),
      [arns.firewalls, arns.managedRules, arns.stages],
    ),
    allow("GuardStages", ["apigateway:SetWebACL"], arns.stages),
    // These let the firewall write its log, and none takes a resource (AWS WAF developer guide, "Permissions to
    // publish logs to CloudWatch Logs").
    allow(
      "DeliverFirewallLog",
      actionsOf("logs", "CreateLogDelivery DeleteLogDelivery DescribeResourcePolicies PutResourcePolicy"),
      "*",
    ),
    // AWS makes a distribution's id.
    allow(
      "ChangeDistributions",
      actionsOf("cloudfront", "CreateDistribution DeleteDistribution TagResource UntagResource UpdateDistribution"),
      arns.distributions,
    ),
  ];
}

/** Permissions to read about the operator's keys, for a plan. */
export function keyReadPermissions({ arns }: UsableKeys): PolicyStatement[] {
  return [allow("LookAtKeys", ["kms:DescribeKey"], arns)];
}

/**
 * Permissions to encrypt a deployment by a key. DynamoDB and CloudWatch Logs use the key in the name of whoever chooses
 * it, and DynamoDB later by a grant of its own (DynamoDB developer guide, "DynamoDB encryption at rest usage notes").
 */
export function keyChoicePermissions(keys: UsableKeys): PolicyStatement[] {
  const grants = allowKeys("LetTablesUseKeys", keys, { actions: "CreateGrant", services: ["dynamodb"] });
  return [
    allowKeys("UseKeys", keys, { actions: TABLE_KEY_ACTIONS, services: ["dynamodb", "logs"] }),
    { ...grants, Condition: { ...grants.Condition, Bool: { "kms:GrantIsForAWSResource": "true" } } },
  ];
}

/** Permissions of the gate after a deployment: it reads metrics, quota and logs, and calls the API. */
export function gatePermissions(names: DeploymentNames): PolicyStatement[] {
  const arns = deploymentArns(names);
  return [
    // Neither takes a resource: metrics and quotas are the account's.
    allow("ReadMetrics", ["cloudwatch:GetMetricData", "lambda:GetAccountSettings"], "*"),
    allow("ReadLogs", ["logs:FilterLogEvents"], arns.logs),
    // AWS makes an API's id.
    allow(
      "CallApi",
      ["execute-api:Invoke"],
      `arn:${names.partition}:execute-api:${names.region}:${names.accountId}:*/${names.stage}/*`,
    ),
  ];
}

/** What provider 5.100.0 reads of any bucket, whether it is configured or not. */
const BUCKET_READS =
  "GetAccelerateConfiguration GetBucketAcl GetBucketCORS GetBucketLogging GetBucketObjectLockConfiguration " +
  "GetBucketPolicy GetBucketPublicAccessBlock GetBucketRequestPayment GetBucketTagging GetBucketVersioning " +
  "GetBucketWebsite GetEncryptionConfiguration GetLifecycleConfiguration GetReplicationConfiguration ListBucket " +
  "ListBucketVersions";

const lambdaActions = (names: string) => actionsOf("lambda", names);
