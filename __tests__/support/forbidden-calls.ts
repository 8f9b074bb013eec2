import { ACCOUNT, REGION, type AwsCall } from "./aws-call";

const OTHER_ACCOUNT = "210987654321";

/** What the deployment of the tests is called, and another one beside it. */
export const DEPLOYMENT = "quickturn-dev";
export const OTHER_DEPLOYMENT = "quickturn-prod";

/** A call, given its action, its resource and what conditions may ask about. */
export const call = (action: string, resource: string, context: AwsCall["context"] = {}): AwsCall => ({
  action,
  resource,
  context,
});

export const arn = (service: string, rest: string, region = REGION): string =>
  `arn:aws:${service}:${region}:${ACCOUNT}:${rest}`;
export const iam = (kind: string, name: string): string => `arn:aws:iam::${ACCOUNT}:${kind}/${name}`;

/**
 * The same call on what is not the role's: of another deployment, account or region, or of a name that only begins the
 * same.
 */
export function elsewhere({ action, resource, context }: AwsCall): AwsCall[] {
  // A profile leads to its model in regions of its own, so a model is the same one in each.
  const isModel = /^bedrock:/.test(action);
  const others = [
    resource.replaceAll(DEPLOYMENT, OTHER_DEPLOYMENT),
    resource.replace(ACCOUNT, OTHER_ACCOUNT),
    ...(isModel ? [] : [resource.replace(`:${REGION}:`, ":eu-west-1:")]),
    resource.replace("/results/", "/elsewhere/"),
    // A key of S3, or an endpoint of a runtime, is allowed by what it begins with.
    ...(/:::|\/runtime-endpoint\//.test(resource)
      ? [resource.replace(/(:::[^/]+|:runtime\/[\w-]+)/, "$1x")]
      : [`${resource}x`]),
  ];
  return [...new Set(others)].filter((other) => other !== resource).map((other) => call(action, other, context));
}

const actions = (service: string, names: string, resource: string): AwsCall[] =>
  names.split(" ").map((name) => call(`${service}:${name}`, resource));

/**
 * What no function has a reason to do, most of it to what the deployment itself has.
 * @param bucket ARN of the results bucket
 */
