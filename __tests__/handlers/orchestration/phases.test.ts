import fc from "fast-check";
import { AgentFailure, type Agent } from "../../../handlers/agents/agent";
import type { AgentPolicy } from "../../../handlers/orchestration/orchestration";
import { runArbiter, runPhase } from "../../../handlers/orchestration/phases";
import { hang, keepingLog, readyAgent, says, settled } from "../fixtures";
import { orchestration } from "./input";

const fails: Agent["run"] = async () => {
  throw new AgentFailure("out of order");
};
/** Does the same when everything else has happened that was ready to. */
const later =
  (run: Agent["run"]): Agent["run"] =>
  async (...given) => (await settled(), run(...given));
const group = (...runs: readonly Agent["run"][]) => runs.map((run, index) => readyAgent(`a${index}`, run));

test("with quorum the phase ends as soon as enough have answered, and the others are aborted", async () => {
  const aborted = jest.fn();
  const slow: Agent["run"] = (input, signal) => (signal.addEventListener("abort", aborted), hang(input, signal));
  const { reports, failure } = await runPhase(
    orchestration(group(says("a"), slow, says("b"), slow, says("c")), { policy: "quorum" }),
    1,
    1,
    [],
  );
  expect(reports.map(({ status }) => status)).toEqual(["ok", "cancelled", "ok", "cancelled", "ok"]);
  expect(reports[1]?.error).toBe("Not needed: enough agents had answered.");
  expect(failure).toBeUndefined();
  expect(aborted).toHaveBeenCalledTimes(2);
});

test("with quorum and lanes, agents that were not begun are not begun any more", async () => {
  const late = jest.fn(says("late"));
  const { reports } = await runPhase(
    orchestration(group(says("a"), late), { policy: "quorum", quorum: 1, maxParallel: 1 }),
    1,
    1,
    [],
  );
  expect(reports.map(({ status }) => status)).toEqual(["ok", "cancelled"]);
  expect(late).not.toHaveBeenCalled();
});

test("with all, the first failure cancels the rest", async () => {
  const { reports, failure } = await runPhase(
    orchestration(group(says("a"), later(fails), hang), { policy: "all" }),
    1,
    1,
    [],
  );
  expect(reports.map(({ status }) => status)).toEqual(["ok", "failed", "cancelled"]);
  expect(reports[2]?.error).toBe("Not needed: too many agents of the phase had failed.");
  expect(failure).toMatchObject({
    code: "too_few_agents_succeeded",
    message: "1 of the 3 agents of phase 1 gave an answer, but 3 must. See result.agents.",
  });
});

test("with any, all are waited for", async () => {
  const { reports, failure } = await runPhase(
    orchestration(group(says("a"), later(says("late")), fails), { policy: "any" }),
    1,
    1,
    [],
  );
  expect(reports.map(({ status }) => status)).toEqual(["ok", "ok", "failed"]);
  expect(failure).toBeUndefined();
});

test("a phase may use its equal share of the time that is left, and each agent what the phase has left", async () => {
  let clockMs = 0;
  const deadlines: number[] = [];
  const notes: Agent["run"] = async ({ deadlineMs }) => {
    deadlines.push(deadlineMs);
    clockMs += 1_000;
    return { text: "a" };
  };
  const input = orchestration(group(notes, notes), { nowMs: () => clockMs, deadlineMs: 9_000, maxParallel: 1 });
  const { reports } = await runPhase(input, 1, 3, []);
  expect(deadlines).toEqual([3_000, 3_000]);
  expect(reports.map(({ duration_ms }) => duration_ms)).toEqual([1_000, 1_000]);
});

test("an agent whose lane is free too late is not called", async () => {
  let clockMs = 0;
  const takesAll: Agent["run"] = async () => ((clockMs += 3_000), { text: "a" });
  const { reports } = await runPhase(
    orchestration(group(takesAll, takesAll), { nowMs: () => clockMs, deadlineMs: 6_000, maxParallel: 1 }),
    1,
    2,
    [],
  );
  expect(reports.map(({ status, error }) => [status, error])).toEqual([
    ["ok", undefined],
    ["timed_out", "Not called: the request had no time left."],
  ]);
});

