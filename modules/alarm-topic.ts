import { SnsTopic } from "@cdktf/provider-aws/lib/sns-topic";
import { SnsTopicPolicy } from "@cdktf/provider-aws/lib/sns-topic-policy";
import { SnsTopicSubscription } from "@cdktf/provider-aws/lib/sns-topic-subscription";
import type { Construct } from "constructs";
import { address, countWhen, createLocal, expression, interpolate, type Expression } from "./expressions";
import { denyPlainHttp, policyDocument, type PolicyStatement } from "./policy-statements";

export interface AlarmTopicProps {
  readonly topicName: string;
  /** ARN of the operator's topic, or null for one of our own. */
  readonly existingTopicArn: Expression;
  /**
   * Whether there is a topic of our own. It must be known when planning; the ARN of a topic that is made beside it is
   * not. Default: while `existingTopicArn` is null.
   */
  readonly own?: Expression;
  /** Address to write to, or null. */
  readonly email: Expression;
  /** Whether there is an address; known when planning. Default: while `email` is not null. */
  readonly emailGiven?: Expression;
  /** ARN of the key that encrypts what is published on a topic of our own, or null. Default: none. */
  readonly kmsKeyArn?: Expression;
  /** Account that the alarms belong to. */
  readonly accountId: string;
  /** Budgets that publish to the topic, too. Default: none. */
  readonly budgets?: BudgetPublisher | undefined;
}

/** AWS Budgets, as a publisher. */
export interface BudgetPublisher {
  /** Whether there is a budget. */
  readonly enabled: Expression;
  /** Terraform template: `arn:…:budgets::<account>:*`. */
  readonly arns: string;
}

/**
 * Creates the topic by which alarms reach a person, unless the operator has one.
 * @returns the topic's ARN
 */
export function createAlarmTopic(scope: Construct, props: AlarmTopicProps): Expression {
  const { existingTopicArn, email, kmsKeyArn } = props;
  const { own = expression`${existingTopicArn} == null`, emailGiven = expression`${email} != null` } = props;
  // Not encrypted with alias/aws/sns: CloudWatch cannot publish to such a topic, and only the alarm's history says so.
  const topic = new SnsTopic(scope, "topic", {
    name: props.topicName,
    ...(kmsKeyArn !== undefined && { kmsMasterKeyId: interpolate(kmsKeyArn) }),
  });
  const arn = interpolate(expression`${address(topic)}[0].arn`);
  // Terraform evaluates the locals of the policy even where there is no topic.
  const arnOrNull = expression`one(${address(topic)}[*].arn)`;
  const policy = new SnsTopicPolicy(scope, "topic-policy", {
    arn,
    policy: interpolate(publishingPolicy(scope, interpolate(arnOrNull), props)),
  });
  const subscription = new SnsTopicSubscription(scope, "email", {
    topicArn: arn,
    protocol: "email",
    endpoint: interpolate(email),
  });
  topic.addOverride("count", countWhen(own));
  policy.addOverride("count", countWhen(own));
  subscription.addOverride("count", countWhen(expression`${emailGiven} && ${own}`));
  return expression`${own} ? ${arnOrNull} : ${existingTopicArn}`;
}

/**
 * The topic's policy as JSON: CloudWatch may publish, and AWS Budgets where there is a budget (AWS Cost Management user
 * guide, "Creating an Amazon SNS topic for budget notifications").
 */
function publishingPolicy(scope: Construct, topicArn: string, { accountId, budgets }: AlarmTopicProps): Expression {
  const allowPublisher = (sid: string, service: string, condition = {}): PolicyStatement => ({
    Sid: sid,
    Effect: "Allow",
    Principal: { Service: service },
    Action: ["sns:Publish"],
    Resource: topicArn,
    Condition: { StringEquals: { "aws:SourceAccount": accountId }, ...condition },
  });
  const publishers = createLocal(
    scope,
    "publishers",
    policyDocument([
      allowPublisher("CloudWatchPublishes", "cloudwatch.amazonaws.com"),
      // SNS takes no sns:* in a topic's policy, so the one action that carries data is named.
      { ...denyPlainHttp("sns", topicArn), Action: ["sns:Publish"] },
    ]),
  );
  if (budgets === undefined) return expression`jsonencode(${publishers})`;
  const budgetPublisher = createLocal(
    scope,
    "budget_publisher",
    allowPublisher("BudgetsPublishes", "budgets.amazonaws.com", { ArnLike: { "aws:SourceArn": budgets.arns } }),
  );
  const ifBudget = expression`[for publisher in [${budgetPublisher}] : publisher if ${budgets.enabled}]`;
  const statements = expression`concat(${publishers}.Statement, ${ifBudget})`;
  return expression`jsonencode(merge(${publishers}, { Statement = ${statements} }))`;
}