export function dangerousToAll(bucket: string): AwsCall[] {
  const [api, worker] = ["api", "worker"].map((name) => arn("lambda", `function:${DEPLOYMENT}-${name}`)) as [
    string,
    string,
  ];
  return [
    ...actions(
      "iam",
      "AttachRolePolicy CreateRole DeleteRole DeleteRolePermissionsBoundary DeleteRolePolicy GetRole PassRole PutRolePermissionsBoundary PutRolePolicy UpdateAssumeRolePolicy",
      iam("role", `${DEPLOYMENT}-worker`),
    ),
    ...actions(
      "iam",
      "AttachUserPolicy CreateAccessKey CreateLoginProfile CreateUser PutUserPolicy",
      iam("user", "intruder"),
    ),
    ...actions(
      "iam",
      "CreatePolicy CreatePolicyVersion SetDefaultPolicyVersion",
      iam("policy", `${DEPLOYMENT}-boundary`),
    ),
    ...actions("iam", "GetAccountAuthorizationDetails ListRoles ListUsers", "*"),
    ...actions("sts", "AssumeRole", iam("role", "admin")),
    ...actions("organizations", "LeaveOrganization", "*"),
    ...actions("cloudtrail", "DeleteTrail StopLogging", arn("cloudtrail", "trail/all")),
    ...actions(
      "lambda",
      "AddPermission CreateFunction CreateFunctionUrlConfig DeleteFunction GetFunction PublishVersion PutFunctionConcurrency UpdateFunctionCode UpdateFunctionConfiguration",
      worker,
    ),
    ...actions("lambda", "InvokeFunction", worker),
    ...actions("lambda", "InvokeFunction", api),
    ...actions("lambda", "ListFunctions", "*"),
    ...["requests", "sessions"].flatMap((name) =>
      actions(
        "dynamodb",
        "BatchGetItem BatchWriteItem CreateBackup DeleteTable DescribeTable ExportTableToPointInTime PartiQLDelete PartiQLSelect PartiQLUpdate PutResourcePolicy Scan UpdateTable UpdateTimeToLive",
        arn("dynamodb", `table/${DEPLOYMENT}-${name}`),
      ),
    ),
    ...actions("dynamodb", "ListTables", "*"),
    ...actions(
      "s3",
      "DeleteBucket DeleteBucketPolicy GetBucketPolicy ListBucket ListBucketVersions PutBucketPolicy PutBucketPublicAccessBlock PutLifecycleConfiguration",
      bucket,
    ),
    ...actions("s3", "DeleteObject DeleteObjectVersion GetObjectVersion PutObjectAcl", `${bucket}/results/1/1.json`),
    ...actions("s3", "ListAllMyBuckets", "*"),
    ...["work", "work-failed"].flatMap((name) =>
      actions(
        "sqs",
        "AddPermission DeleteQueue PurgeQueue SetQueueAttributes StartMessageMoveTask",
        arn("sqs", `${DEPLOYMENT}-${name}`),
      ),
    ),
    ...actions("sqs", "ListQueues", "*"),
    ...actions(
      "kms",
      "CreateGrant Decrypt Encrypt GenerateDataKey PutKeyPolicy ScheduleKeyDeletion",
      arn("kms", "key/1"),
    ),
    ...actions(
      "secretsmanager",
      "DeleteSecret GetSecretValue PutSecretValue",
      arn("secretsmanager", "secret:somebody/else-AbCdEf"),
    ),
    ...actions("secretsmanager", "BatchGetSecretValue ListSecrets", "*"),
    ...actions("ssm", "GetParameter GetParametersByPath PutParameter", arn("ssm", "parameter/secret")),
    ...actions("ssm", "SendCommand", arn("ssm", "document/RunShellScript")),
    ...["api", "sweeper", "worker"].flatMap((name) =>
      actions(
        "logs",
        "DeleteLogGroup FilterLogEvents PutRetentionPolicy PutSubscriptionFilter StartQuery",
        arn("logs", `log-group:/aws/lambda/${DEPLOYMENT}-${name}`),
      ),
    ),
    ...actions("logs", "DescribeLogGroups", "*"),
    ...actions("apigateway", "DELETE GET PATCH PUT", arn("apigateway", "/restapis/a1b2c3").replace(ACCOUNT, "")),
    ...actions("execute-api", "InvalidateCache Invoke", arn("execute-api", "a1b2c3/live/GET/api/v1/health")),
    ...actions("events", "PutRule PutTargets", arn("events", `rule/${DEPLOYMENT}-sweep`)),
    ...actions("sns", "Publish Subscribe", arn("sns", `${DEPLOYMENT}-alarms`)),
    ...actions("cloudwatch", "DeleteAlarms SetAlarmState", arn("cloudwatch", `alarm:${DEPLOYMENT}-errors`)),
    ...actions("cloudwatch", "GetMetricData PutMetricData", "*"),
    ...actions("bedrock", "InvokeModel", `arn:aws:bedrock:${REGION}::foundation-model/somebody.elses-model`),
    ...actions("bedrock-agentcore", "InvokeAgentRuntime", arn("bedrock-agentcore", "runtime/somebody-elses")),
    ...actions("xray", "GetTraceSummaries", "*"),
    ...actions("ec2", "DescribeInstances", "*"),
    ...actions("ec2", "TerminateInstances", arn("ec2", "instance/i-1")),
  ];
}

/** What Lambda writes for a function, here for another one: its logs. */
export function logsOf(name: string): AwsCall[] {
  return [
    ...actions("logs", "CreateLogStream PutLogEvents", arn("logs", `log-group:/aws/lambda/${name}:log-stream:1`)),
    ...actions("logs", "GetLogEvents", arn("logs", `log-group:/aws/lambda/${name}:log-stream:1`)),
  ];
}

const ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess";
/** What the boundary's ARN is. */
export const BOUNDARY = iam("policy", `${DEPLOYMENT}-boundary`);

