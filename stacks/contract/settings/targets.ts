import { limitSetting as target, percent, type Setting } from "./setting";

const MAX_JOB_MS = 86_400_000;
const shownOnly = "null = it is shown and not judged.";

/** What a KPI should be: the gate asks for it after a deployment, and the dashboard draws it. */
export const targetSettings = [
  target(
    "kpi_execution_time",
    { unit: "ms", value: 90_000, maximum: 900_000 },
    "Target: the worker's P95 of Duration is at most this.",
  ),
  target(
    "kpi_error_rate",
    percent(1),
    "Target: at most this share of invocations, requests and answers fails; it is also the error budget that the " +
      "burn-rate alarms watch.",
  ),
  target(
    "kpi_cost_per_request",
    { unit: "USD", value: 0.2, maximum: 1_000 },
    "Target: a request costs at most this, tokens included.",
  ),
  target(
    "kpi_concurrent_requests",
    { unit: "requests", value: 50, maximum: 100_000 },
    "Target: at least so many requests can run at once.",
  ),
  target(
    "kpi_cache_hit_rate",
    percent(70),
    "Target: at least this share of the polls is answered from the cache, where there is one.",
  ),
  target("kpi_cold_start_rate", percent(20), "Target: at most this share of the requests starts cold."),
  target("kpi_memory", percent(80), "Target: the worker uses at most this share of its memory."),
  target(
    "kpi_api_latency_p99",
    { unit: "ms", value: 1_000, maximum: 29_000 },
    "Target: the API's P99 of Latency is at most this.",
  ),
  target(
    "kpi_job_p50",
    { unit: "ms", value: null, maximum: MAX_JOB_MS },
    `Target: half of the requests end within this, waiting included; ${shownOnly}`,
  ),
  target(
    "kpi_job_p90",
    { unit: "ms", value: null, maximum: MAX_JOB_MS },
    `Target: 90 % of the requests end within this, waiting included; ${shownOnly}`,
  ),
  target(
    "kpi_job_p95",
    { unit: "ms", value: null, maximum: MAX_JOB_MS },
    `Target: 95 % of the requests end within this, waiting included; ${shownOnly}`,
  ),
  target(
    "kpi_job_p99",
    { unit: "ms", value: null, maximum: MAX_JOB_MS },
    `Target: 99 % of the requests end within this, waiting included; ${shownOnly}`,
  ),
] as const satisfies readonly Setting[];
