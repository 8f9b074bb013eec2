import type { Rule, Setting } from "./setting";

/** Where an alarm rings. */
const threshold = <Name extends string>(
  name: Name,
  unit: string,
  value: number,
  maximum: number,
  description: string,
  rules: readonly Rule[] = [],
) =>
  ({
    name,
    type: "number",
    unit,
    value,
    minimum: 0,
    maximum,
    fractional: true,
    effect: "in place",
    description,
    rules,
  }) as const;

/** A warning that comes after the critical alarm would be none. */
const notAbove = (other: string): readonly Rule[] => [
  {
    condition: `SELF <= var.${other}`,
    message: `allowed: at most ${other}, now \${var.${other}}; raise that or lower this`,
  },
];

/** Puts the setting's own name into its rules. */
const named = <S extends { readonly name: string; readonly rules: readonly Rule[] }>(setting: S): S => ({
  ...setting,
  rules: setting.rules.map(({ condition, message }) => ({
    condition: condition.replace("SELF", `var.${setting.name}`),
    message,
  })),
});

const MAX_MS = 86_400_000;
const MAX_COUNT = 1_000_000;

/** Thresholds beside the three of the reports' that settings/alarms.ts has. */
export const thresholdSettings = [
  named(
    threshold(
      "alarm_execution_time_warning",
      "ms",
      120_000,
      900_000,
      "Warning when the worker's P95 of Duration is above it.",
      notAbove("alarm_execution_time_critical"),
    ),
  ),
  threshold(
    "alarm_execution_time_critical",
    "ms",
    180_000,
    900_000,
    "Critical when the worker's P95 of Duration is above it.",
  ),
  named(
    threshold(
      "alarm_job_p99_warning",
      "ms",
      30_000,
      MAX_MS,
      "Warning when the P99 of requests, waiting included, is above it; set it to what your agents take.",
      notAbove("alarm_job_p99_critical"),
    ),
  ),
  threshold(
    "alarm_job_p99_critical",
    "ms",
    45_000,
    MAX_MS,
    "Critical when the P99 of requests, waiting included, is above it; set it to what your agents take.",
  ),
  named(
    threshold(
      "alarm_error_rate_warning",
      "percent",
      1,
      100,
      "Warning when a larger share of the worker's invocations fails.",
      notAbove("alarm_error_rate_critical"),
    ),
  ),
  threshold(
    "alarm_error_rate_critical",
    "percent",
    5,
    100,
    "Critical when a larger share of the worker's invocations fails.",
  ),
  named(
    threshold(
      "alarm_cold_starts_warning",
      "percent",
      20,
      100,
      "Warning when a larger share of the requests starts cold.",
      notAbove("alarm_cold_starts_critical"),
    ),
  ),
  threshold(
    "alarm_cold_starts_critical",
    "percent",
    40,
    100,
    "Critical when a larger share of the requests starts cold.",
  ),
  threshold("alarm_memory_threshold", "percent", 80, 100, "Info when the worker uses a larger share of its memory."),
  threshold(
    "alarm_throttles_threshold",
    "invocations",
    0,
    MAX_COUNT,
    "Warning when Lambda turns more invocations away in a period.",
  ),
  threshold(
    "alarm_reserved_concurrency_threshold",
    "percent",
    80,
    100,
    "Warning when a larger share of the reserved executions runs at once.",
  ),
  threshold(
    "alarm_account_concurrency_threshold",
    "percent",
    70,
    100,
    "Warning when the account's functions take a larger share of its quota of executions.",
  ),
  threshold(
    "alarm_spillover_threshold",
    "invocations",
    0,
    MAX_COUNT,
    "Info when more invocations of a period find no provisioned environment free.",
  ),
  threshold(
    "alarm_heartbeat_threshold",
    "heartbeats",
    1,
    1_000,
    "Warning when there are fewer heartbeats in 15 minutes.",
  ),
  threshold(
    "alarm_heartbeat_failures_threshold",
    "heartbeats",
    0,
    MAX_COUNT,
    "Info when more heartbeats of a period fail.",
  ),
  threshold("alarm_sweeps_threshold", "sweeps", 1, 1_000, "Critical when the sweeper runs less often in 15 minutes."),
  threshold("alarm_sweeper_errors_threshold", "errors", 3, MAX_COUNT, "Warning when more sweeps fail in 15 minutes."),
  threshold(
    "alarm_authorizer_errors_threshold",
    "tokens",
    100,
    MAX_COUNT,
    "With authorization = jwt: warning when more tokens of a period are refused, or cannot be checked.",
  ),
  threshold(
    "alarm_authorizer_throttles_threshold",
    "tokens",
    0,
    MAX_COUNT,
    "With authorization = jwt: critical when Lambda turns more checks of tokens away in a period.",
  ),
  threshold(
    "alarm_authorizer_duration_threshold",
    "ms",
    5_000,
    10_000,
    "With authorization = jwt: warning when the P95 of a token's check is above it; after 10 s it is given up.",
  ),
  threshold(
    "alarm_cache_hit_rate_threshold",
    "percent",
    70,
    100,
    "Info when a smaller share of the polls is answered from the cache.",
  ),
  threshold(
    "alarm_5xx_rate_threshold",
    "percent",
    1,
    100,
    "Critical when a larger share of the API's answers are server errors.",
  ),
  threshold(
    "alarm_4xx_rate_threshold",
    "percent",
    20,
    100,
    "Info when a larger share of the API's answers are refusals.",
  ),
  named(
    threshold(
      "alarm_api_latency_warning",
      "ms",
      1_000,
      29_000,
      "Warning when the API's P99 of Latency is above it.",
      notAbove("alarm_api_latency_critical"),
    ),
  ),
  threshold("alarm_api_latency_critical", "ms", 3_000, 29_000, "Critical when the API's P99 of Latency is above it."),
  threshold(
    "alarm_dead_letters_threshold",
    "messages",
    0,
    MAX_COUNT,
    "Critical when more messages have failed for good.",
  ),
  threshold(
    "alarm_oldest_message_threshold",
    "seconds",
    300,
    1_209_600,
    "Warning when a request waits longer in the queue.",
  ),
  threshold(
    "alarm_table_throttles_threshold",
    "calls",
    0,
    MAX_COUNT,
    "Warning when DynamoDB turns more calls away in a period.",
  ),
  threshold(
    "alarm_token_quota_threshold",
    "percent",
    80,
    100,
    "Warning when the agents use a larger share of token_quota_per_minute.",
  ),
  {
    name: "token_quota_per_minute",
    type: "number",
    unit: "tokens",
    description:
      "Tokens that your model takes a minute (Service Quotas, Amazon Bedrock); null = unknown, and nothing watches it.",
    value: null,
    minimum: 1,
    maximum: 1_000_000_000,
    effect: "in place",
  },
  {
    name: "alarm_set",
    type: "string",
    description:
      "Which alarms there are: essential (below $5 a month), full, or none; alarms_enabled makes exceptions.",
    value: "essential",
    allowed: ["none", "essential", "full"],
    effect: "in place",
  },
] as const satisfies readonly Setting[];
