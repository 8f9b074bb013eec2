import { allow, type PolicyStatement } from "./policy-statements";

/** What a deployment's resources are called, as Terraform templates; what AWS names by itself has no place here. */
export interface DeploymentNames {
  readonly partition: string;
  readonly region: string;
  readonly accountId: string;
  /** What each function, queue, table, rule, log group and alarm begins with, up to its last hyphen. */
  readonly prefix: string;
  /** Of the functions' roles, one each. */
  readonly functionRoles: readonly string[];
  /** The role by which API Gateway writes logs. */
  readonly gatewayRole: string;
  readonly resultsBucket: string;
  readonly alarmTopic: string;
  readonly dashboard: string;
}

/**
 * What Terraform asks AWS to refresh a deployment's state. Derived from the calls that provider 5.100.0 makes
 * (`__tests__/emulator/pipeline-permissions.test.ts` records them); those of CloudFront, provisioned concurrency and composite alarms, which
 * are off there, from its documentation.
 */
export function readDeployment(names: DeploymentNames): PolicyStatement[] {
  const arns = arnsOf(names);
  return [
    allow("ReadFunctions", lambda("GetAlias GetFunction GetFunctionCodeSigningConfig GetFunctionConfiguration GetFunctionEventInvokeConfig GetPolicy GetProvisionedConcurrencyConfig ListTags ListVersionsByFunction"), arns.functions),
    // AWS makes a mapping's name.
    allow("ReadMappings", lambda("GetEventSourceMapping ListTags"), arns.mappings),
    allow("ReadTables", actions("dynamodb", "DescribeContinuousBackups DescribeTable DescribeTimeToLive ListTagsOfResource"), arns.tables),
    { ...allow("ReadTablesKey", ["kms:DescribeKey"], arns.keys), Condition: { "ForAnyValue:StringEquals": { "kms:ResourceAliases": "alias/aws/dynamodb" } } },
    allow("ReadQueues", actions("sqs", "GetQueueAttributes GetQueueUrl ListQueueTags"), arns.queues),
    allow("ReadBucket", actions("s3", BUCKET_READS), arns.bucket),
    // AWS makes an API's, a plan's and a key's name. The answer for a key holds the key: so does the state, which this role reads too.
    allow("ReadApis", ["apigateway:GET"], arns.apis),
    // DescribeLogGroups looks for names, so it takes all of them.
    allow("FindLogs", ["logs:DescribeLogGroups"], arns.allLogs),
    allow("ReadLogsTags", ["logs:ListTagsForResource"], arns.logs),
    allow("ReadSchedules", actions("events", "DescribeRule ListTagsForResource ListTargetsByRule"), arns.rules),
    // Where DescribeAlarms is limited to some alarms, composite ones are left out (CloudWatch API reference). The others take
    // no resource (service authorization reference); the lists show what a killed apply has made and forgotten.
    allow("ReadWhatHasNoName", ["cloudfront:ListDistributions", "cloudwatch:DescribeAlarms", "lambda:ListEventSourceMappings", "sns:GetSubscriptionAttributes"], "*"),
    allow("ReadWatch", actions("cloudwatch", "GetDashboard ListTagsForResource"), [arns.alarms, arns.dashboard]),
    allow("ReadTopic", actions("sns", "GetTopicAttributes ListTagsForResource"), arns.topic),
    allow("ReadRoles", actions("iam", "GetRole GetRolePolicy ListAttachedRolePolicies ListRolePolicies"), arns.roles),
    // AWS makes a distribution's name.
    allow("ReadDistributions", actions("cloudfront", "GetDistribution ListTagsForResource"), arns.distributions),
  ];
}

/** What Terraform asks AWS to make, change and delete a deployment's functions and their roles. */
export function changeFunctions(names: DeploymentNames): PolicyStatement[] {
  const arns = arnsOf(names);
  return [...functionChanges(arns), ...roleChanges(arns, names.partition)];
}

/** The same of everything else. */
export function changeServices(names: DeploymentNames): PolicyStatement[] {
  const arns = arnsOf(names);
  return [
    allow("ChangeTables", actions("dynamodb", "CreateTable DeleteTable TagResource UntagResource UpdateContinuousBackups UpdateTable UpdateTimeToLive"), arns.tables),
    allow("ChangeQueues", actions("sqs", "CreateQueue DeleteQueue SetQueueAttributes TagQueue UntagQueue"), arns.queues),
    allow("ChangeBucket", actions("s3", "CreateBucket DeleteBucket DeleteBucketPolicy PutBucketPolicy PutBucketPublicAccessBlock PutBucketTagging PutEncryptionConfiguration PutLifecycleConfiguration"), arns.bucket),
    // A bucket is emptied before it is deleted, where deletion_protection is off.
    allow("EmptyBucket", actions("s3", "DeleteObject DeleteObjectVersion"), `${arns.bucket}/*`),
    // AWS makes an API's, a plan's and a key's name, and the role for logs is the account's.
    allow("ChangeApis", actions("apigateway", "DELETE PATCH POST PUT"), arns.apis),
    allow("ChangeLogs", actions("logs", "CreateLogGroup DeleteLogGroup DeleteRetentionPolicy PutRetentionPolicy TagResource UntagResource"), arns.logs),
    allow("ChangeSchedules", actions("events", "DeleteRule PutRule PutTargets RemoveTargets TagResource UntagResource"), arns.rules),
    allow("ChangeAlarms", actions("cloudwatch", "DeleteAlarms PutMetricAlarm TagResource UntagResource"), arns.alarms),
    // PutCompositeAlarm takes no narrower resource (CloudWatch API reference). Unsubscribe takes none (service authorization reference, SNS).
    allow("ChangeCompositeAlarms", ["cloudwatch:PutCompositeAlarm", "sns:Unsubscribe"], "*"),
    allow("ChangeDashboard", actions("cloudwatch", "DeleteDashboards PutDashboard"), arns.dashboard),
    allow("ChangeTopic", actions("sns", "CreateTopic DeleteTopic SetTopicAttributes Subscribe TagResource UntagResource"), arns.topic),
    // AWS makes a distribution's name.
    allow("ChangeDistributions", actions("cloudfront", "CreateDistribution DeleteDistribution TagResource UntagResource UpdateDistribution"), arns.distributions),
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
    allow("CallApi", ["execute-api:Invoke"], `arn:${names.partition}:execute-api:${names.region}:${names.accountId}:*/live/*`),
  ];
}

