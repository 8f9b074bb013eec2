import { samplesForPercentile, type Kpi, once, twoOfThree, twoOfTwo } from "./kpi";

const gateway = (metric: string) => ({ source: "gateway", metric }) as const;

/** How the API, its cache, the queue and the tables fare. */
export const serviceKpis: readonly Kpi[] = [
  {
    name: "cache_hit_rate",
    title: "Cache hit rate of the status route",
    unit: "percent",
    better: "higher",
    // Of what may be cached: the mean of CacheHitCount alone counts every POST as a miss.
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
        ...twoOfThree(900),
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
    better: "lower",
    measure: { kind: "total", metrics: [gateway("5XXError")] },
    alarms: [
      {
        name: "api-5xx",
        severity: "critical",
        thresholdSetting: "alarm_5xx_threshold",
        set: "essential",
        ...twoOfTwo(),
      },
    ],
    meaning: "Callers get server errors from the API.",
    runbook: "API 5XX",
    panel: "api",
  },
  {
    name: "api_5xx_rate",
    title: "Server error rate of the API",
    unit: "percent",
    better: "lower",
    measure: { kind: "share", metric: gateway("5XXError") },
    minimumSamples: 20,
    targetSetting: "kpi_error_rate",
    alarms: [
      {
        name: "api-5xx-rate",
        severity: "critical",
        thresholdSetting: "alarm_5xx_rate_threshold",
        set: "essential",
        ...twoOfThree(),
      },
    ],
    meaning: "Too large a share of the callers get server errors from the API.",
    runbook: "API 5XX",
    panel: "kpis",
  },
  {
    name: "api_4xx_rate",
    title: "Refused calls of the API",
    unit: "percent",
    better: "lower",
    measure: { kind: "share", metric: gateway("4XXError") },
    minimumSamples: 20,
    alarms: [
      {
        name: "api-4xx-rate",
        severity: "info",
        thresholdSetting: "alarm_4xx_rate_threshold",
        set: "full",
        ...twoOfThree(),
      },
    ],
    meaning: "Many calls are refused: a caller is misconfigured, throttled, or trying doors.",
    runbook: "API 4XX",
    panel: "api",
  },
  {
    name: "api_latency_p99",
    title: "API latency P99",
    unit: "ms",
    better: "lower",
    measure: { kind: "percentile", metric: gateway("Latency"), percentile: 99 },
    minimumSamples: samplesForPercentile(99),
    targetSetting: "kpi_api_latency_p99",
    alarms: [
      {
        name: "api-latency-warning",
        severity: "warning",
        thresholdSetting: "alarm_api_latency_warning",
        set: "full",
        ...twoOfThree(),
      },
      {
        name: "api-latency-critical",
        severity: "critical",
        thresholdSetting: "alarm_api_latency_critical",
        set: "full",
        ...twoOfThree(),
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
    better: "lower",
    // The sweeper takes them out of the queue, so what it took counts as well.
    measure: {
      kind: "peak",
      metrics: [
        { source: "dead_letter_queue", metric: "ApproximateNumberOfMessagesVisible" },
        { source: "deployment", metric: "DeadLetters" },
      ],
    },
    alarms: [
      {
        name: "dead-letters",
        severity: "critical",
        thresholdSetting: "alarm_dead_letters_threshold",
        set: "essential",
        ...once(),
      },
    ],
    meaning: "A request could not be worked on after several tries; its caller is told that it failed.",
    runbook: "Dead letters",
    panel: "queue",
  },
  {
    name: "oldest_message",
    title: "Age of the oldest request in the queue",
    unit: "s",
    better: "lower",
    measure: { kind: "peak", metrics: [{ source: "work_queue", metric: "ApproximateAgeOfOldestMessage" }] },
    alarms: [
      {
        name: "oldest-message",
        severity: "warning",
        thresholdSetting: "alarm_oldest_message_threshold",
        set: "essential",
        ...twoOfThree(),
      },
    ],
    meaning: "Requests wait for a worker.",
    runbook: "Queue",
    panel: "queue",
  },
  {
    name: "table_throttles",
    title: "Throttled calls to the tables",
    unit: "count",
    better: "lower",
    measure: {
      kind: "total",
      metrics: (["requests_table", "sessions_table"] as const).flatMap((source) =>
        ["ReadThrottleEvents", "WriteThrottleEvents"].map((metric) => ({ source, metric })),
      ),
    },
    // On-demand tables throttle seldom, and four metrics have their price; callers' errors show it, too.
    alarms: [
      {
        name: "table-throttles",
        severity: "warning",
        thresholdSetting: "alarm_table_throttles_threshold",
        set: "full",
        ...twoOfThree(),
      },
    ],
    meaning: "DynamoDB turns calls away; callers may get 503.",
    runbook: "Tables",
    panel: "tables",
  },
];