test("a phase is logged with its numbers, and measured by its own", async () => {
  const { log, records } = keepingLog();
  const agents = [
    readyAgent("a", says("canary"), { phases: [2] }),
    readyAgent("b", fails, { phases: [2] }),
    readyAgent("other", says("canary")),
  ];
  await runPhase(orchestration(agents, { log, nowMs: () => 5, policy: "all" }), 2, 1, []);
  expect(records.at(-1)).toEqual({
    level: "info",
    event: "phase_ended",
    fields: { phase: "2", duration_ms: 0, agents: 2, ok: 1, error_code: "too_few_agents_succeeded" },
    measured: [{ metrics: { PhaseDuration: 0 }, dimensions: { Phase: "2" } }],
  });
  expect(JSON.stringify(records)).not.toContain("canary");
});

test("the arbiter is asked with the last phase's answers, in a phase of its own name", async () => {
  const { log, records } = keepingLog();
  const merges: Agent["run"] = async ({ context }) => ({ text: context.answers.map(({ name }) => name).join("+") });
  const input = orchestration([], { log, arbiter: readyAgent("judge", merges), nowMs: () => 5 });
  const answers = [
    { name: "a", answer: "one" },
    { name: "b", answer: "two" },
  ];
  expect(await runArbiter(input, 2, answers)).toEqual({
    name: "judge",
    phase: 3,
    role: "arbiter",
    status: "ok",
    duration_ms: 0,
    answer: "a+b",
  });
  expect(records.map(({ event }) => event)).toEqual(["agent_ended", "phase_ended"]);
  expect(records[1]).toMatchObject({
    fields: { phase: "arbiter" },
    measured: [{ metrics: { PhaseDuration: 0 }, dimensions: { Phase: "arbiter" } }],
  });
  expect(await runArbiter(orchestration([]), 2, answers)).toBeUndefined();
});

/**
 * What must come of a phase whose agents end one after the other, by a model that knows nothing of the implementation.
 */
function model(policy: AgentPolicy, quorum: number, outcomes: readonly boolean[]) {
  const n = outcomes.length;
  const needed =
    policy === "all" ? n : policy === "any" ? 1 : quorum === 0 ? Math.floor(n / 2) + 1 : Math.min(quorum, n);
  const ended: boolean[] = [];
  for (const ok of outcomes) {
    const good = ended.filter(Boolean).length;
    if ((policy === "quorum" && good >= needed) || ended.length - good > n - needed) break;
    ended.push(ok);
  }
  return {
    ok: ended.filter(Boolean).length,
    failed: ended.filter((ok) => !ok).length,
    isMissed: ended.filter(Boolean).length < needed,
  };
}

test("whatever agents do in whatever order, a phase ends as the policy says", async () => {
  const outcomes = fc.array(fc.boolean(), { minLength: 1, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom<AgentPolicy>("all", "quorum", "any"),
      fc.nat({ max: 9 }),
      outcomes,
      fc.nat(),
      async (policy, quorum, inOrder, seed) => {
        const ends: (() => void)[] = [];
        const agents = inOrder.map((ok, index) => ({
          index,
          run: (() =>
            new Promise(
              (resolve, reject) => (ends[index] = () => (ok ? resolve({ text: "a" }) : reject(new AgentFailure("x")))),
            )) as Agent["run"],
        }));
        // The order of the definitions is another one than the order of the endings.
        const shuffled = agents
          .map((agent) => ({ agent, key: Math.imul(agent.index + seed, 2_654_435_761) >>> 0 }))
          .sort((a, b) => a.key - b.key)
          .map(({ agent }) => agent);
        const phase = runPhase(
          orchestration(
            shuffled.map(({ index, run }) => readyAgent(`a${index}`, run)),
            { policy, quorum },
          ),
          1,
          1,
          [],
        );
        for (const end of [...ends]) {
          end();
          await settled();
        }
        const { reports, failure } = await phase;
        const count = (status: string) => reports.filter((report) => report.status === status).length;
        const expected = model(policy, quorum, inOrder);
        expect({ ok: count("ok"), failed: count("failed"), isMissed: failure !== undefined }).toEqual(expected);
        expect(count("cancelled")).toBe(inOrder.length - expected.ok - expected.failed);
      },
    ),
    { numRuns: 60 },
  );
});
