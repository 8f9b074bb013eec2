import { defineKpis, ONCE, samplesForPercentile, TWO_OF_TWO, type KpiDeclaration, type Periods } from "./kpi";

const jobPercentile = (percentile: 50 | 90 | 95 | 99, alarms: KpiDeclaration["alarms"] = []): KpiDeclaration => ({
  name: `job_p${percentile}`,
  title: `Job P${percentile}`,
  unit: "ms",
  measure: { kind: "percentile", metric: { source: "deployment", metric: "JobDuration" }, percentile },
  minimumSamples: samplesForPercentile(percentile),
  targetSetting: `kpi_job_p${percentile}`,
  meaning: "Callers wait longer for a result, from the accepted request to its end.",
  runbook: "Job latency",
  panel: "kpis",
  alarms,
});

/** A P99 needs 1,000 requests, which a busy deployment of slow agents has in an hour and hardly any in five minutes. */
const ONE_HOUR: Periods = { ...ONCE, periodSeconds: 3_600 };

/** The requests themselves: what a caller would ask about first. */
export const REQUEST_KPIS = defineKpis([
  {
    name: "execution_time",
    title: "Execution time P95",
    unit: "ms",
    // The function's own metric exists without a log line, and for each version.
    measure: { kind: "percentile", metric: { source: "worker", metric: "Duration" }, percentile: 95 },
    // CloudWatch asks for 200 samples of a P95, which slow agents do not have in five minutes. A gate after a
    // deployment seldom has more than a few dozen, and shows how wide its estimate is.
    minimumSamples: 20,
    targetSetting: "kpi_execution_time",
    alarms: [
      {
        name: "execution-time-warning",
        severity: "warning",
        thresholdSetting: "alarm_execution_time_warning",
        ...TWO_OF_TWO,
      },
      {
        name: "execution-time-critical",
        severity: "critical",
        thresholdSetting: "alarm_execution_time_critical",
        ...TWO_OF_TWO,
      },
    ],
    meaning: "One request in twenty takes the worker longer than this.",
    runbook: "Worker duration",
    panel: "kpis",
  },
  {
    name: "worker_duration",
    title: "Worker duration, mean",
    unit: "ms",
    measure: { kind: "mean", metric: { source: "worker", metric: "Duration" } },
    alarms: [
      { name: "worker-duration", severity: "critical", thresholdSetting: "alarm_duration_threshold", ...TWO_OF_TWO },
    ],
    meaning: "Requests take the worker longer than they should; callers wait, and the function's time-out is near.",
    runbook: "Worker duration",
    panel: "functions",
  },
  jobPercentile(50),
  jobPercentile(90),
  jobPercentile(95),
  jobPercentile(99, [
    {
      name: "job-p99-warning",
      severity: "warning",
      thresholdSetting: "alarm_job_p99_warning",
      set: "full",
      ...ONE_HOUR,
    },
    {
      name: "job-p99-critical",
      severity: "critical",
      thresholdSetting: "alarm_job_p99_critical",
      set: "full",
      ...ONE_HOUR,
    },
  ]),
  {
    name: "failed_requests",
    title: "Failed requests",
    unit: "percent",
    // A request that fails for good is no error of the function: only the handlers know of it.
    measure: { kind: "share", metric: { source: "deployment", metric: "RequestFailed" } },
    minimumSamples: 20,
    targetSetting: "kpi_error_rate",
    meaning: "Callers get no result: their requests failed or expired.",
    runbook: "Error budget",
    panel: "kpis",
  },
  {
    name: "cost_per_request",
    title: "Cost of a request",
    unit: "USD",
    measure: { kind: "cost" },
    minimumSamples: 20,
    targetSetting: "kpi_cost_per_request",
    meaning: "A request costs more than it should, tokens included.",
    runbook: "Cost",
    panel: "cost",
  },
  {
    name: "tokens",
    title: "Tokens a minute, of the quota",
    unit: "percent",
    measure: {
      kind: "fill",
      metric: { source: "deployment", metric: "TokensUsed" },
      statistic: "Sum",
      ofSetting: "token_quota_per_minute",
    },
    alarms: [
      {
        name: "token-quota",
        severity: "warning",
        thresholdSetting: "alarm_token_quota_threshold",
        set: "full",
        periodSeconds: 60,
      },
    ],
    meaning: "The model's quota of tokens is nearly used up; soon its calls are throttled.",
    runbook: "Token quota",
    panel: "tokens",
    when: { isGiven: "token_quota_per_minute" },
  },
]);
