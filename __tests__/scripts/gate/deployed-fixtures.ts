import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Evidence } from "../../../scripts/gate/evidence";
import { evidenceOf, GOOD_METRICS } from "../../support/gate-evidence";

export const FIXTURES = join(__dirname, "evidence");
export const fixture = (name: string): string => join(FIXTURES, `${name}.json`);

/** Saved evidence by name: one for each verdict, one for each kind of KPI. */
export const EVIDENCE: Readonly<Record<string, Evidence>> = {
  pass: evidenceOf({ metrics: GOOD_METRICS }),
  fail: evidenceOf({
    metrics: { ...GOOD_METRICS, worker_Errors_Sum: 90, worker_Duration_p95: 230_200, worker_Duration_PR_90000: 60 },
  }),
  inconclusive: evidenceOf({ metrics: { ...GOOD_METRICS, worker_Invocations_Sum: 12, worker_Errors_Sum: 0 } }),
  error: evidenceOf({
    metrics: { ...GOOD_METRICS, worker_Errors_Sum: { status: "PartialData", messages: [], values: [1] } },
  }),
  percentile: evidenceOf({
    only: ["execution_time"],
    metrics: { worker_Duration_p95: 95_000, worker_Duration_SampleCount: 100, worker_Duration_PR_90000: 92 },
  }),
  mean: evidenceOf({
    only: ["worker_duration"],
    metrics: { worker_Duration_Sum: 900_000, worker_Duration_SampleCount: 30 },
  }),
  share: evidenceOf({
    only: ["failed_requests"],
    metrics: { deployment_RequestFailed_Sum: 3, deployment_RequestFailed_SampleCount: 30 },
  }),
  ratio: evidenceOf({
    only: ["cache_hit_rate"],
    metrics: { gateway_CacheHitCount_Sum: 450, gateway_CacheMissCount_Sum: 50 },
  }),
  total: evidenceOf({ only: ["worker_errors"], metrics: { worker_Invocations_Sum: 40, worker_Errors_Sum: 4 } }),
  peak: evidenceOf({
    only: ["memory"],
    metrics: {
      deployment_MemoryUsed_Function_worker_Maximum: 97,
      deployment_MemoryUsed_Function_worker_SampleCount: 40,
    },
  }),
  fill: evidenceOf({ only: ["reserved_concurrency_used"], metrics: { worker_ConcurrentExecutions_Maximum: 40 } }),
  quota: evidenceOf({
    only: ["account_concurrency_used"],
    metrics: { account_ClaimedAccountConcurrency_Maximum: 250 },
  }),
  cost: evidenceOf({
    only: ["cost_per_request"],
    metrics: Object.fromEntries(
      Object.entries(GOOD_METRICS).filter(([id]) =>
        /^(worker|front_door|sweeper)_(Invocations|Duration)_Sum$|^gateway_Count|Consumed|Tokens(In|Out)|JobDuration_SampleCount/.test(
          id,
        ),
      ),
    ),
  }),
  capacity: evidenceOf({ only: ["concurrent_capacity"], settings: { reserved_concurrent_executions: 10 } }),
};

/** Writes them: UPDATE_FIXTURES=1 npx jest commands/verify. They change where KPIs or their settings do. */
export function writeFixtures(): void {
  mkdirSync(FIXTURES, { recursive: true });
  for (const [name, evidence] of Object.entries(EVIDENCE))
    writeFileSync(fixture(name), `${JSON.stringify(evidence, null, 1)}\n`);
}
