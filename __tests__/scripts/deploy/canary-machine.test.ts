import fc from "fast-check";
import type { Release } from "../../../stacks/contract/settings";
import {
  begun,
  candidates,
  judged,
  shifted,
  takenBack,
  takenBackByHand,
  type Present,
} from "../../../scripts/deploy/canary-machine";
import {
  emptyRelease,
  FUNCTIONS,
  HISTORY_LENGTH,
  weightOf,
  type FunctionName,
  LIVE_SETTINGS,
  liveArguments,
  liveVariables,
  settingsInEffect,
  wholeLiveFile,
} from "../../../scripts/deploy/release";

const stamp = { at: "2026-11-21T12:00:00.000Z", writer: "run" };
const present: Present = {
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
  const first = begun(
    emptyRelease("q-dev"),
    { ...wish, steps, on_inconclusive: hold ? "hold" : "rollback" },
    present,
    stamp,
  );
  const all = [first, shifted(first, present, functions, stamp)!];
  for (const verdict of verdicts) {
    const last = all.at(-1)!;
    if (last.canary === null) break;
    all.push(judged(last, { verdict, reason: "why" }, stamp).release);
  }
  return all;
}

test("from any release on the way, taking back pins the stable versions and leaves no weight and no override", () => {
  fc.assert(
    fc.property(way, (given) => {
      for (const release of releases(given).filter(({ canary }) => canary !== null)) {
        const back = takenBack(release, "aborted", "", stamp);
        const expected = Object.fromEntries(
          FUNCTIONS.filter((name) => (release.canary?.stable[name] ?? null) !== null).map((name) => [
            LIVE_SETTINGS[name].version,
            present.live[name],
          ]),
        );
        expect(liveVariables(back)).toEqual(expected);
        expect(liveArguments(back)).toEqual([]);
        expect(JSON.parse(wholeLiveFile(back))).toEqual({
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

test("a failing canary is rolled back also where one that decides nothing is held", () => {
  const [, release] = releases({ steps: [10, 100], hold: true, functions: ["worker"], verdicts: [] });
  expect(judged(release!, { verdict: "fail", reason: "slow" }, stamp)).toMatchObject({
    ending: "rolled_back",
    release: { canary: null, pinned: { worker: 7 } },
  });
  for (const verdict of ["inconclusive", "error"] as const)
    expect(judged(release!, { verdict, reason: "few" }, stamp)).toMatchObject({
      ending: "held",
      release: { canary: { step: 0 } },
    });
});

test("the pin of a function that is no part of the canary outlives it, taken back or promoted", () => {
  const pinned = { ...emptyRelease("q-dev"), pinned: { worker: null, api: 2 } };
  const release = shifted(
    begun(pinned, { ...wish, steps: [100], on_inconclusive: "rollback" }, present, stamp),
    present,
    ["worker"],
    stamp,
  )!;
  expect(takenBack(release, "aborted", "", stamp).pinned).toEqual({ worker: 7, api: 2 });
  expect(judged(release, { verdict: "pass", reason: "" }, stamp).release.pinned).toEqual({ worker: null, api: 2 });
});

test("weights only grow, by one step each, or end at 0; each change has a higher serial", () => {
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

test("an end leaves no weight and no override; promoted, no pin of what moved", () => {
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

test("while there are weights, provisioned concurrency is off, and nowhere else", () => {
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

test("what is applied, applied again without a canary, has the provisioned concurrency that the canary took away", () => {
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

test("the history forgets the oldest", () => {
  let release = emptyRelease("q-dev");
  for (let index = 0; index < 30; index++)
    release = takenBackByHand(release, present, ["worker"], { ...stamp, at: String(index) });
  expect(release.history).toHaveLength(HISTORY_LENGTH);
  expect(release.history.at(-1)?.at).toBe("29");
});

test("what was rolled back, by a canary or by a person, is no candidate, but with retry", () => {
  const [first, next] = releases({ steps: [100], hold: false, functions: ["worker"], verdicts: [] });
  expect(candidates(first!, present)).toEqual(["worker", "api"]);
  const rolledBack = judged(next!, { verdict: "fail", reason: "slow" }, stamp).release;
  expect(candidates(rolledBack, present)).toEqual(["api"]);
  expect(candidates(rolledBack, present, { retry: true })).toEqual(["worker", "api"]);
  expect(candidates(rolledBack, present, { publishing: ["worker"] })).toEqual(["worker", "api"]);
});

test("without a canary there is nothing to judge", () => {
  expect(() => judged(emptyRelease("q-dev"), { verdict: "pass", reason: "" }, stamp)).toThrow(
    "No canary of q-dev is on its way; start one: quickturn canary",
  );
});
