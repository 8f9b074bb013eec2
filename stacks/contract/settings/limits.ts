import { numberBetween, type Setting } from "./setting";

/** A number from 0, with or without a fraction. */
interface Limit {
  readonly unit: string;
  /** null = none. */
  readonly value: number | null;
  readonly maximum: number;
  /** Another setting that this one must not exceed: a warning after the critical alarm would be none. */
  readonly notAbove?: string;
}

/** A limit in percent of a whole. */
const percent = (value: number) => ({ unit: "percent", value, maximum: 100 });

/** The setting of a limit that changes in place: an alarm's threshold, or a target of the gate. */
export const limitSetting = <const Name extends string>(
  name: Name,
  { notAbove, ...limit }: Limit,
  description: string,
) => ({
  name,
  type: "number" as const,
  ...limit,
  minimum: 0,
  fractional: true,
  effect: "in place" as const,
  description,
  rules:
    notAbove === undefined
      ? []
      : [
          {
            condition: `var.${name} <= var.${notAbove}`,
            message: `allowed: at most ${notAbove}, now \${var.${notAbove}}; raise that or lower this`,
          },
        ],
});

const MAX_MS = 86_400_000;
const MAX_COUNT = 1_000_000;

const SHOWN_ONLY = "null = it is shown and not judged.";

/** What a KPI should be: the gate asks for it after a deployment, and the dashboard draws it. */
export const targetSettings = [
  limitSetting(
    "kpi_execution_time",
    { unit: "ms", value: 90_000, maximum: 900_000 },
    "Target: the worker's P95 of Duration is at most this.",
  ),
  limitSetting(
    "kpi_error_rate",
    percent(1),
    "Target: at most this share of invocations, requests and answers fails; it is also the error budget that the " +
      "burn-rate alarms watch.",
  ),
  limitSetting(
    "kpi_cost_per_request",
    { unit: "USD", value: 0.2, maximum: 1_000 },
    "Target: a request costs at most this, tokens included.",
  ),
  limitSetting(
    "kpi_concurrent_requests",
    { unit: "requests", value: 50, maximum: 100_000 },
    "Target: at least so many requests can run at once.",
  ),
  limitSetting(
    "kpi_cache_hit_rate",
    percent(70),
    "Target: at least this share of the polls is answered from the cache, where there is one.",
  ),
  limitSetting("kpi_cold_start_rate", percent(20), "Target: at most this share of the requests starts cold."),
  limitSetting("kpi_memory", percent(80), "Target: the worker uses at most this share of its memory."),
  limitSetting(
    "kpi_api_latency_p99",
    { unit: "ms", value: 1_000, maximum: 29_000 },
    "Target: the API's P99 of Latency is at most this.",
  ),
  limitSetting(
    "kpi_job_p50",
    { unit: "ms", value: null, maximum: MAX_MS },
    `Target: half of the requests end within this, waiting included; ${SHOWN_ONLY}`,
  ),
  limitSetting(
    "kpi_job_p90",
    { unit: "ms", value: null, maximum: MAX_MS },
    `Target: 90 % of the requests end within this, waiting included; ${SHOWN_ONLY}`,
  ),
  limitSetting(
    "kpi_job_p95",
    { unit: "ms", value: null, maximum: MAX_MS },
    `Target: 95 % of the requests end within this, waiting included; ${SHOWN_ONLY}`,
  ),
  limitSetting(
    "kpi_job_p99",
    { unit: "ms", value: null, maximum: MAX_MS },
    `Target: 99 % of the requests end within this, waiting included; ${SHOWN_ONLY}`,
  ),
] as const satisfies readonly Setting[];

