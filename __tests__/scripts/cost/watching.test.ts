import {
  alarmSetCost,
  METRICS_BY_DIMENSION,
  customMetrics,
  recordedTraces,
  watchingCost,
} from "../../../scripts/cost/watching";
import { METRICS } from "../../../handlers/environment";
import { monthOf } from "../../../scripts/cost/traffic";
import { DEFAULT_USAGE, SECONDS_A_MONTH } from "../../../scripts/cost/usage";
import { deployed } from "./fixtures";

describe("alarms", () => {
  test("three alarms of one metric cost $0.30 a month", () => {
    expect(alarmSetCost([{ metrics: 1 }, { metrics: 1 }, { metrics: 1 }])).toBeCloseTo(0.3, 12);
  });

  test("six alarms of two metrics below three composite ones cost $2.70 a month", () => {
    // 6 x 2 x 0.10 + 3 x 0.50
    const children = Array.from({ length: 6 }, () => ({ metrics: 2 }));
    const parents = Array.from({ length: 3 }, () => ({ metrics: 0, composite: true }));
    expect(alarmSetCost([...children, ...parents])).toBeCloseTo(2.7, 12);
  });

  test("a metric in a high-resolution alarm costs $0.30", () => {
    expect(alarmSetCost([{ metrics: 2, highResolution: true }])).toBeCloseTo(0.6, 12);
  });

  test("no alarms cost nothing", () => {
    expect(alarmSetCost([])).toBe(0);
  });
});

describe("watching", () => {
  const usage = { ...DEFAULT_USAGE, worker_cpu_seconds: 0, queue_wait_seconds: 0, health_checks_per_minute: 0 };
  const costOf = (deployment: ReturnType<typeof deployed>, requests: number) =>
    watchingCost(monthOf(deployment, usage, requests));

  test("the metrics that are counted are those that the handlers write", () => {
    expect([...new Set(Object.values(METRICS_BY_DIMENSION).flat())].sort()).toEqual(Object.keys(METRICS).sort());
  });

  test("seven agents in two phases with one model are 55 metrics: 15 + 3 + 2 x 1 + 7 x 2 + 3 + 2 x 9", () => {
    expect(customMetrics(DEFAULT_USAGE)).toBe(55);
    expect(costOf(deployed("optimized"), 0).metrics).toBeCloseTo(16.5, 9);
    expect(customMetrics({ ...DEFAULT_USAGE, custom_metrics: 5 })).toBe(5);
  });

  test("X-Ray records the first of a second and 5 % of the others", () => {
    expect(recordedTraces(1_000)).toBe(1_000);
    // 3 a second: 1 + 0.05 x 2
    expect(recordedTraces(3 * SECONDS_A_MONTH)).toBeCloseTo(1.1 * SECONDS_A_MONTH, 3);
  });

  test("1,000 requests are logged and traced for $0.61", () => {
    // logs: 11,000 + 43,800 + 35,040 KB, 1,000 x 8 KB, 31,000 x 0.3 KB = 107,140 KB x (0.50 + 0.03 x 30 / 30.4167) a GB
    expect(costOf(deployed("optimized"), 1_000).logs).toBeCloseTo((107_140 / 1_048_576) * 0.529589, 6);
    // traces: 31,000 + 1,000 + 43,800 + 35,040 = 110,840 x 0.000005
    expect(costOf(deployed("optimized"), 1_000).traces).toBeCloseTo(0.5542, 9);
    expect(costOf({ ...deployed("optimized"), tracing: false }, 1_000).traces).toBe(0);
  });

  test("the essential alarms cost $4.80 and a dashboard $3: 33 metrics at $0.10, and three composite ones at $0.50", () => {
    const { alarms, dashboard } = costOf(deployed("optimized"), 0);
    expect(alarms).toBeCloseTo(33 * 0.1 + 3 * 0.5, 9);
    expect(dashboard).toBeCloseTo(3, 9);
    expect(costOf(deployed("optimized", { alarm_set: "none" }), 0).alarms).toBe(0);
  });
});
