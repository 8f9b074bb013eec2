import { SETTINGS, defaultValue, type Kpi, type Setting } from "../../stacks/contract/settings";
import { type Evidence, type Series, DEFAULT_LIMITS } from "../../scripts/gate/evidence";
import { GATE_SETTINGS, listReads, readId, selectedKpis } from "../../scripts/gate/reads";

export const NAMES: Evidence["names"] = {
  frontDoorFunction: "q-dev-api",
  workerFunction: "q-dev-worker",
  sweeperFunction: "q-dev-sweeper",
  authorizerFunction: "q-dev-authorizer",
  liveAlias: "live",
  restApi: "q-dev-api",
  stage: "live",
  workQueue: "q-dev-work",
  deadLetterQueue: "q-dev-work-failed",
  requestsTable: "q-dev-requests",
  sessionsTable: "q-dev-sessions",
  apiHeartbeatRule: "q-dev-api-heartbeat",
  workerHeartbeatRule: "q-dev-worker-heartbeat",
  deployment: "q-dev",
};

/** Noon of a day, and half an hour. */
export const WINDOW = {
  startMs: Date.parse("2026-11-21T12:00:00Z"),
  endMs: Date.parse("2026-11-21T12:30:00Z"),
  periodSeconds: 60,
};

const defaults = Object.fromEntries(
  SETTINGS.map((setting: Setting) => [setting.name, defaultValue(setting, "optimized")]),
);
export const gateSettings = (changed: Record<string, unknown> = {}): Record<string, unknown> => ({
  ...Object.fromEntries(GATE_SETTINGS.map((name) => [name, defaults[name]])),
  aws_region: "us-east-1",
  ...changed,
});

export const series = (...values: number[]): Series => ({ status: "Complete", messages: [], values });

export interface Parts {
  readonly only?: readonly string[];
  readonly settings?: Record<string, unknown>;
  /** By id of the read: values, or a whole series. What is not named had no data. */
  readonly metrics?: Record<string, number | Series>;
  readonly baseline?: Record<string, number | Series> | null;
  readonly more?: Partial<Evidence>;
  readonly version?: string | null;
}

/** Evidence of a deployment with default settings, in which only what is named was measured. */
export function evidenceOf({
  only = [],
  settings = {},
  metrics = {},
  baseline = null,
  more = {},
  version = null,
}: Parts): Evidence {
  const inEffect = gateSettings(settings);
  const readings = (named: Record<string, number | Series>, of: string | null): Evidence["candidate"] => {
    const ids = selectedKpis(only)
      .flatMap((kpi: Kpi) => listReads(kpi, inEffect))
      .map(readId);
    const unknown = Object.keys(named).filter((id) => !ids.includes(id));
    if (unknown.length > 0)
      throw new Error(`Nothing reads ${unknown.join(", ")}; there are ${[...new Set(ids)].join(", ")}`);
    return {
      window: WINDOW,
      version: of,
      series: Object.fromEntries(
        ids.map((id) => [id, typeof named[id] === "number" ? series(named[id]) : (named[id] ?? series())]),
      ),
    };
  };
  return {
    kind: "quickturn-gate-evidence",
    format: 1,
    names: NAMES,
    settings: inEffect,
    only,
    account: { concurrentExecutions: 1_000, unreservedConcurrentExecutions: 950 },
    tokenPrices: { usdPer1000Input: 0.003, usdPer1000Output: 0.015, assumed: true },
    limits: DEFAULT_LIMITS,
    looks: { look: 1, repeated: false },
    candidate: readings(metrics, version),
    baseline: baseline === null ? null : readings(baseline, version === null ? null : "1"),
    ...more,
  };
}

/** A busy half hour in which every KPI with a target has what it needs, and holds it. */
export const GOOD_METRICS: Record<string, number> = {
  worker_Duration_p95: 71_400,
  worker_Duration_SampleCount: 1_200,
  worker_Duration_PR_90000: 99.5,
  worker_Duration_Sum: 1_200 * 52_000,
  worker_Invocations_Sum: 1_200,
  worker_Errors_Sum: 2,
  front_door_Invocations_Sum: 9_000,
  front_door_Duration_Sum: 9_000 * 14,
  sweeper_Invocations_Sum: 30,
  sweeper_Duration_Sum: 30 * 40,
  sweeper_Errors_Sum: 0,
  deployment_JobDuration_p50: 55_000,
  deployment_JobDuration_p90: 69_000,
  deployment_JobDuration_p95: 74_000,
  deployment_JobDuration_p99: 92_000,
  deployment_JobDuration_SampleCount: 1_200,
  deployment_RequestFailed_Sum: 3,
  deployment_RequestFailed_SampleCount: 1_200,
  deployment_ColdStart_Function_worker_Sum: 60,
  deployment_ColdStart_Function_worker_SampleCount: 1_200,
  deployment_MemoryUsed_Function_worker_Maximum: 41.5,
  deployment_MemoryUsed_Function_worker_SampleCount: 1_200,
  deployment_TokensIn_Sum: 1_200 * 14_000,
  deployment_TokensOut_Sum: 1_200 * 2_100,
  gateway_CacheHitCount_Sum: 30_000,
  gateway_CacheMissCount_Sum: 7_500,
  gateway_5XXError_Sum: 1,
  gateway_5XXError_SampleCount: 40_000,
  gateway_4XXError_Sum: 120,
  gateway_4XXError_SampleCount: 40_000,
  gateway_Latency_p99: 310,
  gateway_Latency_SampleCount: 40_000,
  gateway_Latency_PR_1000: 99.93,
  gateway_Count_SampleCount: 40_000,
  requests_table_ConsumedReadCapacityUnits_Sum: 9_500,
  requests_table_ConsumedWriteCapacityUnits_Sum: 4_800,
  api_heartbeat_rule_Invocations_Sum: 6,
  worker_heartbeat_rule_Invocations_Sum: 6,
  account_ClaimedAccountConcurrency_Maximum: 61,
  worker_ConcurrentExecutions_Maximum: 44,
};
