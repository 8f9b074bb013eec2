import { PART_ALARMS, alarmsPart } from "../../../stacks/contract/parts";
import { joinLines, type PartPages } from "../module-readme";
import { describeRinging, table } from "../tables";
import { formatRefusal, formatRun } from "../module-tests";

const SUMMARY = joinLines(`Alarms on a Lambda function of yours, on a REST API of yours, or on both: errors,
duration, throttles, server errors and latency, each with a threshold that is a variable. They go to an SNS
topic of the module's own or of yours.
`);

const ALARMS = table(
  ["alarm", "severity", "rings when", "setting", "what to do"],
  PART_ALARMS.map(({ name, severity, title, periods, thresholdSetting, whatToDo }) => [
    `\`${name}\``,
    severity,
    describeRinging(title, "above the setting", periods),
    `\`${thresholdSetting}\``,
    whatToDo,
  ]),
);

const NOTES = joinLines(`**Whom they call.** \`alarm_email\` subscribes an address to the module's own topic.
For a topic of yours set \`own_topic_enabled = false\` and \`alarm_topic_arn\`; its policy must let
\`cloudwatch.amazonaws.com\` publish, and it must not be encrypted with \`alias/aws/sns\`, which CloudWatch cannot use.

**Severity** stands in the tag \`quickturn:severity\` of each alarm, for a paging service.

**Silence is no alarm.** A period without calls has no data, and that counts as good.

**Names at plan time.** \`function_name\` and \`rest_api_name\` decide which alarms there are, so terraform
must know them when it plans: those of resources beside the call are, random ones are not.
`);

const EXAMPLE = `provider "aws" {
  region = "us-east-1"
}

module "alarms" {
  source = "../.."

  name          = "support"
  function_name = "support-agent"
  rest_api_name = "support-api"
  stage_name    = "live"
  alarm_email   = "on.call@example.org"

  alarm_duration_threshold = 120000
}

output "alarm_names" {
  description = "Names of the alarms."
  value       = module.alarms.alarm_names
}
`;

const GIVEN = `mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_region" {
    defaults = { id = "us-east-1" }
  }
}

variables {
  name          = "support"
  function_name = "support-agent"
  rest_api_name = "support-api"
  alarm_email   = "on.call@example.org"
}
`;

const TOPIC = "arn:aws:sns:us-east-1:123456789012:pages";
const addressAlarm = (name: string) => `aws_cloudwatch_metric_alarm.alarm_${name.replaceAll("-", "_")}`;
const OTHER_TOPIC = TOPIC.replace("us-east-1", "eu-west-1");
const ERRORS = `${addressAlarm("function-errors")}[0]`;

/** Asserts that the alarms on these resources exist, and the others do not. */
const expectAlarmsOf = (watched: readonly string[]) =>
  Object.fromEntries(
    PART_ALARMS.map(({ name, watches }) => {
      const isExpected = watched.includes(watches);
      return [
        `${name} ${isExpected ? "does not exist" : "exists"}.`,
        `length(${addressAlarm(name)}) == ${Number(isExpected)}`,
      ];
    }),
  );

/** README, example and tests of the module \`alarms\`. */
export const alarmsPages: PartPages = {
  part: alarmsPart,
  summary: SUMMARY,
  notes: `${ALARMS}\n\n${NOTES}`,
  example: EXAMPLE,
  given: GIVEN,
  runs: [
    formatRun("function_and_api", {
      asserts: {
        ...expectAlarmsOf(["function", "api"]),
        "The alarm is not named after name.": `${ERRORS}.alarm_name == "support-function-errors"`,
        "Another function is watched.": `${ERRORS}.dimensions["FunctionName"] == "support-agent"`,
        "Another API or stage is watched.":
          `${addressAlarm("api-5xx")}[0].dimensions["ApiName"] == "support-api" && ` +
          `${addressAlarm("api-5xx")}[0].dimensions["Stage"] == "live"`,
        "The alarms reach nobody.":
          "length(aws_sns_topic.alarm_topic) == 1 && length(aws_sns_topic_subscription.alarm_email) == 1",
      },
    }),
    formatRun("the_function_alone", { variables: { rest_api_name: null }, asserts: expectAlarmsOf(["function"]) }),
    formatRun("the_api_alone", { variables: { function_name: null }, asserts: expectAlarmsOf(["api"]) }),
    formatRun("thresholds_are_variables", {
      variables: { alarm_5xx_threshold: 1, alarm_api_latency_critical: 2500, alarm_duration_threshold: 1000.5 },
      asserts: {
        "The API's alarms have other thresholds.":
          `${addressAlarm("api-5xx")}[0].threshold == 1 && ` +
          `${addressAlarm("api-latency-critical")}[0].threshold == 2500`,
        "The function's alarm has another threshold.": `${addressAlarm("function-duration")}[0].threshold == 1000.5`,
      },
    }),
    formatRun("one_is_off", {
      variables: { alarms_enabled: { "function-duration": false } },
      asserts: {
        "It is still there.": `length(${addressAlarm("function-duration")}) == 0`,
        "Another one is off.": `length(${addressAlarm("function-errors")}) == 1`,
      },
    }),
    formatRun("a_topic_of_yours", {
      variables: { alarm_email: null, alarm_topic_arn: TOPIC, own_topic_enabled: false },
      asserts: {
        "The module makes a topic of its own.": "length(aws_sns_topic.alarm_topic) == 0",
        "The alarm goes to another topic.": `one(${ERRORS}.alarm_actions) == "${TOPIC}"`,
      },
    }),
  ],
  refusals: [
    formatRefusal("nothing_to_watch", { function_name: null, rest_api_name: null }, "var.function_name"),
    formatRefusal("no_topic_at_all", { alarm_email: null, own_topic_enabled: false }, "var.own_topic_enabled"),
    formatRefusal("two_topics", { alarm_topic_arn: TOPIC }, "var.own_topic_enabled"),
    formatRefusal(
      "a_topic_of_another_region",
      { alarm_email: null, alarm_topic_arn: OTHER_TOPIC, own_topic_enabled: false },
      "var.alarm_topic_arn",
    ),
    formatRefusal(
      "an_address_for_a_topic_of_yours",
      { alarm_topic_arn: TOPIC, own_topic_enabled: false },
      "var.alarm_email",
    ),
    formatRefusal("tags_that_belong_to_aws", { tags: { "aws:owner": "me" } }, "var.tags"),
    formatRefusal("an_alarm_that_is_none", { alarms_enabled: { "worker-errors": false } }, "var.alarms_enabled"),
    formatRefusal(
      "a_warning_above_the_critical_alarm",
      { alarm_api_latency_warning: 5000 },
      "var.alarm_api_latency_warning",
    ),
    formatRefusal("nobody_to_call", { alarm_email: null }, "check.alarms_reach_a_person"),
  ],
};
