import { ApiGatewayAccount } from "@cdktf/provider-aws/lib/api-gateway-account";
import { ApiGatewayMethodSettings } from "@cdktf/provider-aws/lib/api-gateway-method-settings";
import { ApiGatewayStage } from "@cdktf/provider-aws/lib/api-gateway-stage";
import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicyAttachment } from "@cdktf/provider-aws/lib/iam-role-policy-attachment";
import type { IResolvable } from "cdktf";
import { Construct } from "constructs";
import { expression, type Expression, interpolate, address, countWhen, jsonencoded } from "./expressions";
import { trustService } from "./policy-statements";

/** Fields of an access log line. Paths and headers are left out, because they could hold secrets. */
const ACCESS_LOG_FORMAT = JSON.stringify({
  request_id: "$context.requestId",
  time: "$context.requestTimeEpoch",
  route: "$context.resourcePath",
  method: "$context.httpMethod",
  status: "$context.status",
  error: "$context.error.responseType",
  latency_ms: "$context.responseLatency",
  integration_latency_ms: "$context.integrationLatency",
  source_ip: "$context.identity.sourceIp",
});

interface ApiStageProps {
  readonly restApiId: string;
  /** Identifier of the published deployment. */
  readonly deploymentId: string;
  readonly stageName: string;
  readonly accessLogGroupName: string;
  /** Days. */
  readonly logRetentionInDays: number;
  /** ARN of the key that encrypts the access log, or null. Default: CloudWatch's own. */
  readonly kmsKeyArn?: Expression;
  /** The slow switch: whether the cache cluster exists. */
  readonly cacheClusterEnabled: Expression;
  /** GB, as API Gateway names its sizes. */
  readonly cacheClusterSize: Expression;
  /** The method whose answers are cached, as `methodPath` writes it. */
  readonly cachedMethodPath: string;
  /** The fast switch: whether that method's answers are served from the cluster. */
  readonly cacheEnabled: IResolvable;
  /** Seconds. */
  readonly cacheTtlInSeconds: number;
  /** Requests a second for each method. */
  readonly throttlingRateLimit: number;
  /** Requests for each method. */
  readonly throttlingBurstLimit: number;
}

/** The stage that callers reach: every method is throttled, and one is cached. */
export class ApiStage extends Construct {
  readonly stage: ApiGatewayStage;
  readonly accessLog: CloudwatchLogGroup;

  constructor(scope: Construct, id: string, props: ApiStageProps) {
    super(scope, id);
    this.accessLog = new CloudwatchLogGroup(this, "access-log", {
      name: props.accessLogGroupName,
      retentionInDays: props.logRetentionInDays,
      ...(props.kmsKeyArn !== undefined && { kmsKeyId: interpolate(props.kmsKeyArn) }),
    });
    this.stage = this.createStage(props);
    const everyMethod = this.throttleEveryMethod(props);
    this.cacheOneMethod(props, everyMethod);
  }

  private createStage(props: ApiStageProps): ApiGatewayStage {
    const stage = new ApiGatewayStage(this, "stage", {
      restApiId: props.restApiId,
      deploymentId: props.deploymentId,
      stageName: props.stageName,
      accessLogSettings: { destinationArn: this.accessLog.arn, format: ACCESS_LOG_FORMAT },
      xrayTracingEnabled: true,
    });
    stage.addOverride("cache_cluster_enabled", interpolate(props.cacheClusterEnabled));
    // A size without a cluster leaves the stage waiting for one (provider issues 22841 and 22866).
    stage.addOverride(
      "cache_cluster_size",
      interpolate(expression`${props.cacheClusterEnabled} ? ${props.cacheClusterSize} : null`),
    );
    return stage;
  }

  private throttleEveryMethod(props: ApiStageProps): ApiGatewayMethodSettings {
    return new ApiGatewayMethodSettings(this, "every-method", {
      restApiId: props.restApiId,
      stageName: this.stage.stageName,
      methodPath: "*/*",
      settings: {
        throttlingRateLimit: props.throttlingRateLimit,
        throttlingBurstLimit: props.throttlingBurstLimit,
        cachingEnabled: false,
        loggingLevel: "ERROR",
        // Data traces would log prompts and answers.
        dataTraceEnabled: false,
      },
    });
  }

  private cacheOneMethod(props: ApiStageProps, everyMethod: ApiGatewayMethodSettings): void {
    new ApiGatewayMethodSettings(this, "status-method", {
      restApiId: props.restApiId,
      stageName: this.stage.stageName,
      methodPath: props.cachedMethodPath,
      settings: {
        throttlingRateLimit: props.throttlingRateLimit,
        throttlingBurstLimit: props.throttlingBurstLimit,
        cachingEnabled: props.cacheEnabled,
        cacheTtlInSeconds: props.cacheTtlInSeconds,
        cacheDataEncrypted: true,
        // Otherwise anyone empties the cache with `Cache-Control: max-age=0`. A browser's reload must not get a 403.
        requireAuthorizationForCacheControl: true,
        unauthorizedCacheControlHeaderStrategy: "SUCCEED_WITHOUT_RESPONSE_HEADER",
        loggingLevel: "ERROR",
        dataTraceEnabled: false,
      },
      // API Gateway answers 409 to two changes of a stage at once.
      dependsOn: [everyMethod],
    });
  }
}

/** The key of a method's settings in a stage: the path with each slash as ~1 (RFC 6901), and the HTTP method. */
export function methodPath(resourcePath: string, httpMethod: string): string {
  return `${resourcePath.replaceAll("/", "~1")}/${httpMethod}`;
}

interface AccountLoggingProps {
  /** Whether this deployment sets the account's role. */
  readonly enabled: Expression;
  readonly roleName: string;
  /** AWS partition, such as `aws`. */
  readonly partition: string;
  /** ARN of a policy that limits what the role may do, whatever it is allowed; or null. */
  readonly permissionsBoundaryArn: Expression;
}

/** The role by which API Gateway writes logs. An account has one in each region, so it is created only on request. */
export class AccountLogging extends Construct {
  readonly account: ApiGatewayAccount;

  constructor(
    scope: Construct,
    id: string,
    { enabled, roleName, partition, permissionsBoundaryArn }: AccountLoggingProps,
  ) {
    super(scope, id);
    const count = countWhen(enabled);
    const role = new IamRole(this, "role", {
      name: roleName,
      assumeRolePolicy: jsonencoded(this, "trust", trustService("apigateway.amazonaws.com")),
      permissionsBoundary: interpolate(permissionsBoundaryArn),
    });
    role.addOverride("count", count);
    const attachment = new IamRolePolicyAttachment(this, "policy", {
      role: interpolate(expression`${address(role)}[0].name`),
      // API Gateway checks for the permissions of this AWS policy when the account is changed.
      policyArn: `arn:${partition}:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs`,
    });
    attachment.addOverride("count", count);
    this.account = new ApiGatewayAccount(this, "account", {
      cloudwatchRoleArn: interpolate(expression`${address(role)}[0].arn`),
      dependsOn: [attachment],
    });
    this.account.addOverride("count", count);
  }
}
