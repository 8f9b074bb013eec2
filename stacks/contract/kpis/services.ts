import { defineKpis, ONCE, samplesForPercentile, TWO_OF_TWO } from "./kpi";

const gateway = (metric: string) => ({ source: "gateway", metric }) as const;

/** The API, its cache, the queue and the tables. */
export const SERVICE_KPIS = defineKpis([
  {
    name: "cache_hit_rate",
    title: "Cache hit rate of the status route",
    unit: "percent",
    better: "higher",
    // A share of what may be cached: the mean of CacheHitCount alone counts every POST as a miss.
    measure: {
      kind: "ratio",
      part: [gateway("CacheHitCount")],
      whole: [gateway("CacheHitCount"), gateway("CacheMissCount")],
    },
    minimumSamples: 100,
    targetSetting: "kpi_cache_hit_rate",
    alarms: [
      {
        name: "cache-hit-rate",
        severity: "info",
        thresholdSetting: "alarm_cache_hit_rate_threshold",
        set: "full",
        periodSeconds: 900,
      },
    ],
    meaning: "Most polls reach the function: the cache costs money and saves little.",
    runbook: "Cache hit rate",
    panel: "kpis",
    when: { isTrue: "cache_enabled" },
  },
  {
    name: "api_5xx",
    title: "Server errors of the API",
    unit: "count",
    measure: { kind: "total", metrics: [gateway("5XXError")] },
    alarms: [{ name: "api-5xx", severity: "critical", thresholdSetting: "alarm_5xx_threshold", ...TWO_OF_TWO }],
    meaning: "Callers get server errors from the API.",
    runbook: "API 5XX",
    panel: "api",
  },
  {
    name: "api_5xx_rate",
    title: "Server error rate of the API",
    unit: "percent",
    measure: { kind: "share", metric: gateway("5XXError") },
    minimumSamples: 20,
    targetSetting: "kpi_error_rate",
    alarms: [{ name: "api-5xx-rate", severity: "critical", thresholdSetting: "alarm_5xx_rate_threshold" }],
    meaning: "Too large a share of the callers get server errors from the API.",
    runbook: "API 5XX",
    panel: "kpis",
  },
  {
    name: "api_4xx_rate",
    title: "Refused calls of the API",
    unit: "percent",
    measure: { kind: "share", metric: gateway("4XXError") },
    minimumSamples: 20,
    alarms: [{ name: "api-4xx-rate", severity: "info", thresholdSetting: "alarm_4xx_rate_threshold", set: "full" }],
    meaning: "Many calls are refused: a caller is misconfigured, throttled, or trying doors.",
    runbook: "API 4XX",
    panel: "api",
  },
  {
    name: "api_latency_p99",
    title: "API latency P99",
    unit: "ms",
    measure: { kind: "percentile", metric: gateway("Latency"), percentile: 99 },
    minimumSamples: samplesForPercentile(99),
    targetSetting: "kpi_api_latency_p99",
    alarms: [
      { name: "api-latency-warning", severity: "warning", thresholdSetting: "alarm_api_latency_warning", set: "full" },
      {
        name: "api-latency-critical",
        severity: "critical",
        thresholdSetting: "alarm_api_latency_critical",
        set: "full",
      },
    ],
    meaning: "The API itself answers slowly; no agent is waited for here.",
    runbook: "API latency",
    panel: "api",
  },
  {
    name: "dead_letters",
    title: "Messages that failed for good",
    unit: "count",
    // The sweeper takes messages out of the queue, so the ones that it took count as well.
    measure: {
      kind: "peak",
      metrics: [
        { source: "dead_letter_queue", metric: "ApproximateNumberOfMessagesVisible" },
        { source: "deployment", metric: "DeadLetters" },
      ],
    },
    alarms: [{ name: "dead-letters", severity: "critical", thresholdSetting: "alarm_dead_letters_threshold", ...ONCE }],
    meaning: "A request could not be worked on after several tries; its caller is told that it failed.",
    runbook: "Dead letters",
    panel: "queue",
  },
  {
    name: "oldest_message",
    title: "Age of the oldest request in the queue",
    unit: "s",
    measure: { kind: "peak", metrics: [{ source: "work_queue", metric: "ApproximateAgeOfOldestMessage" }] },
    alarms: [{ name: "oldest-message", severity: "warning", thresholdSetting: "alarm_oldest_message_threshold" }],
    meaning: "Requests wait for a worker.",
    runbook: "Queue",
    panel: "queue",
  },
  {
    name: "table_throttles",
    title: "Throttled calls to the tables",
    unit: "count",
    measure: {
      kind: "total",
      metrics: (["requests_table", "sessions_table"] as const).flatMap((source) =>
        ["ReadThrottleEvents", "WriteThrottleEvents"].map((metric) => ({ source, metric })),
      ),
    },
    // On-demand tables throttle seldom, four metrics cost money, and callers' errors show throttling too.
    alarms: [
      {
        name: "table-throttles",
        severity: "warning",
        thresholdSetting: "alarm_table_throttles_threshold",
        set: "full",
      },
    ],
    meaning: "DynamoDB turns calls away; callers may get 503.",
    runbook: "Tables",
    panel: "tables",
  },
]);
