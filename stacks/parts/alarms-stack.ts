import { DataAwsCallerIdentity } from "@cdktf/provider-aws/lib/data-aws-caller-identity";
import type { Construct } from "constructs";
import { Alarms, everyOne, type AlarmProps } from "../../modules";
import { declareCheck, declareOutputs, declareSettings, type DeclaredSettings } from "../declare";
import { PlatformStack, type PlatformProps } from "../platform";
import { PART_ALARMS, alarmsPart, type PartAlarm } from "../settings/parts";

type Settings = DeclaredSettings<(typeof alarmsPart)["settings"][number]["name"]>;

/** Alarms on a function and a REST API that somebody else makes. */
export class AlarmsStack extends PlatformStack {
  constructor(scope: Construct, name: string, props: PlatformProps = {}) {
    super(scope, name, props);
    const settings = declareSettings(this, alarmsPart.settings);
    this.useAws(settings.string("aws_region"), settings.string("tags") as unknown as Record<string, string>);
    const account = new DataAwsCallerIdentity(this, "current_account");
    account.overrideLogicalId("current");
    const alarms = new Alarms(this, "alarm", {
      namePrefix: settings.string("name"),
      topicName: `${settings.string("name")}-alarms`,
      existingTopicArn: settings.expression("alarm_topic_arn"),
      own: settings.expression("own_topic_enabled"),
      // One topic for all severities: who tells them apart reads the tag.
      topicArns: "{}",
      email: settings.expression("alarm_email"),
      accountId: account.accountId,
      alarms: PART_ALARMS.map((alarm) => alarmProps(alarm, settings)),
    });
    declareCheck(
      this,
      "alarms_reach_a_person",
      "!var.own_topic_enabled || var.alarm_email != null",
      "The alarms call nobody: their topic has no subscription. Set alarm_email, or own_topic_enabled = false with alarm_topic_arn.",
    );
    declareOutputs(
      this,
      {
        alarm_arns: `\${${everyOne(alarms.alarms, "arn")}}`,
        alarm_names: `\${${everyOne(alarms.alarms, "alarm_name")}}`,
        alarm_topic_arn: `\${${alarms.topicArn}}`,
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
  const sense = `"${title}" above \${${settings.expression(thresholdSetting)}}${unit} in ${periods.datapointsToAlarm} of ${periods.evaluationPeriods} periods of ${periods.periodSeconds} s`;
  return {
    name,
    severity,
    ...periods,
    rings: "above",
    query: { metrics: [{ id: "m0", ...watched(watches, settings), metricName: metric, statistic }] },
    label: title,
    enabled: `${given} != null && lookup(${settings.expression("alarms_enabled")}, "${name}", true)`,
    threshold: settings.number(thresholdSetting),
    description: `${meaning} It rings with ${sense}. Severity: ${severity}. What to do: ${whatToDo}`,
  };
}

/** Namespaces and dimensions as AWS has them: Lambda by name, API Gateway by the API's name and the stage. */
function watched(
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
