import type { Statement } from "../access-findings";
import type { AuditedPlan, AuditedResource } from "../audited-plan";
import {
  attribute,
  isGiven,
  PASS,
  fail,
  of,
  unknown,
  when,
  type Judgement,
  type Rule,
  attributeRule,
  isAtLeast,
} from "../rule";
import { TOPIC_POLICY, attached, policyOf, statementsIn } from "../policy-documents";
import { Unknown } from "../plan-json";

const ALARMS = ["aws_cloudwatch_metric_alarm", "aws_cloudwatch_composite_alarm"];
const CLOUDWATCH = "Service: cloudwatch.amazonaws.com";

/** An alarm that is a part of others calls nobody itself. */
function isPartOfAnother(alarm: AuditedResource, plan: AuditedPlan): boolean {
  const name = String(alarm.get("alarm_name"));
  return plan
    .ofType("aws_cloudwatch_composite_alarm")
    .some((composite) => String(composite.get("alarm_rule")).includes(`"${name}"`));
}

const ALARM_CALLS_SOMEBODY: Rule = {
  id: "alarm-calls-somebody",
  title: "An alarm that rings calls somebody",
  asks: ["CKV_AWS_319", "CloudWatchAlarmAction"],
  severity: "warning",
  types: ALARMS,
  evaluate: (alarm, plan) => {
    if (isPartOfAnother(alarm, plan)) return [PASS];
    return [
      // An alarm on what a setting switches off, such as the heartbeat, is muted by the same setting.
      of(
        "actions_enabled",
        attribute(
          alarm,
          ["actions_enabled"],
          (enabled) => enabled !== false || alarm.isDecided("actions_enabled"),
          "true",
        ),
      ),
      of("alarm_actions", attribute(alarm, ["alarm_actions"], isGiven, "the ARN of a topic")),
    ];
  },
};

const ALARM_SAYS_WHAT_SILENCE_MEANS: Rule = {
  id: "alarm-says-what-silence-means",
  title: "What an alarm takes a time without data for is chosen",
  asks: [],
  severity: "info",
  types: ["aws_cloudwatch_metric_alarm"],
  // The provider writes "missing" where nothing is said.
  evaluate: (alarm) => [
    attribute(
      alarm,
      ["treat_missing_data"],
      (value) => isGiven(value) && (value !== "missing" || alarm.gives("treat_missing_data")),
      '"breaching", "notBreaching", "ignore" or "missing"',
    ),
  ],
};

/** Topics of the plan that an alarm rings at. */
function isRung(topic: AuditedResource, plan: AuditedPlan): boolean {
  return plan.ofType(...ALARMS).some((alarm) => {
    const actions = alarm.get("alarm_actions");
    return (Array.isArray(actions) ? (actions as unknown[]) : [actions]).some(
      (action) => plan.leadsTo(alarm, "alarm_actions", action, ["aws_sns_topic"]) === topic,
    );
  });
}

/** Judges a topic that alarms ring at; others are somebody else's. */
function ofAlarms(judge: (topic: AuditedResource, plan: AuditedPlan) => Judgement) {
  return (topic: AuditedResource, plan: AuditedPlan): readonly Judgement[] =>
    isRung(topic, plan) ? [judge(topic, plan)] : [];
}

/** An alarm that may not publish says so nowhere but in its own history. */
const TOPIC_TAKES_ALARMS: Rule = {
  id: "topic-takes-alarms",
  title: "CloudWatch may publish to the topic that alarms ring at, and use its key",
  asks: [],
  severity: "critical",
  types: ["aws_sns_topic"],
  evaluate: ofAlarms((topic, plan) => {
    const statements = policyOf(topic, plan, TOPIC_POLICY);
    if (statements instanceof Unknown) return unknown("The topic's policy is known only after the apply.");
    const publishes = statements.some((statement) => grants(statement, "sns:Publish"));
    return publishes
      ? keyTakesAlarms(topic, plan)
      : fail(
          "The topic's policy does not let cloudwatch.amazonaws.com sns:Publish, so no alarm arrives; allowed: a statement that does.",
        );
  }),
};

/**
 * AWS's own key of SNS takes no service, and its policy is nobody's to change (AWS re:Post, "Why didn't I receive an
 * SNS notification for my CloudWatch alarm trigger?").
 */
