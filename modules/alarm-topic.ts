import { SnsTopic } from "@cdktf/provider-aws/lib/sns-topic";
import { SnsTopicPolicy } from "@cdktf/provider-aws/lib/sns-topic-policy";
import { SnsTopicSubscription } from "@cdktf/provider-aws/lib/sns-topic-subscription";
import type { Construct } from "constructs";
import { address, countWhen, encodedLocal, interpolate, jsonencoded } from "./expressions";
import { denyPlainHttp, policyDocument } from "./policy-statements";

export interface AlarmTopicProps {
  readonly topicName: string;
  /** Terraform expression: topic of the operator's, or null for one of our own. */
  readonly existingTopicArn: string;
  /**
   * Terraform expression: whether there is one of our own; known when planning, as the ARN of a topic that is made
   * beside it is not. Default: while `existingTopicArn` is null.
   */
  readonly own?: string;
  /** Terraform expression: address to write to, or null. */
  readonly email: string;
  /** Terraform expression: whether there is an address; known when planning. Default: while `email` is not null. */
  readonly emailGiven?: string;
  /**
   * Terraform expression: ARN of the key that encrypts what is published on a topic of our own, or null. Default: none.
   */
  readonly kmsKeyArn?: string;
  /** Account that the alarms belong to. */
  readonly accountId: string;
  /** Budgets that tell the topic, too. Default: none. */
  readonly budgets?: BudgetPublisher | undefined;
}

/** AWS Budgets, as a publisher. */
export interface BudgetPublisher {
  /** Terraform expression: whether there is a budget. */
  readonly when: string;
  /** Terraform template: `arn:…:budgets::<account>:*`. */
  readonly arns: string;
}

/**
 * The topic by which alarms reach a person: the operator's, or one of our own that CloudWatch may publish to.
 * @returns Terraform expression of its ARN
 */
export function createAlarmTopic(scope: Construct, props: AlarmTopicProps): string {
  const { existingTopicArn, own = `${existingTopicArn} == null` } = props;
  const topic = createTopic(scope, props, own);
  subscribe(scope, props, topic, own);
  return `${own} ? one(${address(topic)}[*].arn) : ${existingTopicArn}`;
}

function createTopic(
  scope: Construct,
  { topicName, accountId, budgets, kmsKeyArn }: AlarmTopicProps,
  own: string,
): SnsTopic {
  // Not encrypted with alias/aws/sns: CloudWatch cannot publish to such a topic, and says so nowhere but in the alarm's
  // history.
  const topic = new SnsTopic(scope, "topic", {
    name: topicName,
    ...(kmsKeyArn !== undefined && { kmsMasterKeyId: interpolate(kmsKeyArn) }),
  });
  const count = countWhen(own);
  topic.addOverride("count", count);
  const arn = interpolate(`${address(topic)}[0].arn`);
  // The document is a local, which terraform evaluates even where there is no topic and no policy.
  const arnOrNone = interpolate(`one(${address(topic)}[*].arn)`);
  const publishers = jsonencoded(scope, "publishers", policyDocument(publishPolicy(arnOrNone, accountId)));
  const policy = new SnsTopicPolicy(scope, "topic-policy", {
    arn,
    policy: budgets === undefined ? publishers : withBudgets(scope, publishers, budgets, arnOrNone, accountId),
  });
  policy.addOverride("count", count);
  return topic;
}

function subscribe(
  scope: Construct,
  { email, emailGiven = `${email} != null` }: AlarmTopicProps,
  topic: SnsTopic,
  own: string,
): void {
  const subscription = new SnsTopicSubscription(scope, "email", {
    topicArn: interpolate(`${address(topic)}[0].arn`),
    protocol: "email",
    endpoint: interpolate(email),
  });
  subscription.addOverride("count", countWhen(`${emailGiven} && ${own}`));
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

/**
 * AWS Budgets among the publishers, where there is a budget (AWS Cost Management user guide, "Creating an Amazon SNS
 * topic for budget notifications").
 */
function withBudgets(
  scope: Construct,
  publishers: string,
  { when, arns }: BudgetPublisher,
  topicArn: string,
  accountId: string,
): string {
  const statement = {
    Sid: "BudgetsPublishes",
    Effect: "Allow",
    Principal: { Service: "budgets.amazonaws.com" },
    Action: ["sns:Publish"],
    Resource: topicArn,
    Condition: { StringEquals: { "aws:SourceAccount": accountId }, ArnLike: { "aws:SourceArn": arns } },
  };
  const [all, budgets] = [publishers, jsonencoded(scope, "budget_publisher", statement)].map(encodedLocal) as [
    string,
    string,
  ];
  return interpolate(
    `jsonencode(merge(${all}, { Statement = concat(${all}.Statement, [for publisher in [${budgets}] : publisher if ${when}]) }))`,
  );
}
