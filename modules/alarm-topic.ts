import { SnsTopic } from "@cdktf/provider-aws/lib/sns-topic";
import { SnsTopicPolicy } from "@cdktf/provider-aws/lib/sns-topic-policy";
import { SnsTopicSubscription } from "@cdktf/provider-aws/lib/sns-topic-subscription";
import type { Construct } from "constructs";
import { address, countWhen, interpolate, jsonencoded } from "./expressions";
import { denyPlainHttp, policyDocument } from "./policy-statements";

export interface AlarmTopicProps {
  readonly topicName: string;
  /** Terraform expression: topic of the operator's, or null for one of our own. */
  readonly existingTopicArn: string;
  /** Terraform expression: address to write to, or null. */
  readonly email: string;
  /** Account that the alarms belong to. */
  readonly accountId: string;
}

/**
 * The topic by which alarms reach a person: the operator's, or one of our own that CloudWatch may publish to.
 * @returns Terraform expression of its ARN
 */
export function createAlarmTopic(scope: Construct, props: AlarmTopicProps): string {
  const { existingTopicArn } = props;
  const topic = createTopic(scope, props);
  subscribe(scope, props, topic);
  return `${existingTopicArn} == null ? one(${address(topic)}[*].arn) : ${existingTopicArn}`;
}

function createTopic(scope: Construct, { topicName, existingTopicArn, accountId }: AlarmTopicProps): SnsTopic {
  // Not encrypted with alias/aws/sns: CloudWatch cannot publish to such a topic, and says so nowhere but in the alarm's history.
  const topic = new SnsTopic(scope, "topic", { name: topicName });
  const count = countWhen(`${existingTopicArn} == null`);
  topic.addOverride("count", count);
  const arn = interpolate(`${address(topic)}[0].arn`);
  const policy = new SnsTopicPolicy(scope, "topic-policy", { arn, policy: jsonencoded(scope, "publishers", policyDocument(publishPolicy(arn, accountId))) });
  policy.addOverride("count", count);
  return topic;
}

function subscribe(scope: Construct, { email, existingTopicArn }: AlarmTopicProps, topic: SnsTopic): void {
  const subscription = new SnsTopicSubscription(scope, "email", {
    topicArn: interpolate(`${address(topic)}[0].arn`),
    protocol: "email",
    endpoint: interpolate(email),
  });
  subscription.addOverride("count", countWhen(`${email} != null && ${existingTopicArn} == null`));
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
