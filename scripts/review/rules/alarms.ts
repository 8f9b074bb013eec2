import type { AuditedPlan, AuditedResource } from "../audited-plan";
import { Unknown } from "../plan-json";
import { findPolicy, readStatements, type Statement, toList } from "../policy-documents";
import {
  attributeRule,
  type Evaluate,
  fail,
  isGiven,
  judgeAttribute,
  type Judgement,
  namePart,
  NOT_APPLICABLE,
  PASS,
  passIf,
  type Rule,
  unknown,
  unknownUntilApply,
} from "../rule";

const METRIC_ALARM = "aws_cloudwatch_metric_alarm";
const COMPOSITE_ALARM = "aws_cloudwatch_composite_alarm";
const LOG_GROUP = "aws_cloudwatch_log_group";

const judgeActions: Evaluate = (alarm, plan) => {
  if (isPartOfAnother(alarm, plan)) return PASS;
  return [
    // An alarm on what a setting switches off, such as the heartbeat, is muted by the same setting.
    namePart(
      "actions_enabled",
      judgeAttribute(alarm, ["actions_enabled"], {
        holds: (enabled) => enabled !== false || alarm.isComputed("actions_enabled"),
        allowed: "true",
      }),
    ),
    namePart("alarm_actions", judgeAttribute(alarm, ["alarm_actions"], isGiven("the ARN of a topic"))),
  ];
};

/** An alarm that is part of a composite one needs no action of its own. */
function isPartOfAnother(alarm: AuditedResource, plan: AuditedPlan): boolean {
  const name = `"${String(alarm.get("alarm_name"))}"`;
  return plan.ofType(COMPOSITE_ALARM).some((composite) => String(composite.get("alarm_rule")).includes(name));
}

/** Judges the topics that alarms of the plan publish to; others belong to somebody else. */
const judgeAlarmTopic =
  (judge: (topic: AuditedResource, plan: AuditedPlan) => Judgement): Evaluate =>
  (topic, plan) => {
    const attribute = "alarm_actions";
    const isUsed = plan
      .ofType(METRIC_ALARM, COMPOSITE_ALARM)
      .some((alarm) =>
        toList(alarm.get(attribute)).some(
          (action) => plan.findTargetOfValue(action, { from: alarm, attribute, types: [topic.type] }) === topic,
        ),
      );
    return isUsed ? judge(topic, plan) : NOT_APPLICABLE;
  };

function allowsAlarms({ effect, principals, actions }: Statement, action: string): boolean {
  const everyAction = `${action.slice(0, action.indexOf(":"))}:*`;
  return (
    effect === "Allow" &&
    principals.includes("Service: cloudwatch.amazonaws.com") &&
    (actions.includes(action) || actions.includes(everyAction))
  );
}

/** Only an alarm's own history says that it could not publish. */
function judgePublishing(topic: AuditedResource, plan: AuditedPlan): Judgement {
  const statements = findPolicy(topic, plan);
  if (statements instanceof Unknown) return unknownUntilApply("The topic's policy");
  return statements.some((statement) => allowsAlarms(statement, "sns:Publish"))
    ? judgeTopicKey(topic, plan)
    : fail(
        "The topic's policy does not let cloudwatch.amazonaws.com sns:Publish, so no alarm arrives; " +
          "allowed: a statement that does.",
      );
}

/**
 * AWS's own key of SNS lets in no service, and its policy cannot be changed (AWS re:Post, "Why didn't I receive an SNS
 * notification for my CloudWatch alarm trigger?").
 */