function functionChanges(arns: Arns): PolicyStatement[] {
  return [
    allow("ChangeFunctions", lambda("CreateAlias CreateFunction DeleteAlias DeleteFunction DeleteFunctionConcurrency DeleteFunctionEventInvokeConfig DeleteProvisionedConcurrencyConfig PublishVersion PutFunctionConcurrency PutFunctionEventInvokeConfig PutProvisionedConcurrencyConfig RemovePermission TagResource UntagResource UpdateAlias UpdateFunctionCode UpdateFunctionConfiguration UpdateFunctionEventInvokeConfig"), arns.functions),
    // Nobody but these two may be let in: not another account, not the public.
    { ...allow("PermitCallers", ["lambda:AddPermission"], arns.functions), Condition: { StringEquals: { "lambda:Principal": ["apigateway.amazonaws.com", "events.amazonaws.com"] } } },
    // A mapping has no name before it is made; whose function it calls is what limits it.
    { ...allow("ChangeMappings", lambda("CreateEventSourceMapping DeleteEventSourceMapping UpdateEventSourceMapping"), "*"), Condition: { ArnLike: { "lambda:FunctionArn": arns.functions } } },
    allow("TagMappings", lambda("TagResource UntagResource"), arns.mappings),
  ];
}

function roleChanges({ functionRoles, gatewayRole, roles }: Arns, partition: string): PolicyStatement[] {
  return [
    allow("ChangeRoles", actions("iam", "CreateRole DeleteRole DeleteRolePolicy ListInstanceProfilesForRole PutRolePolicy TagRole UntagRole UpdateAssumeRolePolicy UpdateRole"), roles),
    {
      ...allow("ChangeGatewayRole", ["iam:AttachRolePolicy", "iam:DetachRolePolicy"], gatewayRole),
      Condition: { ArnEquals: { "iam:PolicyARN": `arn:${partition}:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs` } },
    },
    passRole("PassFunctionRoles", functionRoles, "lambda.amazonaws.com"),
    passRole("PassGatewayRole", gatewayRole, "apigateway.amazonaws.com"),
  ];
}

function passRole(sid: string, role: string | readonly string[], service: string): PolicyStatement {
  return { ...allow(sid, ["iam:PassRole"], role), Condition: { StringEquals: { "iam:PassedToService": service } } };
}

/** What provider 5.100.0 reads of any bucket, whether it is configured or not. */
const BUCKET_READS =
  "GetAccelerateConfiguration GetBucketAcl GetBucketCORS GetBucketLogging GetBucketObjectLockConfiguration GetBucketPolicy GetBucketPublicAccessBlock GetBucketRequestPayment GetBucketTagging GetBucketVersioning GetBucketWebsite GetEncryptionConfiguration GetLifecycleConfiguration GetReplicationConfiguration ListBucket ListBucketVersions";

/** Names with spaces between, as actions of a service. */
function actions(service: string, names: string): string[] {
  return names.split(" ").map((name) => `${service}:${name}`);
}
const lambda = (names: string) => actions("lambda", names);

function arnsOf(names: DeploymentNames) {
  const { partition, region, accountId, prefix } = names;
  const regional = (service: string, rest: string) => `arn:${partition}:${service}:${region}:${accountId}:${rest}`;
  const role = (name: string) => `arn:${partition}:iam::${accountId}:role/${name}`;
  const api = (path: string) => `arn:${partition}:apigateway:${region}::/${path}`;
  const functionRoles = names.functionRoles.map(role);
  return {
    functions: regional("lambda", `function:${prefix}-*`),
    mappings: regional("lambda", "event-source-mapping:*"),
    tables: regional("dynamodb", `table/${prefix}-*`),
    keys: regional("kms", "key/*"),
    queues: regional("sqs", `${prefix}-*`),
    bucket: `arn:${partition}:s3:::${names.resultsBucket}`,
    apis: ["restapis", "restapis/*", "usageplans", "usageplans/*", "apikeys", "apikeys/*", "tags/*", "account"].map(api),
    allLogs: regional("logs", "log-group:*"),
    logs: ["/aws/lambda", "/aws/apigateway"].map((folder) => regional("logs", `log-group:${folder}/${prefix}-*`)),
    rules: regional("events", `rule/${prefix}-*`),
    alarms: regional("cloudwatch", `alarm:${prefix}-*`),
    dashboard: `arn:${partition}:cloudwatch::${accountId}:dashboard/${names.dashboard}`,
    topic: regional("sns", names.alarmTopic),
    functionRoles,
    gatewayRole: role(names.gatewayRole),
    roles: [...functionRoles, role(names.gatewayRole)],
    distributions: `arn:${partition}:cloudfront::${accountId}:distribution/*`,
  };
}
type Arns = ReturnType<typeof arnsOf>;
