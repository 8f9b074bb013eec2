import { attributeRule, isAtLeast, isGiven } from "../attribute-rule";

const GROUP = "aws_cloudwatch_log_group";

export const LOG_GROUP_HAS_AN_END = attributeRule({
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

export const LOG_GROUP_IS_KEPT_A_YEAR = attributeRule({
  id: "log-group-is-kept-a-year",
  title: "Logs are kept for a year",
  asks: ["CKV_AWS_338"],
  severity: "info",
  type: GROUP,
  path: ["retention_in_days"],
  holds: (days) => days === 0 || isAtLeast(365)(days),
  allowed: "from 365 on, or 0 for ever",
});
