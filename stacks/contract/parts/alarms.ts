import { alarmSettings, topicIsHere } from "../settings/alarms";
import { deploymentSettings } from "../settings/deployment";
import { TWO_OF_THREE, TWO_OF_TWO, type Periods, type Severity } from "../kpis/kpi";
import { limitSetting, thresholdSettings } from "../settings/limits";
import { takeSetting, type Part } from "../settings/setting";
import { STAGE_NAME_PATTERN } from "./cached-api-stage";
import { FUNCTION_NAME_PATTERN } from "./live-alias";

/** An alarm on a function or an API that somebody else makes. */
export interface PartAlarm {
  /** Last part of its name and its construct id: a contract. */
  readonly name: string;
  readonly severity: Severity;
  readonly watches: "function" | "api";
  /** For a person; without its unit. */
  readonly title: string;
  readonly unit: "" | " ms";
  /** CloudWatch's name. */
  readonly metric: string;
  readonly statistic: "Average" | "Sum" | "p99";
  /** Setting that holds the threshold; above it the alarm rings. */
  readonly thresholdSetting: (typeof alarmsPart)["settings"][number]["name"];
  readonly periods: Periods;
  /** One sentence: what it means for callers. */
  readonly meaning: string;
  /** What a person does about it. */
  readonly whatToDo: string;
}

const NAMES = [
  "function-errors",
  "function-duration",
  "function-throttles",
  "api-5xx",
  "api-latency-warning",
  "api-latency-critical",
] as const;

/** Alarms, their thresholds, and whom they call. */
export const alarmsPart = {
  name: "alarms",
  settings: [
    takeSetting(deploymentSettings, "aws_region"),
    takeSetting(deploymentSettings, "tags"),
    {
      name: "name",
      type: "string",
      description: "First part of the alarms' and the topic's names.",
      required: true,
      pattern: { expression: "^[A-Za-z0-9_-]{1,64}$", meaning: "1 to 64 letters, digits, hyphens and underscores" },
      effect: "identity",
    },
    {
      name: "function_name",
      type: "string",
      description: "Name of the Lambda function to watch; null = none. It must be known when planning.",
      value: null,
      pattern: FUNCTION_NAME_PATTERN,
      effect: "in place",
      rules: [
        {
          condition: "var.function_name != null || var.rest_api_name != null",
          message: "allowed without rest_api_name: a function's name, else nothing is watched; set one of the two",
        },
      ],
    },
    {
      name: "rest_api_name",
      type: "string",
      description:
        "Name of the REST API to watch, by which CloudWatch keys its metrics: not its identifier; null = none. " +
        "It must be known when planning.",
      value: null,
      // CloudWatch takes nothing else in a dimension.
      pattern: { expression: "^[ -~]{1,255}$", meaning: "1 to 255 printable ASCII characters" },
      effect: "in place",
    },
    {
      name: "stage_name",
      type: "string",
      description: "With rest_api_name: the stage.",
      value: "live",
      pattern: STAGE_NAME_PATTERN,
      effect: "in place",
    },
    {
      name: "own_topic_enabled",
      type: "bool",
      description: "Makes an SNS topic for the alarms; false = they go to alarm_topic_arn.",
      value: true,
      effect: "in place",
      // The one rule for both: two variables whose rules read each other are a cycle.
      rules: [
        {
          condition: "var.own_topic_enabled == (var.alarm_topic_arn == null)",
          message: "allowed: true without alarm_topic_arn, or false with it, which the alarms then go to",
        },
      ],
    },
    {
      ...takeSetting(alarmSettings, "alarm_email"),
      description: "With own_topic_enabled: address that the alarms write to; AWS asks it to confirm. null = nobody.",
      rules: [
        {
          condition: "var.alarm_email == null || var.own_topic_enabled",
          message: "allowed only with own_topic_enabled; subscribe the address to your topic yourself",
        },
      ],
    },
    {
      ...takeSetting(alarmSettings, "alarm_topic_arn"),
      description: "With own_topic_enabled = false: SNS topic of yours that the alarms go to.",
      rules: [topicIsHere],
    },
    {
      name: "alarms_enabled",
      type: "structured",
      terraformType: "map(bool)",
      description: "Turns single alarms off (false), by name, without the first part.",
      value: {},
      effect: "in place",
      rules: [
        {
          condition: `alltrue([for name in keys(var.alarms_enabled) : contains(${JSON.stringify(NAMES)}, name)])`,
          message: `allowed names: ${NAMES.join(", ")}`,
        },
        {
          condition: "alltrue([for enabled in values(var.alarms_enabled) : enabled != null])",
          message: "allowed: true or false for each name; leave a name out to keep its alarm",
        },
      ],
    },
    limitSetting(
      "alarm_errors_threshold",
      { unit: "errors", value: 5, maximum: 1_000_000 },
      "Critical when the function's Errors are more than this in two periods of 5 minutes.",
    ),
    limitSetting(
      "alarm_duration_threshold",
      { unit: "ms", value: 600_000, maximum: 900_000 },
      "Critical when the function's average Duration is above it in two periods of 5 minutes; set it to what " +
        "your function takes.",
    ),
    limitSetting(
      "alarm_throttles_threshold",
      { unit: "invocations", value: 0, maximum: 1_000_000 },
      "Warning when Lambda turns more invocations away in a period.",
    ),
    takeSetting(alarmSettings, "alarm_5xx_threshold"),
    takeSetting(thresholdSettings, "alarm_api_latency_warning"),
    takeSetting(thresholdSettings, "alarm_api_latency_critical"),
  ],
  outputs: {
    alarm_arns: "ARNs of the alarms.",
    alarm_names: "Names of the alarms.",
    alarm_topic_arn: "ARN of the topic that the alarms go to.",
  },
} as const satisfies Part;

