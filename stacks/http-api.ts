import { ORIGIN_SECRET_HEADER } from "../handlers/environment";
import {
  Access,
  AccountLogging,
  ApiStage,
  EdgeDistribution,
  RestApi,
  STATUS_ROUTE,
  WebFirewall,
  address,
  expression,
  interpolate,
  methodPath,
  type LiveAlias,
} from "../modules";
import { EDGE_STATUS_TTL_SECONDS, STAGE_NAME } from "./contract/fixed";
import { createAuthorizer } from "./functions";
import type { Deployment } from "./names";

/** What callers reach. */
export interface HttpApi {
  readonly restApi: RestApi;
  readonly stage: ApiStage;
  readonly access: Access;
  /** Terraform template of the URL that callers use, without the route. */
  readonly endpoint: string;
}

/** Creates the REST API, its stage, the access of callers, and the distribution and the firewall in front of it. */
export function createHttpApi(deployment: Deployment, frontDoor: LiveAlias): HttpApi {
  const { stack, settings, names, partition, accountId } = deployment;
  const edgeEnabled = settings.expression("cloudfront_enabled");
  const restApi = new RestApi(stack, "rest", {
    apiName: names.restApi,
    frontDoor: frontDoor.alias,
    authorization: settings.expression("authorization"),
    authorizer: createAuthorizer(deployment),
    authorizerTtlInSeconds: settings.expression("authorizer_ttl_in_seconds"),
    edgeEnabled,
    originHeader: ORIGIN_SECRET_HEADER,
    vpcEndpointIds: settings.expression("vpc_endpoint_ids"),
    apiArns: `arn:${partition}:execute-api:${settings.string("aws_region")}:${accountId}:*`,
  });
  const stage = createStage(deployment, restApi);
  const access = createAccess(deployment, stage);
  const edge = createEdge(deployment, stage);
  createFirewall(deployment, stage);
  const endpoint = expression`${edgeEnabled} ? ${edge.url} : ${address(stage.stage)}.invoke_url`;
  return { restApi, stage, access, endpoint: interpolate(endpoint) };
}

function createStage({ stack, settings, names, partition }: Deployment, restApi: RestApi): ApiStage {
  const logging = new AccountLogging(stack, "account_logging", {
    enabled: settings.expression("account_logging_role_enabled"),
    roleName: names.apiGatewayLoggingRole,
    partition,
    permissionsBoundaryArn: settings.expression("permissions_boundary_arn"),
  });
  const stage = new ApiStage(stack, "live", {
    restApiId: restApi.api.id,
    deploymentId: restApi.deployment.id,
    stageName: STAGE_NAME,
    accessLogGroupName: names.accessLogGroup,
    logRetentionInDays: settings.number("log_retention_in_days"),
    kmsKeyArn: settings.expression("kms_key_arn"),
    cacheClusterEnabled: settings.expression("cache_cluster_enabled"),
    cacheClusterSize: settings.expression("cache_cluster_size"),
    cachedMethodPath: methodPath(STATUS_ROUTE, "GET"),
    cacheEnabled: settings.bool("cache_enabled"),
    cacheTtlInSeconds: settings.number("cache_ttl_in_seconds"),
    throttlingRateLimit: settings.number("throttling_rate_limit"),
    throttlingBurstLimit: settings.number("throttling_burst_limit"),
  });
  // API Gateway refuses a stage that logs while the account has no role for logs.
  stage.node.addDependency(logging.account);
  return stage;
}

function createAccess({ stack, settings, names }: Deployment, { stage }: ApiStage): Access {
  return new Access(stack, "access", {
    stage,
    apiKeysRequired: expression`${settings.expression("authorization")} == "api_key"`,
    keyNames: settings.expression("api_key_names"),
    keyNamePrefix: names.apiKeyPrefix,
    usagePlanName: names.usagePlan,
    quotaPerDay: settings.number("api_key_quota_per_day"),
    throttlingRateLimit: settings.number("throttling_rate_limit"),
    throttlingBurstLimit: settings.number("throttling_burst_limit"),
  });
}

function createEdge({ stack, settings, names }: Deployment, { stage }: ApiStage): EdgeDistribution {
  return new EdgeDistribution(stack, "edge", {
    stage,
    enabled: settings.expression("cloudfront_enabled"),
    originHeader: ORIGIN_SECRET_HEADER,
    originSecret: settings.expression("cloudfront_origin_secret"),
    previousOriginSecret: settings.expression("cloudfront_origin_previous_secret"),
    certificateArn: settings.expression("cloudfront_certificate_arn"),
    domainNames: settings.expression("cloudfront_domain_names"),
    statusTtlSeconds: EDGE_STATUS_TTL_SECONDS,
    comment: names.restApi,
  });
}

function createFirewall({ stack, settings, names }: Deployment, { stage }: ApiStage): void {
  new WebFirewall(stack, "firewall", {
    stage,
    enabled: settings.expression("waf_enabled"),
    aclName: names.webAcl,
    logGroupName: names.firewallLogGroup,
    logRetentionInDays: settings.number("log_retention_in_days"),
    kmsKeyArn: settings.expression("kms_key_arn"),
    rateLimit: settings.number("waf_rate_limit"),
    edgeEnabled: settings.expression("cloudfront_enabled"),
    originHeader: ORIGIN_SECRET_HEADER,
  });
}
