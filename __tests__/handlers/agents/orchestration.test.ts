import fc from "fast-check";
import { explainMiss, countNeeded, explainStop } from "../../../handlers/agents/orchestration";

test.each([
  ["all", 2, 5, 5],
  ["any", 2, 5, 1],
  ["quorum", 0, 1, 1],
  ["quorum", 0, 4, 3],
  ["quorum", 0, 5, 3],
  ["quorum", 2, 5, 2],
  ["quorum", 9, 5, 5],
] as const)("%s with quorum %i needs, of %i agents, %i", (policy, quorum, members, needed) => {
  expect(countNeeded(policy, quorum, members)).toBe(needed);
});

test("with quorum the others are of no use once enough have answered; with any they are waited for", () => {
  const tally = { members: 5, ok: 3, notOk: 0 };
  expect(explainStop({ policy: "quorum", quorum: 3 }, tally)).toBe("enough agents had answered");
  expect(explainStop({ policy: "quorum", quorum: 4 }, tally)).toBeUndefined();
  expect(explainStop({ policy: "any", quorum: 0 }, tally)).toBeUndefined();
});

test("as soon as too many have failed, the others are of no use: with all that is the first", () => {
  const because = "too many agents of the phase had failed";
  expect(explainStop({ policy: "all", quorum: 0 }, { members: 5, ok: 3, notOk: 1 })).toBe(because);
  expect(explainStop({ policy: "quorum", quorum: 4 }, { members: 5, ok: 0, notOk: 1 })).toBeUndefined();
  expect(explainStop({ policy: "quorum", quorum: 4 }, { members: 5, ok: 0, notOk: 2 })).toBe(because);
  expect(explainStop({ policy: "any", quorum: 0 }, { members: 5, ok: 0, notOk: 4 })).toBeUndefined();
});

test("a phase that misses its policy is told with its numbers", () => {
  expect(explainMiss({ policy: "all", quorum: 0 }, 2, { members: 5, ok: 3, notOk: 2 })).toEqual({
    code: "too_few_agents_succeeded",
    message: "3 of the 5 agents of phase 2 gave an answer, but 5 must. See result.agents.",
  });
  expect(explainMiss({ policy: "quorum", quorum: 4 }, 1, { members: 5, ok: 0, notOk: 5 })).toEqual({
    code: "all_agents_failed",
    message: "No agent of phase 1 gave an answer. See result.agents.",
  });
  expect(explainMiss({ policy: "any", quorum: 0 }, 1, { members: 5, ok: 1, notOk: 4 })).toBeUndefined();
});

test("agents are called useless only when those that still run cannot change whether the phase is missed", () => {
  const tallies = fc
    .nat({ max: 9 })
    .chain((running) => fc.tuple(fc.constant(running), fc.nat({ max: 9 }), fc.nat({ max: 9 })));
  fc.assert(
    fc.property(
      fc.constantFrom("all", "quorum", "any"),
      fc.nat({ max: 12 }),
      tallies,
      (policy, quorum, [running, ok, notOk]) => {
        const members = running + ok + notOk;
        if (members === 0 || explainStop({ policy, quorum }, { members, ok, notOk }) === undefined) return;
        const missed = (more: number) =>
          explainMiss({ policy, quorum }, 1, { members, ok: ok + more, notOk: notOk + running - more }) !== undefined;
        expect(Array.from({ length: running + 1 }, (_, more) => missed(more))).toEqual(
          Array.from({ length: running + 1 }, () => missed(0)),
        );
      },
    ),
  );
});