/** By which whoever applies could become more than it is, were it allowed. */
export function escalations(): AwsCall[] {
  const [worker, pipeline] = [`${DEPLOYMENT}-worker`, `${DEPLOYMENT}-pipeline-github-apply`].map((name) =>
    iam("role", name),
  ) as [string, string];
  const limited = { "iam:PermissionsBoundary": BOUNDARY };
  const passed = (role: string, service: string) => call("iam:PassRole", role, { "iam:PassedToService": service });
  return [
    // A role that is not limited, or by something that limits nothing.
    ...["CreateRole", "PutRolePolicy", "DeleteRolePolicy", "PutRolePermissionsBoundary"].flatMap((name) => [
      call(`iam:${name}`, worker),
      call(`iam:${name}`, worker, { "iam:PermissionsBoundary": ADMINISTRATOR }),
      call(`iam:${name}`, worker, { "iam:PermissionsBoundary": `${BOUNDARY}x` }),
    ]),
    call("iam:PutRolePolicy", iam("role", `${DEPLOYMENT}-apigateway-logs`), limited),
    // A role of another name.
    ...["CreateRole", "PutRolePolicy", "PutRolePermissionsBoundary", "UpdateAssumeRolePolicy"].flatMap((name) =>
      ["admin", `${DEPLOYMENT}-admin`, `${OTHER_DEPLOYMENT}-worker`].map((role) =>
        call(`iam:${name}`, iam("role", role), limited),
      ),
    ),
    call("iam:AttachRolePolicy", worker, { ...limited, "iam:PolicyARN": ADMINISTRATOR }),
    call("iam:AttachRolePolicy", iam("role", `${DEPLOYMENT}-apigateway-logs`), {
      ...limited,
      "iam:PolicyARN": ADMINISTRATOR,
    }),
    // A role in the hands of something that would use it otherwise.
    ...["ec2", "ecs-tasks", "cloudformation", "events", "apigateway", "states"].map((service) =>
      passed(worker, `${service}.amazonaws.com`),
    ),
    passed(iam("role", `${DEPLOYMENT}-apigateway-logs`), "lambda.amazonaws.com"),
    passed(iam("role", "admin"), "lambda.amazonaws.com"),
    passed(iam("role", `${OTHER_DEPLOYMENT}-worker`), "lambda.amazonaws.com"),
    ...actions(
      "iam",
      "AttachUserPolicy CreateAccessKey CreateLoginProfile CreateUser PutUserPolicy",
      iam("user", "intruder"),
    ),
    ...actions("iam", "CreatePolicy", iam("policy", `${DEPLOYMENT}-more`)),
    ...actions(
      "iam",
      "CreateOpenIDConnectProvider UpdateOpenIDConnectProviderThumbprint",
      iam("oidc-provider", "token.actions.githubusercontent.com"),
    ),
    ...actions("sts", "AssumeRole", iam("role", "admin")),
    ...actions("sts", "AssumeRole", worker),
    // A function in the hands of others, and what only functions are to read.
    call("lambda:AddPermission", arn("lambda", `function:${DEPLOYMENT}-worker`), { "lambda:Principal": "*" }),
    call("lambda:AddPermission", arn("lambda", `function:${DEPLOYMENT}-worker`), { "lambda:Principal": OTHER_ACCOUNT }),
    ...actions("lambda", "CreateFunctionUrlConfig InvokeFunction", arn("lambda", `function:${DEPLOYMENT}-worker`)),
    ...actions("lambda", "UpdateFunctionCode UpdateFunctionConfiguration", arn("lambda", "function:somebody-elses")),
    ...actions("dynamodb", "GetItem PutItem Query Scan", arn("dynamodb", `table/${DEPLOYMENT}-requests`)),
    ...actions("sqs", "ReceiveMessage SendMessage", arn("sqs", `${DEPLOYMENT}-work`)),
    ...actions("secretsmanager", "GetSecretValue", arn("secretsmanager", "secret:agents/endpoint-AbCdEf")),
    ...actions("execute-api", "InvalidateCache", arn("execute-api", "a1b2c3/live/GET/api/v1/health")),
    ...keptFromAll(worker, pipeline),
  ];
}

/** What stays refused even to a pipeline's role that is given everything. */
export function keptFromAll(
  functionRole = iam("role", `${DEPLOYMENT}-worker`),
  pipeline = iam("role", `${DEPLOYMENT}-pipeline-github-apply`),
): AwsCall[] {
  const inPolicies = [BOUNDARY, iam("policy", `${DEPLOYMENT}-pipeline-roles`)];
  return [
    ...actions("iam", "DeleteRolePermissionsBoundary", functionRole),
    ...actions("iam", "DeleteRolePermissionsBoundary", iam("role", `${DEPLOYMENT}-apigateway-logs`)),
    ...inPolicies.flatMap((policy) =>
      actions("iam", "CreatePolicyVersion DeletePolicy DeletePolicyVersion SetDefaultPolicyVersion", policy),
    ),
    ...actions(
      "iam",
      "AttachRolePolicy DeleteRole DeleteRolePermissionsBoundary DeleteRolePolicy DetachRolePolicy PassRole PutRolePermissionsBoundary PutRolePolicy UpdateAssumeRolePolicy UpdateRole",
      pipeline,
    ),
  ];
}