function judgeTopicKey(topic: AuditedResource, plan: AuditedPlan): Judgement {
  const given = topic.get("kms_master_key_id");
  if (given === undefined) return PASS;
  if (given === "alias/aws/sns")
    return fail(
      'kms_master_key_id is "alias/aws/sns", which CloudWatch cannot use, so no alarm arrives; allowed: none, ' +
        "or a key whose policy lets cloudwatch.amazonaws.com kms:Decrypt and kms:GenerateDataKey*.",
    );
  const key = plan.findTarget(topic, "kms_master_key_id", "aws_kms_key");
  if (typeof key === "string")
    return unknown(
      `kms_master_key_id is ${topic.describe("kms_master_key_id")}, a key that is not of this plan. No alarm arrives ` +
        "unless its policy lets cloudwatch.amazonaws.com kms:Decrypt and kms:GenerateDataKey*.",
    );
  const statements = readStatements(key, "policy");
  if (statements instanceof Unknown) return unknownUntilApply(`The policy of ${key.address}`);
  const allows = (action: string) => statements.some((statement) => allowsAlarms(statement, action));
  return passIf(
    allows("kms:Decrypt") && (allows("kms:GenerateDataKey*") || allows("kms:GenerateDataKey")),
    `The policy of ${key.address} does not let cloudwatch.amazonaws.com kms:Decrypt and kms:GenerateDataKey*, ` +
      "so no alarm arrives; allowed: a statement that does.",
  );
}

/** Environments for trials. Callers rely on any other, also on one without a name. */
const TRIALS = ["ci", "demo", "dev", "sandbox", "test"];

function judgeSubscription(topic: AuditedResource, plan: AuditedPlan): Judgement {
  const { found, isUnclear } = plan.findCompanions(topic, "aws_sns_topic_subscription", "topic_arn");
  if (found.length > 0) return PASS;
  if (isUnclear) return unknown("Which topic is subscribed to is known only after the apply.");
  const judgement = fail(
    "No aws_sns_topic_subscription leads to the topic, so alarms notify nobody; allowed: one, as alarm_email makes it.",
  );
  // A suppression names this part.
  const isTrial = TRIALS.includes(String(plan.readVariable("environment")));
  return isTrial ? namePart("in a trial environment", judgement) : judgement;
}

export const ALARM_RULES: readonly Rule[] = [
  {
    id: "alarm-calls-somebody",
    title: "An alarm that rings notifies somebody",
    asks: ["CKV_AWS_319", "CloudWatchAlarmAction"],
    severity: "warning",
    types: [METRIC_ALARM, COMPOSITE_ALARM],
    evaluate: judgeActions,
  },
  {
    id: "alarm-says-what-silence-means",
    title: "How an alarm treats missing data is chosen",
    severity: "info",
    types: [METRIC_ALARM],
    evaluate: (alarm) =>
      judgeAttribute(alarm, ["treat_missing_data"], {
        // The provider writes "missing" where nothing is given.
        holds: (value) => value !== undefined && (value !== "missing" || alarm.isConfigured("treat_missing_data")),
        allowed: '"breaching", "notBreaching", "ignore" or "missing"',
      }),
  },
  {
    id: "topic-takes-alarms",
    title: "CloudWatch may publish to the alarms' topic, and use its key",
    severity: "critical",
    types: ["aws_sns_topic"],
    evaluate: judgeAlarmTopic(judgePublishing),
  },
  {
    id: "topic-has-a-subscriber",
    title: "Somebody has subscribed to the alarms' topic",
    severity: "warning",
    types: ["aws_sns_topic"],
    evaluate: judgeAlarmTopic(judgeSubscription),
  },
  attributeRule({
    id: "log-group-has-an-end",
    title: "The log group's retention is chosen",
    asks: ["CKV_AWS_66", "CloudWatchLogGroupRetentionPeriod"],
    severity: "warning",
    types: [LOG_GROUP],
    path: ["retention_in_days"],
    // 0 is for ever.
    demand: { holds: (days) => days !== undefined && days !== 0, allowed: "a number of days" },
  }),
  attributeRule({
    id: "log-group-is-kept-a-year",
    title: "Logs are kept for a year",
    asks: ["CKV_AWS_338"],
    severity: "info",
    types: [LOG_GROUP],
    path: ["retention_in_days"],
    demand: { holds: (days) => days === 0 || Number(days) >= 365, allowed: "from 365 on, or 0 for ever" },
  }),
];