const SLOW_API =
  "Compare Latency with IntegrationLatency: where the second is as long, the integration is slow; else the " +
  "gateway waits.";

/** What the module watches. */
export const PART_ALARMS: readonly PartAlarm[] = [
  {
    name: "function-errors",
    severity: "critical",
    watches: "function",
    title: "Errors of the function",
    unit: "",
    metric: "Errors",
    statistic: "Sum",
    thresholdSetting: "alarm_errors_threshold",
    periods: TWO_OF_TWO,
    meaning: "The function fails or times out.",
    whatToDo:
      "Look into the function's log of that time. If it began with a version, pin the one before (live_version " +
      "of the module live-alias).",
  },
  {
    name: "function-duration",
    severity: "critical",
    watches: "function",
    title: "Duration of the function, mean",
    unit: " ms",
    metric: "Duration",
    statistic: "Average",
    thresholdSetting: "alarm_duration_threshold",
    periods: TWO_OF_TWO,
    meaning: "The function takes long, and comes near its time-out.",
    whatToDo: "Look for what it waits for: a slow dependency, retries, too little memory and so too little CPU.",
  },
  {
    name: "function-throttles",
    severity: "warning",
    watches: "function",
    title: "Throttled invocations",
    unit: "",
    metric: "Throttles",
    statistic: "Sum",
    thresholdSetting: "alarm_throttles_threshold",
    periods: TWO_OF_THREE,
    meaning: "Lambda turns invocations away: callers get errors, or events wait.",
    whatToDo: "Raise the function's reserved concurrency, or the account's quota where that is used up.",
  },
  {
    name: "api-5xx",
    severity: "critical",
    watches: "api",
    title: "Server errors of the API",
    unit: "",
    metric: "5XXError",
    statistic: "Sum",
    thresholdSetting: "alarm_5xx_threshold",
    periods: TWO_OF_TWO,
    meaning: "Callers get server errors from the API.",
    whatToDo:
      "Group the access log by status and error: 502 is an answer that the gateway cannot read, 503 and 504 an " +
      "integration that is gone or too slow.",
  },
  {
    name: "api-latency-warning",
    severity: "warning",
    watches: "api",
    title: "Latency of the API, P99",
    unit: " ms",
    metric: "Latency",
    statistic: "p99",
    thresholdSetting: "alarm_api_latency_warning",
    periods: TWO_OF_THREE,
    meaning: "One call in a hundred waits long for the API.",
    whatToDo: SLOW_API,
  },
  {
    name: "api-latency-critical",
    severity: "critical",
    watches: "api",
    title: "Latency of the API, P99",
    unit: " ms",
    metric: "Latency",
    statistic: "p99",
    thresholdSetting: "alarm_api_latency_critical",
    periods: TWO_OF_THREE,
    meaning: "One call in a hundred waits very long for the API.",
    whatToDo: SLOW_API,
  },
];
