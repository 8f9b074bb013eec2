import { AgentFailure, type Agent, type AgentInput } from "../../../handlers/agents/agent";
import { agentCoreAgent } from "../../../handlers/agents/aws-agents";
import { connectAgentCore, memoizePromise } from "../../../handlers/aws/agent-clients";
import { NotNeededError } from "../../../handlers/aws/guards";
import type { OrchestrationInput, AgentPolicy } from "../../../handlers/agents/orchestration";
import { orchestrate, runArbiter, runPhase } from "../../../handlers/agents/orchestrator";
import { startAgentCore } from "../../support/wire/agentcore-server";
import { wireConnection } from "../../support/wire/connection";
import { json } from "../../support/wire/wire-server";
import { hang, keepingLog, readyAgent, settled, says } from "../fixtures";
import { orchestration } from "./input";
import fc from "fast-check";

describe("orchestrator", () => {
  const says =
    (text: string): Agent["run"] =>
    async () => ({ text });
  const counts =
    (input: number, output: number): Agent["run"] =>
    async () => ({ text: "a", tokens: { input, output } });
  const fails: Agent["run"] = async () => {
    throw new AgentFailure("out of order");
  };
  const run = (agents: OrchestrationInput["agents"], overrides: Partial<OrchestrationInput> = {}) =>
    orchestrate(orchestration(agents, overrides));

  test("one agent's answer is the answer", async () => {
    expect(await run([readyAgent("a", says("324 m"))], { nowMs: () => 5 })).toEqual({
      answer: "324 m",
      agents: [{ name: "a", phase: 1, status: "ok", duration_ms: 0, answer: "324 m" }],
      duration_ms: 0,
    });
  });

  test("several answers of the last phase are told apart by name", async () => {
    const { answer } = await run([
      readyAgent("a", says("one")),
      readyAgent("b", fails),
      readyAgent("c", says("three")),
    ]);
    expect(answer).toBe("a: one\n\nc: three");
  });

  test("all seven agents of a phase run at the same time, and those of the next phase after them", async () => {
    const names = ["a", "b", "c", "d", "e", "f", "g"];
    const running: { name: string; end: () => void }[] = [];
    const waits =
      (name: string): Agent["run"] =>
      () =>
        new Promise((resolve) => running.push({ name, end: () => resolve({ text: "done" }) }));
    const outcome = run(names.map((name) => readyAgent(name, waits(name), { phases: [1, 2] })));
    for (let phase = 1; phase <= 2; phase++) {
      while (running.length < names.length) await settled();
      expect(running.map(({ name }) => name)).toEqual(names);
      for (const { end } of running.splice(0)) end();
    }
    expect((await outcome).agents.map(({ phase }) => phase)).toEqual([...names.map(() => 1), ...names.map(() => 2)]);
  });

  test("no more agents than allowed run at once", async () => {
    let running = 0;
    let most = 0;
    const counted: Agent["run"] = async () => {
      most = Math.max(most, ++running);
      await settled();
      running--;
      return { text: "done" };
    };
    await run(
      ["a", "b", "c", "d", "e"].map((name) => readyAgent(name, counted)),
      { maxParallel: 2 },
    );
    expect(most).toBe(2);
  });

  test("phases run in ascending order, and each is given the ok answers of those before", async () => {
    const seen: Record<string, AgentInput["context"]> = {};
    const notes =
      (name: string): Agent["run"] =>
      async ({ context }) => {
        seen[name] = context;
        return { text: `${name}!` };
      };
    const turns = [{ prompt: "Hi", answer: "Hello" }];
    const last = readyAgent("last", notes("last"), { phases: [10] });
    const first = readyAgent("first", notes("first"), { phases: [2] });
    const { answer, agents } = await run([last, first, readyAgent("broken", fails, { phases: [2] })], { turns });
    expect(agents.map(({ name, phase, status }) => [name, phase, status])).toEqual([
      ["first", 2, "ok"],
      ["broken", 2, "failed"],
      ["last", 10, "ok"],
    ]);
    expect(seen).toEqual({
      first: { turns, answers: [] },
      last: { turns, answers: [{ name: "first", answer: "first!" }] },
    });
    expect(answer).toBe("last!");
  });

  test("an agent may take part in several phases", async () => {
    const { agents } = await run([readyAgent("a", says("x"), { phases: [2, 1, 1] })]);
    expect(agents.map(({ phase }) => phase)).toEqual([1, 2]);
  });

  test("a phase without any answer ends the run: no later phase, no arbiter", async () => {
    const later = jest.fn(says("late"));
    const outcome = await run([readyAgent("a", fails), readyAgent("b", later, { phases: [2] })], {
      arbiter: readyAgent("judge", later),
    });
    expect(outcome).toMatchObject({
      failure: { code: "all_agents_failed", message: "No agent of phase 1 gave an answer. See result.agents." },
    });
    expect(outcome).not.toHaveProperty("answer");
    expect(outcome.agents).toHaveLength(1);
    expect(later).not.toHaveBeenCalled();
  });

  test("a phase that misses its policy ends the run with the numbers, whatever its agents said", async () => {
    const outcome = await run(
      [readyAgent("a", says("ok")), readyAgent("b", fails), readyAgent("c", says("ok"), { phases: [2] })],
      { policy: "all" },
    );
    expect(outcome).toMatchObject({
      failure: {
        code: "too_few_agents_succeeded",
        message: "1 of the 2 agents of phase 1 gave an answer, but 2 must. See result.agents.",
      },
    });
    expect(outcome).not.toHaveProperty("answer");
    expect(outcome.agents.map(({ name }) => name)).toEqual(["a", "b"]);
  });

  test("without an answer of the last phase there is none, whatever the earlier ones said", async () => {
    const outcome = await run([readyAgent("a", says("ok")), readyAgent("b", fails, { phases: [2] })]);
    expect(outcome).toMatchObject({ failure: { code: "all_agents_failed" }, agents: { length: 2 } });
    expect(outcome).not.toHaveProperty("answer");
  });

  test("the arbiter's text is the answer, and it is given the last phase's answers only", async () => {
    let asked: AgentInput | undefined;
    const judges: Agent["run"] = async (input) => ((asked = input), { text: "both" });
    const agents = [
      readyAgent("a", says("early")),
      readyAgent("b", says("one"), { phases: [2] }),
      readyAgent("c", says("two"), { phases: [2] }),
    ];
    const outcome = await run(agents, { arbiter: readyAgent("judge", judges) });
    expect(outcome.answer).toBe("both");
    expect(outcome.agents.at(-1)).toMatchObject({ name: "judge", role: "arbiter", phase: 3, status: "ok" });
    expect(asked?.context.answers).toEqual([
      { name: "b", answer: "one" },
      { name: "c", answer: "two" },
    ]);
  });

  test("an arbiter that fails is reported, and the answers stand without it", async () => {
    const outcome = await run([readyAgent("a", says("one")), readyAgent("b", says("two"))], {
      arbiter: readyAgent("judge", fails),
    });
    expect(outcome.answer).toBe("a: one\n\nb: two");
    expect(outcome.agents.at(-1)).toMatchObject({ role: "arbiter", status: "failed", error: "out of order" });
    expect(outcome).not.toHaveProperty("failure");
  });

  test("time is shared by the phases that are left and the arbiter; what one does not use is left to the others", async () => {
    let clockMs = 0;
    const deadlines: number[] = [];
    const takes =
      (ms: number): Agent["run"] =>
      async ({ deadlineMs }) => {
        deadlines.push(deadlineMs);
        clockMs += ms;
        return { text: "a" };
      };
    const agents = [readyAgent("a", takes(1_000)), readyAgent("b", takes(5_000), { phases: [2] })];
    await run(agents, { arbiter: readyAgent("judge", takes(1_000)), nowMs: () => clockMs, deadlineMs: 12_000 });
    // 12 s for three, then 11 s for two, then 6 s for one.
    expect(deadlines).toEqual([4_000, 6_500, 12_000]);
  });

  test("an agent that hangs is timed out, and the others' answers are not lost with it", async () => {
    const { answer, agents } = await run([readyAgent("a", hang, { timeoutSeconds: 0.1 }), readyAgent("b", says("ok"))]);
    expect(answer).toBe("ok");
    expect(agents[0]).toMatchObject({ status: "timed_out", error: "No answer within 0.1 s." });
  });

  test("the end of the request cancels every agent that runs, and begins no other", async () => {
    const late = jest.fn(says("late"));
    const controller = new AbortController();
    const lastToBegin: Agent["run"] = (input, signal) => {
      queueMicrotask(() => controller.abort(new NotNeededError("the lease was lost")));
      return hang(input, signal);
    };
    const agents = [readyAgent("a", hang), readyAgent("b", lastToBegin), readyAgent("c", late, { phases: [2] })];
    const outcome = await run(agents, { signal: controller.signal });
    expect(outcome.agents.map(({ status, error }) => [status, error])).toEqual([
      ["cancelled", "Cancelled: the request ended before it."],
      ["cancelled", "Cancelled: the request ended before it."],
    ]);
    expect(outcome).not.toHaveProperty("answer");
    expect(late).not.toHaveBeenCalled();
  });

  test("tokens are added up over all who tell theirs, the arbiter among them", async () => {
    const agents = [
      readyAgent("a", counts(5, 3)),
      readyAgent("b", says("silent")),
      readyAgent("c", counts(1, 1), { phases: [2] }),
    ];
    expect((await run(agents, { arbiter: readyAgent("judge", counts(10, 20)) })).tokens).toEqual({
      input: 16,
      output: 24,
      total: 40,
    });
    expect(await run([readyAgent("b", says("silent"))])).not.toHaveProperty("tokens");
  });

  test("no line holds the prompt, an answer or an agent's words", async () => {
    const { log, records } = keepingLog();
    const quotes: Agent["run"] = async () => {
      throw new AgentFailure("canary", { cause: new Error("canary") });
    };
    const agents = [
      readyAgent("a", says("canary")),
      readyAgent("b", quotes),
      readyAgent("c", () => Promise.reject(new Error("canary"))),
    ];
    await run(agents, {
      log,
      prompt: "canary",
      turns: [{ prompt: "canary", answer: "canary" }],
      arbiter: readyAgent("judge", says("canary")),
    });
    expect(records.map(({ event }) => event)).toEqual([
      "agent_ended",
      "agent_ended",
      "agent_ended",
      "phase_ended",
      "agent_ended",
      "phase_ended",
    ]);
    expect(JSON.stringify(records)).not.toContain("canary");
  });

  describe("an agent whose connection is open", () => {
    // The connection itself and the server go by real time.
    beforeEach(() =>
      jest.useFakeTimers({
        doNotFake: ["Date", "performance", "nextTick", "queueMicrotask", "setImmediate", "setInterval"],
      }),
    );
    afterEach(() => jest.useRealTimers());

    test.each<[string, (request: AbortController) => void, Partial<OrchestrationInput>]>([
      ["its time-out", () => jest.advanceTimersByTime(60_000), {}],
      ["a quorum without it", () => undefined, { policy: "quorum", quorum: 1 }],
      ["the request's end", (request) => request.abort(new NotNeededError("the lease was lost")), {}],
    ])("loses it by %s: the server sees it", async (_why, happen, overrides) => {
      const server = await startAgentCore();
      const target = "arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/planner-1";
      const client = memoizePromise(() => connectAgentCore(wireConnection(server.url)));
      const { run: calls } = agentCoreAgent({ name: "core", kind: "agentcore", target, timeout_seconds: 60 }, client);
      server.reply = json({ answer: "late" });
      server.always("hang");
      const request = new AbortController();
      const other: Agent["run"] = async () => {
        await server.asked();
        happen(request);
        return { text: "other" };
      };
      const agents = [
        readyAgent("core", calls, { timeoutSeconds: 60 }),
        readyAgent("other", other, { timeoutSeconds: 600 }),
      ];
      expect((await run(agents, { signal: request.signal, ...overrides })).agents[0]?.status).toMatch(
        /timed_out|cancelled/,
      );
      await server.quiet();
      expect(server.aborted).toBe(1);
      await server.stop();
    });
  });
});

