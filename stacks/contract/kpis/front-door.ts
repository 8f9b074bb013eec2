import { type Kpi, twoOfThree } from "./kpi";

/**
 * How one version of the front door does, next to another. The gateway's own KPIs tell a deployment's callers the same
 * and more, but no version from another; so a canary of the front door is judged by these, and nothing else is.
 */
export const FRONT_DOOR_KPIS: readonly Kpi[] = [
  {
    name: "front_door_errors",
    title: "Error rate of the front door",
    unit: "percent",
    better: "lower",
    measure: {
      kind: "ratio",
      part: [{ source: "front_door", metric: "Errors" }],
      whole: [{ source: "front_door", metric: "Invocations" }],
    },
    minimumSamples: 20,
    targetSetting: "kpi_error_rate",
    alarms: [],
    meaning: "The front door crashes or times out; callers get 502 or 504.",
    runbook: "API 5XX",
    panel: "api",
  },
  {
    name: "front_door_failures",
    title: "Failed answers of the front door",
    unit: "percent",
    better: "lower",
    // An error that it answers with 500 or 503 is no error of the function's.
    measure: { kind: "share", metric: { source: "deployment", metric: "AnswerFailed" } },
    minimumSamples: 20,
    targetSetting: "kpi_error_rate",
    alarms: [],
    meaning: "The front door answers with 500 or 503.",
    runbook: "API 5XX",
    panel: "api",
  },
  {
    name: "front_door_duration",
    title: "Duration of the front door, P95",
    unit: "ms",
    better: "lower",
    measure: { kind: "percentile", metric: { source: "front_door", metric: "Duration" }, percentile: 95 },
    minimumSamples: 20,
    // The gateway's P99 is to be within it, and the front door's share of that is smaller.
    targetSetting: "kpi_api_latency_p99",
    alarms: [],
    meaning: "Callers wait longer for an answer of the API.",
    runbook: "API latency",
    panel: "api",
  },
];

const TOKENS_ARE_TAKEN = { of: "authorization", is: "jwt" } as const;

/** How the function fares that checks bearer tokens. It is there only where they are taken, and so are its alarms. */
export const authorizerKpis: readonly Kpi[] = [
  {
    name: "authorizer_errors",
    title: "Tokens refused or not checked",
    unit: "count",
    better: "lower",
    // A refusal is an error of the function's too: that is how API Gateway is told to answer 401. What could not be
    // checked is a 5XX besides.
    measure: { kind: "total", metrics: [{ source: "authorizer", metric: "Errors" }] },
    alarms: [
      {
        name: "authorizer-errors",
        severity: "warning",
        thresholdSetting: "alarm_authorizer_errors_threshold",
        set: "full",
        ...twoOfThree(),
      },
    ],
    meaning: "Many tokens are refused, or cannot be checked because the issuer does not answer.",
    runbook: "A caller gets 401",
    panel: "functions",
    when: TOKENS_ARE_TAKEN,
  },
  {
    name: "authorizer_throttles",
    title: "Throttled checks of tokens",
    unit: "count",
    better: "lower",
    measure: { kind: "total", metrics: [{ source: "authorizer", metric: "Throttles" }] },
    alarms: [
      {
        name: "authorizer-throttles",
        severity: "critical",
        thresholdSetting: "alarm_authorizer_throttles_threshold",
        set: "essential",
        ...twoOfThree(),
      },
    ],
    meaning: "Lambda turns checks of tokens away: callers with good tokens get 503.",
    runbook: "Concurrency",
    panel: "functions",
    when: TOKENS_ARE_TAKEN,
  },
  {
    name: "authorizer_duration",
    title: "Check of a token P95",
    unit: "ms",
    better: "lower",
    measure: { kind: "percentile", metric: { source: "authorizer", metric: "Duration" }, percentile: 95 },
    minimumSamples: 20,
    alarms: [
      {
        name: "authorizer-duration",
        severity: "warning",
        thresholdSetting: "alarm_authorizer_duration_threshold",
        set: "full",
        ...twoOfThree(),
      },
    ],
    meaning:
      "Checks of tokens take long, most likely because the issuer's keys do; at 10 s they are given up and callers get 503.",
    runbook: "A caller gets 401",
    panel: "functions",
    when: TOKENS_ARE_TAKEN,
  },
];
