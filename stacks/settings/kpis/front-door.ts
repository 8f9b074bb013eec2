import type { Kpi } from "./kpi";

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
