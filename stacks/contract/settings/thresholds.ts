import { limitSetting as threshold, percent, type Setting } from "./setting";

const MAX_MS = 86_400_000;
const MAX_COUNT = 1_000_000;

/** Thresholds of alarms, beside those in settings/alarms.ts. */
export const thresholdSettings = [
  threshold(
    "alarm_execution_time_warning",
    { unit: "ms", value: 120_000, maximum: 900_000, notAbove: "alarm_execution_time_critical" },
    "Warning when the worker's P95 of Duration is above it.",
  ),
  threshold(
    "alarm_execution_time_critical",
    { unit: "ms", value: 180_000, maximum: 900_000 },
    "Critical when the worker's P95 of Duration is above it.",
  ),
  threshold(
    "alarm_job_p99_warning",
    { unit: "ms", value: 30_000, maximum: MAX_MS, notAbove: "alarm_job_p99_critical" },
    "Warning when the P99 of requests, waiting included, is above it; set it to what your agents take.",
  ),
  threshold(
    "alarm_job_p99_critical",
    { unit: "ms", value: 45_000, maximum: MAX_MS },
    "Critical when the P99 of requests, waiting included, is above it; set it to what your agents take.",
  ),
  threshold(
    "alarm_error_rate_warning",
    { ...percent(1), notAbove: "alarm_error_rate_critical" },
    "Warning when a larger share of the worker's invocations fails.",
  ),
  threshold("alarm_error_rate_critical", percent(5), "Critical when a larger share of the worker's invocations fails."),
  threshold(
    "alarm_cold_starts_warning",
    { ...percent(20), notAbove: "alarm_cold_starts_critical" },
    "Warning when a larger share of the requests starts cold.",
  ),
  threshold("alarm_cold_starts_critical", percent(40), "Critical when a larger share of the requests starts cold."),
  threshold("alarm_memory_threshold", percent(80), "Info when the worker uses a larger share of its memory."),
  threshold(
    "alarm_throttles_threshold",
    { unit: "invocations", value: 0, maximum: MAX_COUNT },
    "Warning when Lambda turns more invocations away in a period.",
  ),
  threshold(
    "alarm_reserved_concurrency_threshold",
    percent(80),
    "Warning when a larger share of the reserved executions runs at once.",
  ),
  threshold(
    "alarm_account_concurrency_threshold",
    percent(70),
    "Warning when the account's functions take a larger share of its quota of executions.",
  ),
  threshold(
    "alarm_spillover_threshold",
    { unit: "invocations", value: 0, maximum: MAX_COUNT },
    "Info when more invocations of a period find no provisioned environment free.",
  ),
  threshold(
    "alarm_heartbeat_threshold",
    { unit: "heartbeats", value: 1, maximum: 1_000 },
    "Warning when there are fewer heartbeats in 15 minutes.",
  ),
  threshold(
    "alarm_heartbeat_failures_threshold",
    { unit: "heartbeats", value: 0, maximum: MAX_COUNT },
    "Info when more heartbeats of a period fail.",
  ),
  threshold(
    "alarm_sweeps_threshold",
    { unit: "sweeps", value: 1, maximum: 1_000 },
    "Critical when the sweeper runs less often in 15 minutes.",
  ),
  threshold(
    "alarm_sweeper_errors_threshold",
    { unit: "errors", value: 3, maximum: MAX_COUNT },
    "Warning when more sweeps fail in 15 minutes.",
  ),
  threshold(
    "alarm_authorizer_errors_threshold",
    { unit: "tokens", value: 100, maximum: MAX_COUNT },
    "With authorization = jwt: warning when more tokens of a period are refused, or cannot be checked.",
  ),
  threshold(
    "alarm_authorizer_throttles_threshold",
    { unit: "tokens", value: 0, maximum: MAX_COUNT },
    "With authorization = jwt: critical when Lambda turns more checks of tokens away in a period.",
  ),
  threshold(
    "alarm_authorizer_duration_threshold",
    { unit: "ms", value: 5_000, maximum: 10_000 },
    "With authorization = jwt: warning when the P95 of a token's check is above it; after 10 s it is given up.",
  ),
  threshold(
    "alarm_cache_hit_rate_threshold",
    percent(70),
    "Info when a smaller share of the polls is answered from the cache.",
  ),
  threshold(
    "alarm_5xx_rate_threshold",
    percent(1),
    "Critical when a larger share of the API's answers are server errors.",
  ),
  threshold("alarm_4xx_rate_threshold", percent(20), "Info when a larger share of the API's answers are refusals."),
  threshold(
    "alarm_api_latency_warning",
    { unit: "ms", value: 1_000, maximum: 29_000, notAbove: "alarm_api_latency_critical" },
    "Warning when the API's P99 of Latency is above it.",
  ),
  threshold(
    "alarm_api_latency_critical",
    { unit: "ms", value: 3_000, maximum: 29_000 },
    "Critical when the API's P99 of Latency is above it.",
  ),
  threshold(
    "alarm_dead_letters_threshold",
    { unit: "messages", value: 0, maximum: MAX_COUNT },
    "Critical when more messages have failed for good.",
  ),
  threshold(
    "alarm_oldest_message_threshold",
    { unit: "seconds", value: 300, maximum: 1_209_600 },
    "Warning when a request waits longer in the queue.",
  ),
  threshold(
    "alarm_table_throttles_threshold",
    { unit: "calls", value: 0, maximum: MAX_COUNT },
    "Warning when DynamoDB turns more calls away in a period.",
  ),
  threshold(
    "alarm_token_quota_threshold",
    percent(80),
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
