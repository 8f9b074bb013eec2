import type { DeclaredSettings } from "./declare";

/** Physical names, as Terraform templates. Each is a contract: another name is another resource. */
export function physicalNames(settings: DeclaredSettings<"name" | "environment">) {
  const prefix = `${settings.string("name")}-${settings.string("environment")}`;
  return {
    apiFunction: `${prefix}-api`,
    workerFunction: `${prefix}-worker`,
    sweeperFunction: `${prefix}-sweeper`,
    authorizerFunction: `${prefix}-authorizer`,
    apiHeartbeat: `${prefix}-api-heartbeat`,
    workerHeartbeat: `${prefix}-worker-heartbeat`,
    sweep: `${prefix}-sweep`,
    // The dimension of every metric that the handlers write.
    deployment: prefix,
    // CloudWatch keys an API's metrics by this name, so it is unique in account and region.
    restApi: `${prefix}-api`,
    requestsTable: `${prefix}-requests`,
    sessionsTable: `${prefix}-sessions`,
    // A bucket's name is unique in the world: twelve digits of a hash tell accounts and regions apart.
    resultsBucket: `${prefix}-results-\${substr(sha256("\${data.aws_caller_identity.current.account_id}/\${data.aws_region.current.name}"), 0, 12)}`,
    workQueue: `${prefix}-work`,
    deadLetterQueue: `${prefix}-work-failed`,
    alarmTopic: `${prefix}-alarms`,
    alarmPrefix: prefix,
    dashboard: prefix,
    budget: `${prefix}-monthly`,
    apiKeyPrefix: prefix,
    usagePlan: `${prefix}-callers`,
    webAcl: `${prefix}-api`,
    // AWS takes no other beginning.
    firewallLogGroup: `aws-waf-logs-${prefix}-api`,
    accessLogGroup: `/aws/apigateway/${prefix}-api/access`,
    apiGatewayLoggingRole: `${prefix}-apigateway-logs`,
  };
}

/**
 * Physical names of what stands beside a deployment: its state, and the roles of its pipelines. No role of a pipeline
 * has a name that a pipeline may change.
 */
export function platformNames(settings: DeclaredSettings<"name" | "environment" | "state_bucket_name">) {
  const prefix = `${settings.string("name")}-${settings.string("environment")}`;
  const made =
    '"${var.name}-${var.environment}-state-${substr(sha256("${data.aws_caller_identity.current.account_id}/${data.aws_region.current.name}"), 0, 12)}"';
  return {
    stateBucket: `\${coalesce(${settings.expression("state_bucket_name")}, ${made})}`,
    /** Folder of the deployment's state in the bucket. */
    statePrefix: prefix,
    /** What each role and policy of the pipelines begins with, up to its last hyphen. */
    pipelinePrefix: `${prefix}-pipeline`,
    pipelineRole: (forge: string, purpose: string) => `${prefix}-pipeline-${forge}-${purpose}`,
    /** The policy that limits the roles that pipelines make. */
    functionBoundary: `${prefix}-boundary`,
  };
}

export type PhysicalNames = ReturnType<typeof physicalNames>;

/** Name of the alias that traffic goes to, on both functions. */
export const LIVE_ALIAS = "live";

/** Name of the API's only stage. */
export const STAGE_NAME = "live";
