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
