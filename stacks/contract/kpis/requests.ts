import { samplesForPercentile, type Kpi, once, twoOfTwo } from "./kpi";

const jobDuration = { source: "deployment", metric: "JobDuration" } as const;
const jobPercentile = (percentile: number, more: Partial<Kpi> = {}): Kpi => ({
  name: `job_p${percentile}`,
  title: `Job P${percentile}`,
  unit: "ms",
  better: "lower",
  measure: { kind: "percentile", metric: jobDuration, percentile },
  minimumSamples: samplesForPercentile(percentile),
  targetSetting: `kpi_job_p${percentile}`,
  alarms: [],
  meaning: "Callers wait longer for a result, from the accepted request to its end.",
  runbook: "Job latency",
  panel: "kpis",
  ...more,
});

/** How requests fare: what a caller would ask about first. */
export const requestKpis: readonly Kpi[] = [
  {
    name: "execution_time",
    title: "Execution time P95",
    unit: "ms",
    better: "lower",
    // The function's own metric: it is there without a log line, and by version.
    measure: { kind: "percentile", metric: { source: "worker", metric: "Duration" }, percentile: 95 },
    // CloudWatch itself wants 200 for a P95, which slow agents do not have in five minutes; a gate after a deployment
    // has seldom more than a few dozen, and says how wide its estimate is.
    minimumSamples: 20,
    targetSetting: "kpi_execution_time",
    alarms: [
      {
        name: "execution-time-warning",
        severity: "warning",
        thresholdSetting: "alarm_execution_time_warning",
        set: "essential",
        ...twoOfTwo(),
      },
      {
        name: "execution-time-critical",
        severity: "critical",
        thresholdSetting: "alarm_execution_time_critical",
        set: "essential",
        ...twoOfTwo(),
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
    better: "lower",
    measure: { kind: "mean", metric: { source: "worker", metric: "Duration" } },
    alarms: [
      {
        name: "worker-duration",
        severity: "critical",
        thresholdSetting: "alarm_duration_threshold",
        set: "essential",
        ...twoOfTwo(),
      },
    ],
    meaning: "Requests take the worker longer than they should; callers wait, and the function's time-out is near.",
    runbook: "Worker duration",
    panel: "functions",
  },
  jobPercentile(50),
  jobPercentile(90),
  jobPercentile(95),
  jobPercentile(99, {
    // A P99 needs 1,000 requests: in five minutes hardly any deployment of slow agents has them, in an hour a busy one.
    alarms: [
      {
        name: "job-p99-warning",
        severity: "warning",
        thresholdSetting: "alarm_job_p99_warning",
        set: "full",
        ...once(3_600),
      },
      {
        name: "job-p99-critical",
        severity: "critical",
        thresholdSetting: "alarm_job_p99_critical",
        set: "full",
        ...once(3_600),
      },
    ],
  }),
  {
    name: "failed_requests",
    title: "Failed requests",
    unit: "percent",
    better: "lower",
    // A request that fails for good is no error of the function's: only the handlers know.
    measure: { kind: "share", metric: { source: "deployment", metric: "RequestFailed" } },
    minimumSamples: 20,
    targetSetting: "kpi_error_rate",
    alarms: [],
    meaning: "Callers get no result: their requests failed or expired.",
    runbook: "Error budget",
    panel: "kpis",
  },
  {
    name: "cost_per_request",
    title: "Cost of a request",
    unit: "USD",
    better: "lower",
    measure: { kind: "cost" },
    minimumSamples: 20,
    targetSetting: "kpi_cost_per_request",
    alarms: [],
    meaning: "A request costs more than it should, tokens included.",
    runbook: "Cost",
    panel: "cost",
  },
  {
    name: "tokens",
    title: "Tokens a minute, of the quota",
    unit: "percent",
    better: "lower",
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
        evaluationPeriods: 3,
        datapointsToAlarm: 2,
        missing: "notBreaching",
      },
    ],
    meaning: "The model's quota of tokens is nearly used up; soon its calls are throttled.",
    runbook: "Token quota",
    panel: "tokens",
    when: { isGiven: "token_quota_per_minute" },
  },
];
