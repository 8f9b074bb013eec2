import { ApiGatewayMethodSettings } from "@cdktf/provider-aws/lib/api-gateway-method-settings";
import { ApiGatewayStage } from "@cdktf/provider-aws/lib/api-gateway-stage";
import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group";
import type { IResolvable } from "cdktf";
import { Construct } from "constructs";
import { interpolate } from "./expressions";

/** Fields of one access log line. Chosen one by one: paths and headers could carry what a caller must keep secret. */
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

export interface ApiStageProps {
  readonly restApiId: string;
  /** What of the API is published. */
  readonly deploymentId: string;
  readonly stageName: string;
  readonly accessLogGroupName: string;
  /** Days. */
  readonly logRetentionInDays: number;
  /** Terraform expression: ARN of the key that encrypts the access log, or null. Default: CloudWatch's own. */
  readonly kmsKeyArn?: string;
  /** The slow switch: whether the cluster exists. Terraform expression. */
  readonly cacheClusterEnabled: string;
  /** GB, as API Gateway names its sizes. Terraform expression. */
  readonly cacheClusterSize: string;
  /** The method whose answers are cached, as `methodPath` writes it. */
  readonly cachedMethodPath: string;
  /** The fast switch: whether that method's answers are served from the cluster. */
  readonly cacheEnabled: IResolvable;
  /** Seconds. */
  readonly cacheTtlInSeconds: number;
  /** Requests a second, a method. */
  readonly throttlingRateLimit: number;
  /** Requests, a method. */
  readonly throttlingBurstLimit: number;
}

/** The stage that callers reach: throttled on every method, cached on one alone. */
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
    const everywhere = this.throttleEveryMethod(props);
    this.cacheOneMethod(props, everywhere);
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
      interpolate(`${props.cacheClusterEnabled} ? ${props.cacheClusterSize} : null`),
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
        // Never: it would log prompts and answers.
        dataTraceEnabled: false,
      },
    });
  }

  private cacheOneMethod(props: ApiStageProps, everywhere: ApiGatewayMethodSettings): void {
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
        // Else anyone empties the cache with `Cache-Control: max-age=0`; and a browser's reload must not get a 403.
        requireAuthorizationForCacheControl: true,
        unauthorizedCacheControlHeaderStrategy: "SUCCEED_WITHOUT_RESPONSE_HEADER",
        loggingLevel: "ERROR",
        dataTraceEnabled: false,
      },
      // API Gateway answers 409 to two changes of a stage at once.
      dependsOn: [everywhere],
    });
  }
}

/**
 * How a stage keys its method settings: the resource's path with each slash as ~1 (JSON pointer, RFC 6901), the first
 * one too, and the HTTP method.
 */
export function methodPath(resourcePath: string, httpMethod: string): string {
  return `${resourcePath.replaceAll("/", "~1")}/${httpMethod}`;
}
