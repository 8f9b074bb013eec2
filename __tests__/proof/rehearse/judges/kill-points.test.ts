import fc from "fast-check";
import { CANARY_PHASES, killPoints, phaseOf, watchOf } from "../../kills/kill-points";
import { seededRandom } from "../../../../scripts/kit/random";
import type { CanaryRecord, Release } from "../../../../stacks/contract/settings";

const seeds = fc.integer({ min: 0, max: 2 ** 32 - 1 });

test("as many points as were asked for, the same for the same seed, each within its phase", () => {
  fc.assert(
    fc.property(seeds, fc.integer({ min: 1, max: 200 }), (seed, kills) => {
      const points = killPoints(kills, seededRandom(seed));
      expect(points).toHaveLength(kills);
      expect(killPoints(kills, seededRandom(seed))).toEqual(points);
      expect(points.filter(({ fraction }) => !(fraction >= 0 && fraction < 1))).toEqual([]);
    }),
  );
});

test("every six points each phase has its turn, and every second one is taken back", () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const points = killPoints(12, seededRandom(seed));
      for (const round of [points.slice(0, 6), points.slice(6)])
        expect(round.map(({ phase }) => phase).sort()).toEqual([...CANARY_PHASES].sort());
      expect(points.map(({ how }) => how)).toEqual(Array.from({ length: 6 }, () => ["resume", "abort"]).flat());
    }),
  );
});

test("different seeds give different points, and some do without the live file", () => {
  const points = (seed: number) => killPoints(40, seededRandom(seed));
  expect(points(1)).not.toEqual(points(2));
  const without = points(1).filter(({ withoutFile }) => withoutFile).length;
  expect(without).toBeGreaterThan(0);
  expect(without).toBeLessThan(40);
});

const canary: CanaryRecord = {
  started_at: "2026-01-01T00:00:00.000Z",
  since: "2026-01-01T00:00:00.000Z",
  step: 0,
  phase: "shift",
  steps: [50, 100],
  interval_seconds: 300,
  deadline_seconds: 3_600,
  on_inconclusive: "rollback",
  only: [],
  max_latency_ratio: 1.25,
  stable: { worker: 1, api: null },
  candidate: { worker: 2, api: null },
  provisioned: { worker: null, api: null },
};
const release = (record: CanaryRecord | null): Release => ({
  deployment: "quickturn-dev",
  serial: 1,
  writer: "run",
  pinned: { worker: null, api: null },
  canary: record,
  history: [],
});

test("what terraform is at is told by the release that it applies, and what is watched by its weight", () => {
  expect(phaseOf(release({ ...canary, phase: "publish" }))).toBe("publish");
  expect(phaseOf(release(canary))).toBe("share");
  expect(phaseOf(release({ ...canary, step: 1 }))).toBe("promotion");
  expect(phaseOf(release(null))).toBe("end");
  expect([watchOf(canary), watchOf({ ...canary, step: 1 })]).toEqual(["watch share", "watch all"]);
});
