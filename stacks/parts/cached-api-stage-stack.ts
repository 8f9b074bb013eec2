import type { Construct } from "constructs";
import { ApiStage } from "../../modules";
import { declareOutputs, declareSettings } from "../declare";
import { PlatformStack, type PlatformProps } from "../platform";
import { cachedApiStagePart } from "../settings/parts";

/** A throttled stage with an access log and a cache for one method, over a REST API that somebody else makes. */
export class CachedApiStageStack extends PlatformStack {
  constructor(scope: Construct, name: string, props: PlatformProps = {}) {
    super(scope, name, props);
    const settings = declareSettings(this, cachedApiStagePart.settings);
    this.useAws(settings.string("aws_region"), settings.string("tags") as unknown as Record<string, string>);
    const { stage, accessLog } = new ApiStage(this, "cached", {
      restApiId: settings.string("rest_api_id"),
      deploymentId: settings.string("deployment_id"),
      stageName: settings.string("stage_name"),
      accessLogGroupName:
        '${coalesce(var.access_log_group_name, "/aws/apigateway/${var.rest_api_id}/${var.stage_name}/access")}',
      logRetentionInDays: settings.number("log_retention_in_days"),
      cacheClusterEnabled: settings.expression("cache_cluster_enabled"),
      cacheClusterSize: settings.expression("cache_cluster_size"),
      // `methodPath` of an expression.
      cachedMethodPath: '${replace(var.cached_resource_path, "/", "~1")}/${var.cached_http_method}',
      cacheEnabled: settings.bool("cache_enabled"),
      cacheTtlInSeconds: settings.number("cache_ttl_in_seconds"),
      throttlingRateLimit: settings.number("throttling_rate_limit"),
      throttlingBurstLimit: settings.number("throttling_burst_limit"),
    });
    const outputs = {
      access_log_group_name: accessLog.name,
      execution_arn: stage.executionArn,
      invoke_url: stage.invokeUrl,
      stage_arn: stage.arn,
      stage_name: stage.stageName,
    };
    declareOutputs(this, outputs, cachedApiStagePart.outputs);
  }
}
