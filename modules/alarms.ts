import { CloudwatchMetricAlarm } from "@cdktf/provider-aws/lib/cloudwatch-metric-alarm";
import { SnsTopic } from "@cdktf/provider-aws/lib/sns-topic";
import { SnsTopicPolicy } from "@cdktf/provider-aws/lib/sns-topic-policy";
import { SnsTopicSubscription } from "@cdktf/provider-aws/lib/sns-topic-subscription";
import { Construct } from "constructs";
import { address, countWhen, interpolate, jsonencoded } from "./expressions";
import { denyPlainHttp, policyDocument } from "./policy-statements";

/** Two periods of five minutes: one slow request is no incident, ten minutes of them are. */
const PERIOD_SECONDS = 300;
const PERIODS = 2;

/** What an alarm watches, and what a person needs to know when it rings. */
export interface AlarmProps {
  /** Last part of its name, and of its construct id. */
  readonly name: string;
  /** Metric, with the namespace that AWS publishes it in. */
  readonly namespace: string;
  readonly metricName: string;
  readonly statistic: "Average" | "Sum";
  readonly dimensions: Readonly<Record<string, string>>;
  /** In the metric's unit; the alarm rings above it. */
  readonly threshold: number;
  /** One sentence: what it means for callers. */
  readonly meaning: string;
  /** Heading in RUNBOOK.md that says what to do. */
  readonly runbook: string;
}

export interface AlarmsProps {
  /** First part of the alarms' names. */
  readonly namePrefix: string;
  readonly topicName: string;
  /** Terraform expression: topic of the operator's, or null for one of our own. */
  readonly existingTopicArn: string;
  /** Terraform expression: address to write to, or null. */
  readonly email: string;
  /** Account that the alarms belong to. */
  readonly accountId: string;
  readonly alarms: readonly AlarmProps[];
}

/** Alarms, and the topic by which they reach a person. */
export class Alarms extends Construct {
  readonly alarms: readonly CloudwatchMetricAlarm[];
  /** Terraform expression: ARN of the topic in use. */
  readonly topicArn: string;

  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    const topic = this.createTopic(props);
    this.topicArn = `${props.existingTopicArn} == null ? one(${address(topic)}[*].arn) : ${props.existingTopicArn}`;
    this.subscribe(props, topic);
    this.alarms = props.alarms.map((alarm) => this.createAlarm(props.namePrefix, alarm));
  }

  private createTopic({ topicName, existingTopicArn, accountId }: AlarmsProps): SnsTopic {
    // Not encrypted with alias/aws/sns: CloudWatch cannot publish to such a topic, and says so nowhere but in the alarm's history.
    const topic = new SnsTopic(this, "topic", { name: topicName });
    const count = countWhen(`${existingTopicArn} == null`);
    topic.addOverride("count", count);
    const arn = interpolate(`${address(topic)}[0].arn`);
    const policy = new SnsTopicPolicy(this, "topic-policy", { arn, policy: jsonencoded(this, "publishers", policyDocument(publishPolicy(arn, accountId))) });
    policy.addOverride("count", count);
    return topic;
  }

  private subscribe({ email, existingTopicArn }: AlarmsProps, topic: SnsTopic): void {
    const subscription = new SnsTopicSubscription(this, "email", {
      topicArn: interpolate(`${address(topic)}[0].arn`),
      protocol: "email",
      endpoint: interpolate(email),
    });
    subscription.addOverride("count", countWhen(`${email} != null && ${existingTopicArn} == null`));
  }

  private createAlarm(namePrefix: string, alarm: AlarmProps): CloudwatchMetricAlarm {
    return new CloudwatchMetricAlarm(this, alarm.name, {
      alarmName: `${namePrefix}-${alarm.name}`,
      alarmDescription: `${alarm.meaning} What to do: RUNBOOK.md, "${alarm.runbook}".`,
      namespace: alarm.namespace,
      metricName: alarm.metricName,
      dimensions: { ...alarm.dimensions },
      statistic: alarm.statistic,
      comparisonOperator: "GreaterThanThreshold",
      threshold: alarm.threshold,
      period: PERIOD_SECONDS,
      evaluationPeriods: PERIODS,
      datapointsToAlarm: PERIODS,
      // No traffic is no failure: a quiet night must not ring.
      treatMissingData: "notBreaching",
      alarmActions: [interpolate(this.topicArn)],
      okActions: [interpolate(this.topicArn)],
    });
  }
}

function publishPolicy(topicArn: string, accountId: string) {
  return [
    {
      Sid: "CloudWatchPublishes",
      Effect: "Allow" as const,
      Principal: { Service: "cloudwatch.amazonaws.com" },
      Action: ["sns:Publish"],
      Resource: topicArn,
      Condition: { StringEquals: { "aws:SourceAccount": accountId } },
    },
    // SNS takes no sns:* in a topic's policy, so the one action that carries data is named.
    { ...denyPlainHttp("sns", topicArn), Action: ["sns:Publish"] },
  ];
}
