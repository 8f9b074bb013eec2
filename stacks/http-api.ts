import { type AuthorizerEnvironment, ORIGIN_SECRET_HEADER } from "../handlers/environment";
import {
  AgentFunction,
  Access,
  AccountLogging,
  ApiStage,
  EdgeDistribution,
  RestApi,
  STATUS_ROUTE,
  WebFirewall,
  address,
  methodPath,
  type LiveAlias,
} from "../modules";
import type { DeclaredSettings } from "./declare";
import { functionSettings } from "./upkeep";
import { type PhysicalNames, STAGE_NAME } from "./names";
import type { PlatformStack } from "./platform";

/** Seconds. Cold, it asks the issuer twice, 2 s at most each. */
const AUTHORIZER_TIMEOUT_SECONDS = 10;

/** MiB. A signature takes under a millisecond of a vCPU; what is left is the start of Node.js. */
const AUTHORIZER_MEMORY_SIZE = 256;

/**
 * Says to API Gateway whose a bearer token is. It may do nothing but write its own log and traces, and is there only
 * where tokens are taken.
 */
export function createAuthorizer(
  stack: PlatformStack,
  settings: DeclaredSettings,
  names: PhysicalNames,
): AgentFunction {
  const environment: Record<keyof AuthorizerEnvironment, string> = {
    DEPLOYMENT: names.deployment,
    JWT_AUDIENCES: `\${jsonencode(${settings.expression("jwt_audiences")})}`,
    JWT_CLOCK_SKEW_SECONDS: settings.string("jwt_clock_skew_in_seconds"),
    JWT_ISSUER: settings.string("jwt_issuer"),
    JWT_SCOPES: `\${jsonencode(${settings.expression("jwt_scopes")})}`,
  };
  return new AgentFunction(stack, "authorizer", {
    functionName: names.authorizerFunction,
    description: "Checks bearer tokens.",
    archive: "assets/authorizer.zip",
    environment,
    memorySize: AUTHORIZER_MEMORY_SIZE,
    timeoutSeconds: AUTHORIZER_TIMEOUT_SECONDS,
    ...functionSettings(settings),
    when: `${settings.expression("authorization")} == "jwt"`,
  });
}

interface HttpApiParts {
  readonly settings: DeclaredSettings;
  readonly names: PhysicalNames;
  /** Alias of the function that answers. */
  readonly frontDoor: LiveAlias;
  /** AWS partition. */
  readonly partition: string;
  readonly accountId: string;
}

/** What callers reach: the REST API, its stage, who may call it, and the distribution in front where there is one. */
export function createHttpApi(stack: PlatformStack, parts: HttpApiParts) {
  const { settings, names, frontDoor, partition, accountId } = parts;
  const edgeEnabled = settings.expression("cloudfront_enabled");
  const authorization = settings.expression("authorization");
  const restApi = new RestApi(stack, "rest", {
    apiName: names.restApi,
    frontDoor: frontDoor.alias,
    authorization,
    authorizer: createAuthorizer(stack, settings, names),
    authorizerTtlInSeconds: settings.expression("authorizer_ttl_in_seconds"),
    edgeEnabled,
    originHeader: ORIGIN_SECRET_HEADER,
    vpcEndpointIds: settings.expression("vpc_endpoint_ids"),
    apiArns: `arn:${partition}:execute-api:${settings.string("aws_region")}:${accountId}:*`,
  });
  const stage = createStage(stack, parts, restApi);
  const access = createAccess(stack, parts, stage);
  const edge = createEdge(stack, parts, stage);
  createFirewall(stack, parts, stage);
  const endpoint = `\${${edgeEnabled} ? ${edge.url} : ${address(stage.stage)}.invoke_url}`;
  return { restApi, stage, access, endpoint };
}

function createStage(stack: PlatformStack, { settings, names, partition }: HttpApiParts, restApi: RestApi): ApiStage {
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
  // API Gateway refuses a stage that logs while the account has no role to log by.
  stage.node.addDependency(logging.account);
  return stage;
}

function createAccess(stack: PlatformStack, { settings, names }: HttpApiParts, { stage }: ApiStage): Access {
  return new Access(stack, "access", {
    stage,
    apiKeysRequired: `${settings.expression("authorization")} == "api_key"`,
    keyNames: settings.expression("api_key_names"),
    keyNamePrefix: names.apiKeyPrefix,
    usagePlanName: names.usagePlan,
    quotaPerDay: settings.number("api_key_quota_per_day"),
    throttlingRateLimit: settings.number("throttling_rate_limit"),
    throttlingBurstLimit: settings.number("throttling_burst_limit"),
  });
}

function createEdge(stack: PlatformStack, { settings, names }: HttpApiParts, { stage }: ApiStage): EdgeDistribution {
  return new EdgeDistribution(stack, "edge", {
    stage,
    enabled: settings.expression("cloudfront_enabled"),
    originHeader: ORIGIN_SECRET_HEADER,
    originSecretExpression: settings.expression("cloudfront_origin_secret"),
    previousOriginSecretExpression: settings.expression("cloudfront_origin_previous_secret"),
    certificateArn: settings.expression("cloudfront_certificate_arn"),
    domainNames: settings.expression("cloudfront_domain_names"),
    comment: names.restApi,
  });
}

function createFirewall(stack: PlatformStack, { settings, names }: HttpApiParts, { stage }: ApiStage): void {
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
