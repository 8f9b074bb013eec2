import { KPIS } from "../../../../stacks/settings";
import { METRICS } from "../../../../handlers/environment";
import { COST_READS, hasVersions, readId, readsOf } from "../../../../scripts/judges/gate/reads";
import { gateSettings } from "../../../support/gate-evidence";

const reads = KPIS.flatMap((kpi) => readsOf(kpi, gateSettings()));

test("every KPI but a setting's is read from something", () => {
  expect(KPIS.filter((kpi) => readsOf(kpi, gateSettings()).length === 0).map(({ name }) => name)).toEqual([
    "concurrent_capacity",
  ]);
});

test("what is read of the handlers, cost included, they write", () => {
  const ours = [...reads, ...COST_READS]
    .filter(({ reference }) => reference.source === "deployment")
    .map(({ reference }) => reference.metric);
  expect([...new Set(ours)].filter((metric) => !(metric in METRICS))).toEqual([]);
});

test("two reads share an id only where they are the same", () => {
  const byId = new Map<string, string>();
  for (const read of reads) {
    const text = JSON.stringify(read);
    expect(byId.get(readId(read)) ?? text).toBe(text);
    byId.set(readId(read), text);
  }
});

test("a KPI has versions only where all that it is made of has", () => {
  expect(KPIS.filter(hasVersions).map(({ name }) => name)).toEqual([
    "execution_time",
    "worker_duration",
    "job_p50",
    "job_p90",
    "job_p95",
    "job_p99",
    "failed_requests",
    "error_rate",
  ]);
});
