import type { Setting } from "./setting";

/** What a KPI should be: the gate asks for it, and the dashboard draws it. */
const target = <Name extends string>(
  name: Name,
  unit: string,
  value: number | null,
  maximum: number,
  description: string,
) =>
  ({
    name,
    type: "number",
    unit,
    value,
    minimum: 0,
    maximum,
    fractional: true,
    effect: "in place",
    description,
  }) as const;

const JOB_MAXIMUM_MS = 86_400_000;
const shownOnly = "null = it is shown and not judged.";

/** What the gate asks for after a deployment. The defaults are the reports'. */
export const targetSettings = [
  target("kpi_execution_time", "ms", 90_000, 900_000, "Target: the worker's P95 of Duration is at most this."),
  target(
    "kpi_error_rate",
    "percent",
    1,
    100,
    "Target: at most this share of invocations, requests and answers fails; it is also the error budget that the burn-rate alarms watch.",
  ),
  target("kpi_cost_per_request", "USD", 0.2, 1_000, "Target: a request costs at most this, tokens included."),
  target("kpi_concurrent_requests", "requests", 50, 100_000, "Target: at least so many requests can run at once."),
  target(
    "kpi_cache_hit_rate",
    "percent",
    70,
    100,
    "Target: at least this share of the polls is answered from the cache, where there is one.",
  ),
  target("kpi_cold_start_rate", "percent", 20, 100, "Target: at most this share of the requests starts cold."),
  target("kpi_memory", "percent", 80, 100, "Target: the worker uses at most this share of its memory."),
  target("kpi_api_latency_p99", "ms", 1_000, 29_000, "Target: the API's P99 of Latency is at most this."),
  target(
    "kpi_job_p50",
    "ms",
    null,
    JOB_MAXIMUM_MS,
    `Target: half of the requests end within this, waiting included; ${shownOnly}`,
  ),
  target(
    "kpi_job_p90",
    "ms",
    null,
    JOB_MAXIMUM_MS,
    `Target: 90 % of the requests end within this, waiting included; ${shownOnly}`,
  ),
  target(
    "kpi_job_p95",
    "ms",
    null,
    JOB_MAXIMUM_MS,
    `Target: 95 % of the requests end within this, waiting included; ${shownOnly}`,
  ),
  target(
    "kpi_job_p99",
    "ms",
    null,
    JOB_MAXIMUM_MS,
    `Target: 99 % of the requests end within this, waiting included; ${shownOnly}`,
  ),
] as const satisfies readonly Setting[];
