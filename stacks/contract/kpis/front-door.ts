import { defineKpis } from "./kpi";

/**
 * KPIs that exist for each version of the front door. Only its canary is judged by them: the gateway's KPIs say more
 * about callers, but cannot tell two versions apart.
 */
export const FRONT_DOOR_KPIS = defineKpis([
  {
    name: "front_door_errors",
    title: "Error rate of the front door",
    unit: "percent",
    measure: {
      kind: "ratio",
      part: [{ source: "front_door", metric: "Errors" }],
      whole: [{ source: "front_door", metric: "Invocations" }],
    },
    minimumSamples: 20,
    targetSetting: "kpi_error_rate",
    meaning: "The front door crashes or times out; callers get 502 or 504.",
    runbook: "API 5XX",
    panel: "api",
  },
  {
    name: "front_door_failures",
    title: "Failed answers of the front door",
    unit: "percent",
    // An answer with 500 or 503 is no error of the function.
    measure: { kind: "share", metric: { source: "deployment", metric: "AnswerFailed" } },
    minimumSamples: 20,
    targetSetting: "kpi_error_rate",
    meaning: "The front door answers with 500 or 503.",
    runbook: "API 5XX",
    panel: "api",
  },
  {
    name: "front_door_duration",
    title: "Duration of the front door, P95",
    unit: "ms",
    measure: { kind: "percentile", metric: { source: "front_door", metric: "Duration" }, percentile: 95 },
    minimumSamples: 20,
    // The target is for the gateway's P99, of which the front door's duration is a part.
    targetSetting: "kpi_api_latency_p99",
    meaning: "Callers wait longer for an answer of the API.",
    runbook: "API latency",
    panel: "api",
  },
]);

const TOKENS_ARE_TAKEN = { setting: "authorization", is: "jwt" } as const;

/** The function that checks bearer tokens. It and its alarms exist only where tokens are taken. */
export const AUTHORIZER_KPIS = defineKpis([
  {
    name: "authorizer_errors",
    title: "Tokens refused or not checked",
    unit: "count",
    // The function ends with an error to make API Gateway answer 401. A token that cannot be checked is also a 5XX.
    measure: { kind: "total", metrics: [{ source: "authorizer", metric: "Errors" }] },
    alarms: [
      {
        name: "authorizer-errors",
        severity: "warning",
        thresholdSetting: "alarm_authorizer_errors_threshold",
        set: "full",
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
    measure: { kind: "total", metrics: [{ source: "authorizer", metric: "Throttles" }] },
    alarms: [
      { name: "authorizer-throttles", severity: "critical", thresholdSetting: "alarm_authorizer_throttles_threshold" },
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
    measure: { kind: "percentile", metric: { source: "authorizer", metric: "Duration" }, percentile: 95 },
    minimumSamples: 20,
    alarms: [
      {
        name: "authorizer-duration",
        severity: "warning",
        thresholdSetting: "alarm_authorizer_duration_threshold",
        set: "full",
      },
    ],
    meaning:
      "Checks of tokens take long, most likely because the issuer's keys do; at 10 s they are given up and " +
      "callers get 503.",
    runbook: "A caller gets 401",
    panel: "functions",
    when: TOKENS_ARE_TAKEN,
  },
]);