describe("phases", () => {
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
      { phase: 1, stepsLeft: 1, answers: [] },
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
      { phase: 1, stepsLeft: 1, answers: [] },
    );
    expect(reports.map(({ status }) => status)).toEqual(["ok", "cancelled"]);
    expect(late).not.toHaveBeenCalled();
  });

  test("with all, the first failure cancels the rest", async () => {
    const { reports, failure } = await runPhase(
      orchestration(group(says("a"), later(fails), hang), { policy: "all" }),
      { phase: 1, stepsLeft: 1, answers: [] },
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
      { phase: 1, stepsLeft: 1, answers: [] },
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
    const { reports } = await runPhase(input, { phase: 1, stepsLeft: 3, answers: [] });
    expect(deadlines).toEqual([3_000, 3_000]);
    expect(reports.map(({ duration_ms }) => duration_ms)).toEqual([1_000, 1_000]);
  });

  test("an agent whose lane is free too late is not called", async () => {
    let clockMs = 0;
    const takesAll: Agent["run"] = async () => ((clockMs += 3_000), { text: "a" });
    const { reports } = await runPhase(
      orchestration(group(takesAll, takesAll), { nowMs: () => clockMs, deadlineMs: 6_000, maxParallel: 1 }),
      { phase: 1, stepsLeft: 2, answers: [] },
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
    await runPhase(orchestration(agents, { log, nowMs: () => 5, policy: "all" }), {
      phase: 2,
      stepsLeft: 1,
      answers: [],
    });
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
                (resolve, reject) =>
                  (ends[index] = () => (ok ? resolve({ text: "a" }) : reject(new AgentFailure("x")))),
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
            { phase: 1, stepsLeft: 1, answers: [] },
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
});
