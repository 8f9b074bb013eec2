import {
  CloudwatchMetricAlarm,
  type CloudwatchMetricAlarmConfig,
} from "@cdktf/provider-aws/lib/cloudwatch-metric-alarm";
import { Construct } from "constructs";
import { createAlarmTopic, type AlarmTopicProps } from "./alarm-topic";
import { address, countWhen, interpolate } from "./expressions";
import { alarmQueries, type MetricQuery } from "./metric-query";

/** Tag by which a paging service tells alarms apart. */
export const SEVERITY_TAG = "quickturn:severity";

/** What an alarm watches, and what a person needs to know when it rings. */
export interface AlarmProps {
  /** Last part of its name, and its construct id. */
  readonly name: string;
  readonly severity: string;
  /** Terraform expression: whether it is there. */
  readonly enabled: string;
  /** Terraform expression: whether it calls anybody, and takes silence for what `missing` says. Default: it does. */
  readonly listens?: string | undefined;
  readonly query: MetricQuery;
  /** What the query gives, for a person, with its unit. */
  readonly label: string;
  readonly rings: "above" | "below";
  /** In the query's unit. */
  readonly threshold: number;
  /** Seconds. */
  readonly periodSeconds: number;
  readonly evaluationPeriods: number;
  readonly datapointsToAlarm: number;
  /** What a period without data is. */
  readonly missing: string;
  /** For the person who is called: what it means, and what to do. */
  readonly description: string;
}

export interface AlarmsProps extends AlarmTopicProps {
  /** First part of the alarms' names. */
  readonly namePrefix: string;
  /** Terraform expression: map of topics of the operator's, by severity. */
  readonly topicArns: string;
  readonly alarms: readonly AlarmProps[];
}

/** Alarms, and the topic by which they reach a person. */
export class Alarms extends Construct {
  readonly alarms: readonly CloudwatchMetricAlarm[];
  /** Terraform expression: ARN of the topic that takes every severity without one of its own. */
  readonly topicArn: string;
  private readonly topicArns: string;

  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    this.topicArn = createAlarmTopic(this, props);
    this.topicArns = props.topicArns;
    this.alarms = props.alarms.map((alarm) => this.createAlarm(props.namePrefix, alarm));
  }

  /** Terraform expression: ARN of the topic of a severity. */
  topicOf(severity: string): string {
    return `lookup(${this.topicArns}, "${severity}", ${this.topicArn})`;
  }

  private createAlarm(namePrefix: string, alarm: AlarmProps): CloudwatchMetricAlarm {
    const topic = interpolate(this.topicOf(alarm.severity));
    const created = new CloudwatchMetricAlarm(this, alarm.name, {
      alarmName: `${namePrefix}-${alarm.name}`,
      alarmDescription: alarm.description,
      ...watched(alarm),
      comparisonOperator: alarm.rings === "above" ? "GreaterThanThreshold" : "LessThanThreshold",
      threshold: alarm.threshold,
      evaluationPeriods: alarm.evaluationPeriods,
      datapointsToAlarm: alarm.datapointsToAlarm,
      treatMissingData: alarm.missing,
      alarmActions: [topic],
      okActions: [topic],
      tags: { [SEVERITY_TAG]: alarm.severity },
    });
    created.addOverride("count", countWhen(alarm.enabled));
    if (alarm.listens !== undefined) mute(created, alarm.listens, alarm.missing);
    return created;
  }
}

/** Terraform takes an expression for both, the constructor does not. */
function mute(alarm: CloudwatchMetricAlarm, listens: string, missing: string): void {
  alarm.addOverride("actions_enabled", interpolate(listens));
  if (missing !== "notBreaching")
    alarm.addOverride("treat_missing_data", interpolate(`${listens} ? "${missing}" : "notBreaching"`));
}

/**
 * The single-metric form where that is all there is: it costs one metric, and CloudWatch minds the samples of
 * percentiles itself.
 */
function watched({ query, periodSeconds, label }: AlarmProps): Partial<CloudwatchMetricAlarmConfig> {
  const {
    metrics: [first],
    expression,
  } = query;
  if (expression !== undefined) return { metricQuery: alarmQueries({ ...query, expression }, periodSeconds, label) };
  if (first === undefined) throw new Error(`The alarm on "${label}" reads no metric; give it one, or an expression`);
  const { namespace, metricName, dimensions, statistic } = first;
  const percentile = statistic.startsWith("p");
  return {
    namespace,
    metricName,
    dimensions: { ...dimensions },
    ...(percentile ? { extendedStatistic: statistic, evaluateLowSampleCountPercentiles: "ignore" } : { statistic }),
    period: periodSeconds,
  };
}

/** Terraform expression: an attribute of all that are there, as a list. */
export function everyOne(alarms: readonly Parameters<typeof address>[0][], attribute: string): string {
  return `concat(${alarms.map((alarm) => `${address(alarm)}[*].${attribute}`).join(", ")})`;
}
