import type { CanaryRecord } from "../../../stacks/contract/settings";
import { gateOptions, kpisOf } from "../../../scripts/deploy/canary-target";

const canary: CanaryRecord = {
  started_at: "2026-11-21T12:00:00.000Z",
  since: "2026-11-21T12:10:00.000Z",
  steps: [10, 100],
  step: 0,
  phase: "shift",
  interval_seconds: 600,
  deadline_seconds: 7_200,
  on_inconclusive: "rollback",
  only: [],
  max_latency_ratio: 1.5,
  stable: { worker: 7, api: 3 },
  candidate: { worker: 8, api: 4 },
  provisioned: { worker: null, api: null },
};

test("while both versions have traffic, the candidate is compared with the stable one", () => {
  expect(gateOptions("worker", canary)).toMatchObject({
    version: "8",
    baseline: "7",
    since: "2026-11-21T12:10:00.000Z",
    maxLatencyRatio: "1.5",
    wait: "7200s",
  });
  expect(gateOptions("api", canary)).toMatchObject({
    version: "4",
    baseline: "3",
    only: ["front_door_errors", "front_door_failures", "front_door_duration"],
  });
});

test("with all of the traffic there is no version to compare with", () => {
  const last = gateOptions("worker", { ...canary, step: 1 });
  expect([last.version, last.baseline]).toEqual([undefined, undefined]);
  expect(last.only).toContain("error_rate");
});

test("named KPIs restrict those of their own function", () => {
  expect(kpisOf("worker", ["error_rate"])).toEqual(["error_rate"]);
  expect(kpisOf("worker", [])).not.toContain("cache_hit_rate");
});
