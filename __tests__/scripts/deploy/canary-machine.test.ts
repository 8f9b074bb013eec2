import fc from "fast-check";
import type { Release } from "../../../stacks/contract/settings";
import {
  beginCanary,
  beginShift,
  decideNext,
  findCandidates,
  pinStable,
  removeWeights,
} from "../../../scripts/deploy/canary-machine";
import type { AppliedVersions } from "../../../scripts/deploy/live-file";
import {
  emptyRelease,
  FUNCTIONS,
  HISTORY_LENGTH,
  isRunning,
  weightOf,
  type FunctionName,
  NAMES_IN_STACK,
  liveArguments,
  liveVariables,
  settingsInEffect,
  completeLiveDocument,
} from "../../../scripts/deploy/release";

const stamp = { at: "2026-11-21T12:00:00.000Z", writer: "run" };
const applied: AppliedVersions = {
  live: { worker: 7, api: 3 },
  newest: { worker: 8, api: 4 },
  provisioned: { worker: 5, api: null },
};
const wish = { interval_seconds: 600, deadline_seconds: 7_200, only: [], max_latency_ratio: 1.25 };

interface Way {
  readonly steps: number[];
  readonly hold: boolean;
  readonly functions: FunctionName[];
  readonly verdicts: ("pass" | "fail" | "inconclusive" | "error")[];
}
const way: fc.Arbitrary<Way> = fc.record({
  steps: fc
    .uniqueArray(fc.integer({ min: 1, max: 99 }), { maxLength: 5 })
    .map((percents) => [...percents.sort((a, b) => a - b), 100]),
  hold: fc.boolean(),
  functions: fc.constantFrom<FunctionName[]>(["worker"], ["api"], ["worker", "api"]),
  verdicts: fc.array(fc.constantFrom("pass", "pass", "pass", "inconclusive", "error", "fail"), { maxLength: 12 }),
});

/** Every release on the way, the last one being the end or where the verdicts ran out. */
function releases({ steps, hold, functions, verdicts }: Way): Release[] {
  const first = beginCanary(
    { release: emptyRelease("q-dev"), applied, stamp },
    { ...wish, steps, on_inconclusive: hold ? "hold" : "rollback" },
  );
  const all: Release[] = [first, beginShift({ release: first, applied, stamp }, functions)!];
  for (const verdict of verdicts) {
    const last = all.at(-1)!;
    if (!isRunning(last)) break;
    all.push(decideNext(last, { verdict, reason: "why" }, stamp).release);
  }
  return all;
}

test("a canary that is taken back at any step pins the stable versions, without weight or override", () => {
  fc.assert(
    fc.property(way, (given) => {
      for (const release of releases(given).filter(isRunning)) {
        const back = pinStable(release, { event: "aborted", reason: "" }, stamp);
        const expected = Object.fromEntries(
          FUNCTIONS.filter((name) => release.canary.stable[name] !== null).map((name) => [
            NAMES_IN_STACK[name].version,
            applied.live[name],
          ]),
        );
        expect(liveVariables(back)).toEqual(expected);
        expect(liveArguments(back)).toEqual([]);
        expect(completeLiveDocument(back)).toEqual({
          live_version: null,
          api_live_version: null,
          canary_weight: 0,
          api_canary_weight: 0,
          ...expected,
          release: back,
        });
      }
    }),
  );
});

test("a failing canary is rolled back even where an undecided one is held", () => {
  const [, release] = releases({ steps: [10, 100], hold: true, functions: ["worker"], verdicts: [] }).filter(isRunning);
  expect(decideNext(release!, { verdict: "fail", reason: "slow" }, stamp)).toMatchObject({
    ending: "rolled_back",
    release: { canary: null, pinned: { worker: 7 } },
  });
  for (const verdict of ["inconclusive", "error"] as const)
    expect(decideNext(release!, { verdict, reason: "few" }, stamp)).toMatchObject({
      ending: "held",
      release: { canary: { step: 0 } },
    });
});

test("the pin of another function stays, whether the canary is taken back or promoted", () => {
  const pinned = { ...emptyRelease("q-dev"), pinned: { worker: null, api: 2 } };
  const begun = beginCanary(
    { release: pinned, applied, stamp },
    { ...wish, steps: [100], on_inconclusive: "rollback" },
  );
  const release = beginShift({ release: begun, applied, stamp }, ["worker"])!;
  expect(pinStable(release, { event: "aborted", reason: "" }, stamp).pinned).toEqual({ worker: 7, api: 2 });
  expect(decideNext(release, { verdict: "pass", reason: "" }, stamp).release.pinned).toEqual({ worker: null, api: 2 });
});

test("weights grow by one step each, or end at 0, and each change has a higher serial", () => {
  fc.assert(
    fc.property(way, (given) => {
      const all = releases(given);
      all.slice(1).forEach((release, index) => {
        expect(release.serial).toBeGreaterThan(all[index]!.serial);
        if (release.canary === null) return;
        const [before, after] = [all[index]!.canary!, release.canary];
        expect(weightOf(after)).toBeGreaterThanOrEqual(weightOf(before));
        expect(after.step - before.step).toBeLessThanOrEqual(1);
      });
    }),
  );
});

test("a canary that ended leaves no weight and no override, and no pin where it was promoted", () => {
  fc.assert(
    fc.property(way, (given) => {
      const last = releases(given).at(-1)!;
      if (last.canary !== null) return;
      const variables = liveVariables(last);
      expect(Object.keys(variables).filter((name) => /weight|provisioned/.test(name))).toEqual([]);
      if (last.history.at(-1)?.event === "promoted") expect(variables).toEqual({});
    }),
  );
});

test("provisioned concurrency is off while there are weights, and only then", () => {
  fc.assert(
    fc.property(way, (given) => {
      for (const release of releases(given)) {
        const variables = liveVariables(release);
        const weighted = (variables["canary_weight"] ?? 0) > 0;
        expect(variables["provisioned_concurrent_executions"]).toBe(weighted ? 0 : undefined);
        expect(variables["api_provisioned_concurrent_executions"]).toBeUndefined();
      }
    }),
  );
});

test("the settings in effect have the provisioned concurrency that the canary took away", () => {
  const [, release] = releases({ steps: [10, 100], hold: false, functions: ["worker"], verdicts: [] });
  const settings = {
    memory_size: 1024,
    provisioned_concurrent_executions: 0,
    live_version: 7,
    canary_weight: 0.1,
    release,
    cloudfront_origin_secret: "x",
  };
  expect(settingsInEffect(settings)).toEqual({ memory_size: 1024, provisioned_concurrent_executions: 5 });
});

test("the history drops its oldest entry", () => {
  let release = emptyRelease("q-dev");
  for (let index = 0; index < 30; index++)
    release = removeWeights({ release, applied, stamp: { ...stamp, at: String(index) } }, ["worker"]);
  expect(release.history).toHaveLength(HISTORY_LENGTH);
  expect(release.history.at(-1)?.at).toBe("29");
});

test("a version that was rolled back is no candidate without retry", () => {
  const [first, next] = releases({ steps: [100], hold: false, functions: ["worker"], verdicts: [] }).filter(isRunning);
  expect(findCandidates(first!, applied)).toEqual(["worker", "api"]);
  const rolledBack = decideNext(next!, { verdict: "fail", reason: "slow" }, stamp).release;
  expect(findCandidates(rolledBack, applied)).toEqual(["api"]);
  expect(findCandidates(rolledBack, applied, { retry: true })).toEqual(["worker", "api"]);
  expect(findCandidates(rolledBack, applied, { publishing: ["worker"] })).toEqual(["worker", "api"]);
});