/** Thresholds of alarms, beside those in settings/alarms.ts. */
export const thresholdSettings = [
  limitSetting(
    "alarm_execution_time_warning",
    { unit: "ms", value: 120_000, maximum: 900_000, notAbove: "alarm_execution_time_critical" },
    "Warning when the worker's P95 of Duration is above it.",
  ),
  limitSetting(
    "alarm_execution_time_critical",
    { unit: "ms", value: 180_000, maximum: 900_000 },
    "Critical when the worker's P95 of Duration is above it.",
  ),
  limitSetting(
    "alarm_job_p99_warning",
    { unit: "ms", value: 30_000, maximum: MAX_MS, notAbove: "alarm_job_p99_critical" },
    "Warning when the P99 of requests, waiting included, is above it; set it to what your agents take.",
  ),
  limitSetting(
    "alarm_job_p99_critical",
    { unit: "ms", value: 45_000, maximum: MAX_MS },
    "Critical when the P99 of requests, waiting included, is above it; set it to what your agents take.",
  ),
  limitSetting(
    "alarm_error_rate_warning",
    { ...percent(1), notAbove: "alarm_error_rate_critical" },
    "Warning when a larger share of the worker's invocations fails.",
  ),
  limitSetting(
    "alarm_error_rate_critical",
    percent(5),
    "Critical when a larger share of the worker's invocations fails.",
  ),
  limitSetting(
    "alarm_cold_starts_warning",
    { ...percent(20), notAbove: "alarm_cold_starts_critical" },
    "Warning when a larger share of the requests starts cold.",
  ),
  limitSetting("alarm_cold_starts_critical", percent(40), "Critical when a larger share of the requests starts cold."),
  limitSetting("alarm_memory_threshold", percent(80), "Info when the worker uses a larger share of its memory."),
  limitSetting(
    "alarm_throttles_threshold",
    { unit: "invocations", value: 0, maximum: MAX_COUNT },
    "Warning when Lambda turns more invocations away in a period.",
  ),
  limitSetting(
    "alarm_reserved_concurrency_threshold",
    percent(80),
    "Warning when a larger share of the reserved executions runs at once.",
  ),
  limitSetting(
    "alarm_account_concurrency_threshold",
    percent(70),
    "Warning when the account's functions take a larger share of its quota of executions.",
  ),
  limitSetting(
    "alarm_spillover_threshold",
    { unit: "invocations", value: 0, maximum: MAX_COUNT },
    "Info when more invocations of a period find no provisioned environment free.",
  ),
  limitSetting(
    "alarm_heartbeat_threshold",
    { unit: "heartbeats", value: 1, maximum: 1_000 },
    "Warning when there are fewer heartbeats in 15 minutes.",
  ),
  limitSetting(
    "alarm_heartbeat_failures_threshold",
    { unit: "heartbeats", value: 0, maximum: MAX_COUNT },
    "Info when more heartbeats of a period fail.",
  ),
  limitSetting(
    "alarm_sweeps_threshold",
    { unit: "sweeps", value: 1, maximum: 1_000 },
    "Critical when the sweeper runs less often in 15 minutes.",
  ),
  limitSetting(
    "alarm_sweeper_errors_threshold",
    { unit: "errors", value: 3, maximum: MAX_COUNT },
    "Warning when more sweeps fail in 15 minutes.",
  ),
  limitSetting(
    "alarm_authorizer_errors_threshold",
    { unit: "tokens", value: 100, maximum: MAX_COUNT },
    "With authorization = jwt: warning when more tokens of a period are refused, or cannot be checked.",
  ),
  limitSetting(
    "alarm_authorizer_throttles_threshold",
    { unit: "tokens", value: 0, maximum: MAX_COUNT },
    "With authorization = jwt: critical when Lambda turns more checks of tokens away in a period.",
  ),
  limitSetting(
    "alarm_authorizer_duration_threshold",
    { unit: "ms", value: 5_000, maximum: 10_000 },
    "With authorization = jwt: warning when the P95 of a token's check is above it; after 10 s it is given up.",
  ),
  limitSetting(
    "alarm_cache_hit_rate_threshold",
    percent(70),
    "Info when a smaller share of the polls is answered from the cache.",
  ),
  limitSetting(
    "alarm_5xx_rate_threshold",
    percent(1),
    "Critical when a larger share of the API's answers are server errors.",
  ),
  limitSetting("alarm_4xx_rate_threshold", percent(20), "Info when a larger share of the API's answers are refusals."),
  limitSetting(
    "alarm_api_latency_warning",
    { unit: "ms", value: 1_000, maximum: 29_000, notAbove: "alarm_api_latency_critical" },
    "Warning when the API's P99 of Latency is above it.",
  ),
  limitSetting(
    "alarm_api_latency_critical",
    { unit: "ms", value: 3_000, maximum: 29_000 },
    "Critical when the API's P99 of Latency is above it.",
  ),
  limitSetting(
    "alarm_dead_letters_threshold",
    { unit: "messages", value: 0, maximum: MAX_COUNT },
    "Critical when more messages have failed for good.",
  ),
  limitSetting(
    "alarm_oldest_message_threshold",
    { unit: "seconds", value: 300, maximum: 1_209_600 },
    "Warning when a request waits longer in the queue.",
  ),
  limitSetting(
    "alarm_table_throttles_threshold",
    { unit: "calls", value: 0, maximum: MAX_COUNT },
    "Warning when DynamoDB turns more calls away in a period.",
  ),
  limitSetting(
    "alarm_token_quota_threshold",
    percent(80),
    "Warning when the agents use a larger share of token_quota_per_minute.",
  ),
  {
    name: "token_quota_per_minute",
    ...numberBetween(1, 1_000_000_000, "tokens"),
    description:
      "Tokens that your model takes a minute (Service Quotas, Amazon Bedrock); null = unknown, and nothing watches it.",
    value: null,
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
