import { expression, interpolate } from "../modules";
import type { DeclaredSettings } from "./declare";
import type { PlatformStack } from "./platform";

/** What every part of the stack `agent-api` is built from. */
export interface Deployment {
  readonly stack: PlatformStack;
  readonly settings: DeclaredSettings;
  readonly names: PhysicalNames;
  /** Terraform template of the AWS account's number. */
  readonly accountId: string;
  /** Terraform template of the AWS partition, such as `aws`. */
  readonly partition: string;
}

/** A bucket's name is unique in the world: twelve digits of a hash tell accounts and regions apart. */
const ACCOUNT_HASH =
  '${substr(sha256("${data.aws_caller_identity.current.account_id}/${data.aws_region.current.name}"), 0, 12)}';

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
    resultsBucket: `${prefix}-results-${ACCOUNT_HASH}`,
    workQueue: `${prefix}-work`,
    deadLetterQueue: `${prefix}-work-failed`,
    alarmTopic: `${prefix}-alarms`,
    alarmPrefix: prefix,
    dashboard: prefix,
    budget: `${prefix}-monthly`,
    apiKeyPrefix: prefix,
    usagePlan: `${prefix}-callers`,
    webAcl: `${prefix}-api`,
    // AWS demands this prefix.
    firewallLogGroup: `aws-waf-logs-${prefix}-api`,
    accessLogGroup: `/aws/apigateway/${prefix}-api/access`,
    apiGatewayLoggingRole: `${prefix}-apigateway-logs`,
  };
}

export type PhysicalNames = ReturnType<typeof physicalNames>;

/**
 * Physical names beside a deployment: its state, and the roles of its pipelines. No pipeline may change a role with one
 * of these names.
 */
export function platformNames(settings: DeclaredSettings<"name" | "environment" | "state_bucket_name">) {
  const prefix = `${settings.string("name")}-${settings.string("environment")}`;
  const ownBucket = `"\${var.name}-\${var.environment}-state-${ACCOUNT_HASH}"`;
  return {
    stateBucket: interpolate(expression`coalesce(${settings.expression("state_bucket_name")}, ${ownBucket})`),
    /** Folder of the deployment's state in the bucket. */
    statePrefix: prefix,
    /** Prefix of each role and policy of the pipelines, up to the last hyphen. */
    pipelinePrefix: `${prefix}-pipeline`,
    pipelineRole: (forge: string, purpose: string) => `${prefix}-pipeline-${forge}-${purpose}`,
    /** The permissions boundary of the roles that pipelines create. */
    functionBoundary: `${prefix}-boundary`,
  };
}
