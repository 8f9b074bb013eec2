import { judgeAgents } from "../../../bench/agents";
import { judgeApply } from "../../../bench/apply";
import { judgeCache } from "../../../bench/cache";
import { judgeCapacity } from "../../../bench/capacity";
import { judgeCli } from "../../../bench/cli";
import { judgeCold } from "../../../bench/cold";
import { judgeGrowth } from "../../../bench/growth";
import type { BenchResult } from "../../../bench/results";
import { judgeSynth } from "../../../bench/synth";
import { judgeTests } from "../../../bench/tests";
import { judgeThroughput } from "../../../bench/throughput";

const agents = (parallel: number) =>
  judgeAgents({ sequential: [21_000], parallel: [parallel], hanging: [6_000], failing: [parallel] });
const apply = (ours: number) => {
  const compared = { ours: [ours], handWritten: [1_000] };
  return judgeApply({ plan: compared, keptPlan: compared, validate: compared, update: compared, empty: [500] });
};
const cache = (hitsOff: number) => {
  const pattern = { intervalSeconds: 1, pollers: 1, polls: 40 };
  return judgeCache({ on: [{ ...pattern, hits: 32 }], off: [{ ...pattern, hits: hitsOff }] });
};
const cold = (ms: number) =>
  judgeCold(
    [
      { call: "status", variant: "bare", times: [{ ms: 100, cpuMs: 100 }] },
      { call: "status", variant: "ours", times: [{ ms, cpuMs: 150 }] },
    ],
    { measured: "", sizes: {}, times: { status: { ratio: 1.5, ms: 150 } } },
  );
const growth = (ms: number, items: number) => {
  const use = { calls: 1, items: 1, ms: 1 };
  return judgeGrowth({
    deployments: [
      { deployments: 1, ms: 1_000 },
      { deployments: 10, ms },
    ],
    requests: [
      { requests: 1_000, status: use, claim: use, search: use },
      { requests: 10_000, status: use, claim: use, search: { ...use, items } },
    ],
  });
};
const synth = (ours: number) => judgeSynth({ ours, start: 1, "aws-cdk": 1_000 });
const testRun = { measuredOn: "2026-01-01", passed: 1, failed: 0 };
const throughput = (ours: number) => judgeThroughput([{ call: "invoke", empty: [1], same: [2], ours: [ours] }]);

test.each<[name: string, holding: BenchResult, missed: BenchResult]>([
  ["agents", agents(3_010), agents(3_200)],
  ["apply", apply(1_050), apply(1_051)],
  ["cache", cache(0), cache(1)],
  ["capacity", judgeCapacity({ narrowMs: 4_800, wideMs: 1_000 }), judgeCapacity({ narrowMs: 4_799, wideMs: 1_000 })],
  ["cli", judgeCli([10], [[40], [10]]), judgeCli([10], [[41], [10]])],
  ["cold", cold(170), cold(171)],
  ["growth of plans", growth(10_000, 1), growth(15_000, 1)],
  ["growth of the table's use", growth(10_000, 1), growth(10_000, 2)],
  ["synth", synth(999), synth(1_000)],
  ["tests", judgeTests({ ...testRun, seconds: 360 }), judgeTests({ ...testRun, seconds: 361 })],
  ["throughput", throughput(3), throughput(3.1)],
])("%s passes at its bound and fails beyond it", (_name, holding, missed) => {
  expect([holding.exitCode, missed.exitCode]).toEqual([0, 1]);
  expect(missed.figures.some(({ holds }) => holds === false)).toBe(true);
});
