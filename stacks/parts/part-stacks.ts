import { DataAwsCallerIdentity } from "@cdktf/provider-aws/lib/data-aws-caller-identity";
import type { Construct } from "constructs";
import { Alarms, ApiStage, LiveAlias, expression, interpolate, listAttribute, type AlarmProps } from "../../modules";
import { declareCheck, declareOutputs, declareSettings, type DeclaredSettings } from "../declare";
import { PlatformStack, type PlatformProps } from "../platform";
import { PART_ALARMS, alarmsPart, type PartAlarm, cachedApiStagePart, liveAliasPart } from "../contract/parts";

type Settings = DeclaredSettings<(typeof alarmsPart)["settings"][number]["name"]>;

/** Alarms on a function and a REST API that somebody else makes. */
export class AlarmsStack extends PlatformStack {
  constructor(scope: Construct, name: string, props: PlatformProps = {}) {
    super(scope, name, props);
    const settings = declareSettings(this, alarmsPart.settings);
    this.useAws(settings.string("aws_region"), settings.expression("tags"));
    const account = new DataAwsCallerIdentity(this, "current_account");
    account.overrideLogicalId("current");
    const alarms = new Alarms(this, "alarm", {
      namePrefix: settings.string("name"),
      topicName: `${settings.string("name")}-alarms`,
      existingTopicArn: settings.expression("alarm_topic_arn"),
      own: settings.expression("own_topic_enabled"),
      // All severities share the topic; the alarms' tags tell them apart.
      topicArns: expression`{}`,
      email: settings.expression("alarm_email"),
      accountId: account.accountId,
      alarms: PART_ALARMS.map((alarm) => alarmProps(alarm, settings)),
    });
    declareCheck(this, "alarms_reach_a_person", {
      condition: expression`!var.own_topic_enabled || var.alarm_email != null`,
      warning:
        "The alarms call nobody: their topic has no subscription. " +
        "Set alarm_email, or own_topic_enabled = false with alarm_topic_arn.",
    });
    declareOutputs(
      this,
      {
        alarm_arns: interpolate(listAttribute(alarms.alarms, "arn")),
        alarm_names: interpolate(listAttribute(alarms.alarms, "alarm_name")),
        alarm_topic_arn: interpolate(alarms.topicArn),
      },
      alarmsPart.outputs,
    );
  }
}

function alarmProps(
  { name, severity, watches, title, unit, metric, statistic, thresholdSetting, periods, meaning, whatToDo }: PartAlarm,
  settings: Settings,
): AlarmProps {
  const given = settings.expression(watches === "function" ? "function_name" : "rest_api_name");
  const rule =
    `"${title}" above ${settings.string(thresholdSetting)}${unit} in ${periods.datapointsToAlarm} of ` +
    `${periods.evaluationPeriods} periods of ${periods.periodSeconds} s`;
  return {
    name,
    severity,
    ...periods,
    rings: "above",
    query: { metrics: [{ id: "m0", ...watchedMetric(watches, settings), metric, statistic }] },
    label: title,
    enabled: expression`${given} != null && lookup(${settings.expression("alarms_enabled")}, "${name}", true)`,
    threshold: settings.number(thresholdSetting),
    description: `${meaning} It rings with ${rule}. Severity: ${severity}. What to do: ${whatToDo}`,
  };
}

/** Namespaces and dimensions as AWS has them: Lambda by name, API Gateway by the API's name and the stage. */
function watchedMetric(
  watches: PartAlarm["watches"],
  settings: Settings,
): { readonly namespace: string; readonly dimensions: Readonly<Record<string, string>> } {
  if (watches === "function")
    return { namespace: "AWS/Lambda", dimensions: { FunctionName: settings.string("function_name") } };
  return {
    namespace: "AWS/ApiGateway",
    dimensions: { ApiName: settings.string("rest_api_name"), Stage: settings.string("stage_name") },
  };
}

/** A throttled stage with an access log and a cache for one method, over a REST API that somebody else makes. */
export class CachedApiStageStack extends PlatformStack {
  constructor(scope: Construct, name: string, props: PlatformProps = {}) {
    super(scope, name, props);
    const settings = declareSettings(this, cachedApiStagePart.settings);
    this.useAws(settings.string("aws_region"), settings.expression("tags"));
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

/** An alias with a pin, a canary and provisioned concurrency, over a function that somebody else makes. */
export class LiveAliasStack extends PlatformStack {
  constructor(scope: Construct, name: string, props: PlatformProps = {}) {
    super(scope, name, props);
    const settings = declareSettings(this, liveAliasPart.settings);
    this.useAws(settings.string("aws_region"));
    const { alias } = new LiveAlias(this, "live", {
      functionName: settings.string("function_name"),
      newestVersion: settings.expression("newest_version"),
      aliasName: settings.string("alias_name"),
      liveVersion: settings.expression("live_version"),
      canaryWeight: settings.expression("canary_weight"),
      provisionedConcurrentExecutions: settings.expression("provisioned_concurrent_executions"),
    });
    declareOutputs(
      this,
      {
        alias_arn: alias.arn,
        alias_name: alias.name,
        invoke_arn: alias.invokeArn,
        live_version: alias.functionVersion,
      },
      liveAliasPart.outputs,
    );
  }
}