function keyTakesAlarms(topic: AuditedResource, plan: AuditedPlan): Judgement {
  const given = topic.get("kms_master_key_id");
  if (given === undefined) return PASS;
  if (given === "alias/aws/sns")
    return fail(
      'kms_master_key_id is "alias/aws/sns", which CloudWatch cannot use, so no alarm arrives; allowed: none, or a key whose policy lets cloudwatch.amazonaws.com kms:Decrypt and kms:GenerateDataKey*.',
    );
  const key = plan.target(topic, "kms_master_key_id", "aws_kms_key");
  if (typeof key === "string")
    return unknown(
      `kms_master_key_id is ${topic.shown("kms_master_key_id")}, a key that is not of this plan: whether its policy lets cloudwatch.amazonaws.com kms:Decrypt and kms:GenerateDataKey*, without which no alarm arrives, cannot be read.`,
    );
  const statements = statementsIn(key, "policy");
  if (statements instanceof Unknown) return unknown(`The policy of ${key.address} is known only after the apply.`);
  const may = (action: string) => statements.some((statement) => grants(statement, action));
  return when(
    may("kms:Decrypt") && (may("kms:GenerateDataKey*") || may("kms:GenerateDataKey")),
    `The policy of ${key.address} does not let cloudwatch.amazonaws.com kms:Decrypt and kms:GenerateDataKey*, so no alarm arrives; allowed: a statement that does.`,
  );
}

function grants({ effect, principals, actions }: Statement, action: string): boolean {
  const service = action.slice(0, action.indexOf(":"));
  return (
    effect === "Allow" &&
    principals.includes(CLOUDWATCH) &&
    actions.some((one) => one === action || one === `${service}:*`)
  );
}

/**
 * What a deployment for trying things out is called; any other, one without a name too, has callers who count on it.
 */
const TRIALS = ["ci", "demo", "dev", "sandbox", "test"];

/** Part of a topic in a deployment that nobody counts on; a suppression names it. */
const TRIAL = "in a trial environment";

const TOPIC_HAS_A_SUBSCRIBER: Rule = {
  id: "topic-has-a-subscriber",
  title: "Somebody has subscribed to the topic that alarms ring at",
  asks: [],
  severity: "warning",
  types: ["aws_sns_topic"],
  evaluate: ofAlarms((topic, plan) => {
    const { found, unclear } = attached(plan, topic, "aws_sns_topic_subscription", "topic_arn");
    if (found.length > 0) return PASS;
    if (unclear) return unknown("Nobody can tell which topic is subscribed to.");
    const judgement = fail(
      "No aws_sns_topic_subscription leads to the topic, so alarms call nobody; allowed: one, as alarm_email makes it.",
    );
    return TRIALS.includes(String(plan.variable("environment"))) ? of(TRIAL, judgement) : judgement;
  }),
};

const GROUP = "aws_cloudwatch_log_group";

const LOG_GROUP_HAS_AN_END = attributeRule({
  id: "log-group-has-an-end",
  title: "How long logs are kept is chosen",
  asks: ["CKV_AWS_66", "CloudWatchLogGroupRetentionPeriod"],
  severity: "warning",
  type: GROUP,
  path: ["retention_in_days"],
  // 0 is for ever.
  holds: (days) => isGiven(days) && days !== 0,
  allowed: "a number of days",
});

const LOG_GROUP_IS_KEPT_A_YEAR = attributeRule({
  id: "log-group-is-kept-a-year",
  title: "Logs are kept for a year",
  asks: ["CKV_AWS_338"],
  severity: "info",
  type: GROUP,
  path: ["retention_in_days"],
  holds: (days) => days === 0 || isAtLeast(365)(days),
  allowed: "from 365 on, or 0 for ever",
});

export const ALARM_RULES: readonly Rule[] = [
  ALARM_CALLS_SOMEBODY,
  ALARM_SAYS_WHAT_SILENCE_MEANS,
  TOPIC_TAKES_ALARMS,
  TOPIC_HAS_A_SUBSCRIBER,
  LOG_GROUP_HAS_AN_END,
  LOG_GROUP_IS_KEPT_A_YEAR,
];
