import { inRegion } from "./deployment";
import { ALARM_NAMES } from "../kpis";
import { numberBetween, type Rule, type Setting } from "./setting";

const TOPIC_ARN = "^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+$";
const SEVERITIES = ["info", "warning", "critical"];

/** Rule: at the apply CloudWatch refuses an alarm with a topic of another region. */
export const topicIsHere: Rule = {
  condition: `var.alarm_topic_arn == null ? true : ${inRegion("var.alarm_topic_arn")}`,
  message: "allowed: a topic of aws_region, ${var.aws_region}; make one there",
};

/** The alarms: whom they call, and which ones exist. */
export const alarmSettings = [
  {
    name: "alarm_duration_threshold",
    ...numberBetween(1, 900_000, "ms"),
    description: "Alarm when the worker's average Duration is above it in two periods of 5 minutes.",
    value: 600_000,
    effect: "in place",
  },
  {
    name: "alarm_errors_threshold",
    ...numberBetween(0, 1_000_000, "errors"),
    description: "Alarm when the worker's Errors are more than this in two periods of 5 minutes.",
    value: 5,
    effect: "in place",
  },
  {
    name: "alarm_5xx_threshold",
    ...numberBetween(0, 1_000_000, "answers"),
    description: "Alarm when the API's 5XXError count is more than this in two periods of 5 minutes.",
    value: 10,
    effect: "in place",
  },
  {
    name: "alarm_email",
    type: "string",
    description: "Address that the alarms write to; AWS asks it to confirm. null = nobody.",
    value: null,
    pattern: { expression: "^[^@\\\\s]+@[^@\\\\s]+\\\\.[^@\\\\s]+$", meaning: "an e-mail address" },
    effect: "in place",
  },
  {
    name: "alarm_topic_arn",
    type: "string",
    description: "SNS topic of yours that the alarms go to; null = a topic of this deployment's own.",
    value: null,
    pattern: { expression: TOPIC_ARN, meaning: "arn:aws:sns:<region>:<account>:<topic>" },
    effect: "in place",
    rules: [
      {
        condition: "var.alarm_topic_arn == null || var.alarm_email == null",
        message: "allowed: this or alarm_email, not both; subscribe the address to your topic yourself",
      },
      topicIsHere,
    ],
  },
  {
    name: "alarm_topic_arns",
    type: "structured",
    terraformType: "map(string)",
    description:
      "SNS topics of yours by severity (info, warning, critical); a severity without one goes to alarm_topic_arn " +
      "or alarm_email.",
    value: {},
    effect: "in place",
    rules: [
      {
        condition:
          `alltrue([for severity in keys(var.alarm_topic_arns) : contains(${JSON.stringify(SEVERITIES)}, ` +
          "severity)])",
        message: `allowed severities: ${SEVERITIES.join(", ")}`,
      },
      {
        condition: `alltrue([for arn in values(var.alarm_topic_arns) : can(regex("${TOPIC_ARN}", arn))])`,
        message: "allowed: arn:aws:sns:<region>:<account>:<topic> for each severity",
      },
      {
        condition: `alltrue([for arn in values(var.alarm_topic_arns) : ${inRegion("arn")}])`,
        message: "allowed: topics of aws_region, ${var.aws_region}; make them there",
      },
    ],
  },
  {
    name: "runbook_url",
    type: "string",
    description:
      "URL of RUNBOOK.md where your people read it, such as your repository's copy: the description of every " +
      "alarm ends with it and the anchor of the section that says what to do. null = the section's name alone.",
    value: null,
    // CloudWatch takes 1,024 characters of description.
    pattern: {
      expression: "^https?://[^\\\\s#]{1,248}$",
      meaning: "the http or https URL of a page, of up to 256 characters, without #",
    },
    effect: "in place",
  },
  {
    name: "alarms_enabled",
    type: "structured",
    terraformType: "map(bool)",
    description:
      "Turns single alarms on (true) or off (false), whatever alarm_set says; by name, without the deployment's. " +
      "One whose feature is off stays away.",
    value: {},
    effect: "in place",
    rules: [
      {
        condition: `alltrue([for name in keys(var.alarms_enabled) : contains(${JSON.stringify(ALARM_NAMES)}, name)])`,
        message: `allowed names: ${ALARM_NAMES.join(", ")}`,
      },
      {
        condition: "alltrue([for enabled in values(var.alarms_enabled) : enabled != null])",
        message: "allowed: true or false for each name; leave a name out to have alarm_set decide",
      },
    ],
  },
  {
    name: "alarm_burn_rates",
    type: "bool",
    description:
      "Alarms on how fast the error budget (kpi_error_rate) is spent: two windows each, in one composite alarm; " +
      "as long as alarm_set is not none.",
    value: true,
    effect: "in place",
  },
  {
    name: "monthly_budget_usd",
    ...numberBetween(1, 1_000_000_000, "USD a month"),
    fractional: true,
    description:
      "Tells alarm_topic_arn or alarm_email when the month's costs with the tag quickturn:name reach 80 and 100 " +
      "% of it, and when 100 % is expected; those of all environments of this name in the account. It stops " +
      "nothing, tells hours late, needs the tag activated for cost allocation, and model tokens carry no tag " +
      '(RUNBOOK.md, "Cost").',
    value: null,
    effect: "in place",
  },
] as const satisfies readonly Setting[];
