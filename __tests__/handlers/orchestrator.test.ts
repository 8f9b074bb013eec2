import { setTimeout as sleep } from "node:timers/promises";
import { AgentFailure, type Agent, type AgentInput } from "../../handlers/agents/agent";
import { orchestrate, type OrchestrationInput } from "../../handlers/orchestrator";
import { hang, keepingLog, never, readyAgent } from "./fixtures";

const says = (answer: string): Agent["run"] => async () => answer;
const fails: Agent["run"] = async () => {
  throw new AgentFailure("out of order");
};

function run(agents: OrchestrationInput["agents"], overrides: Partial<OrchestrationInput> = {}) {
  const defaults = { prompt: "?", turns: [], conversation: "c", maxParallel: 0, signal: never, nowMs: () => performance.now(), log: keepingLog().log };
  return orchestrate({ agents, ...defaults, ...overrides });
}

test("one agent's answer is the answer", async () => {
  expect(await run([readyAgent("a", says("324 m"))], { nowMs: () => 5 })).toEqual({
    answer: "324 m",
    agents: [{ name: "a", phase: 1, status: "ok", duration_ms: 0, answer: "324 m" }],
    duration_ms: 0,
  });
});

test("several answers of the last phase are told apart by name", async () => {
  const { answer } = await run([readyAgent("a", says("one")), readyAgent("b", fails), readyAgent("c", says("three"))]);
  expect(answer).toBe("a: one\n\nc: three");
});

test("agents of a phase run at once", async () => {
  const slow: Agent["run"] = async (_input, signal) => {
    await sleep(150, undefined, { signal });
    return "done";
  };
  const { duration_ms } = await run(["a", "b", "c", "d", "e", "f", "g"].map((name) => readyAgent(name, slow)));
  expect(duration_ms).toBeLessThan(2 * 150);
});

test("no more agents than allowed run at once", async () => {
  let running = 0;
  let most = 0;
  const counted: Agent["run"] = async () => {
    most = Math.max(most, ++running);
    await sleep(5);
    running--;
    return "done";
  };
  await run(["a", "b", "c", "d", "e"].map((name) => readyAgent(name, counted)), { maxParallel: 2 });
  expect(most).toBe(2);
});

test("phases run in ascending order, and each is given the ok answers of those before", async () => {
  const seen: Record<string, AgentInput["context"]> = {};
  const notes = (name: string): Agent["run"] => async ({ context }) => {
    seen[name] = context;
    return `${name}!`;
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
  expect(seen).toEqual({ first: { turns, answers: [] }, last: { turns, answers: [{ name: "first", answer: "first!" }] } });
  expect(answer).toBe("last!");
});

test("an agent may take part in several phases", async () => {
  const { agents } = await run([readyAgent("a", says("x"), { phases: [2, 1, 1] })]);
  expect(agents.map(({ phase }) => phase)).toEqual([1, 2]);
});

test("a failure is told by an agent's own words, anything else by none", async () => {
  const throws: Agent["run"] = () => Promise.reject(new Error("canary"));
  const { log, records } = keepingLog();
  const { answer, agents } = await run([readyAgent("a", fails), readyAgent("b", throws)], { log });
  expect(answer).toBeUndefined();
  expect(agents.map(({ status, error }) => [status, error])).toEqual([
    ["failed", "out of order"],
    ["failed", "The agent failed."],
  ]);
  expect(records.map(({ event, fields }) => [event, fields["agent"]])).toEqual([["agent_failed", "a"], ["agent_failed", "b"]]);
  expect(JSON.stringify(records)).not.toContain("canary");
});

test("an agent that throws at once does not sink the others", async () => {
  const throws = (() => {
    throw new Error("broken");
  }) as Agent["run"];
  expect((await run([readyAgent("a", throws), readyAgent("b", says("ok"))])).answer).toBe("ok");
});

test("an agent that hangs is timed out, and the others are not kept waiting for more than that", async () => {
  const { answer, agents, duration_ms } = await run([readyAgent("a", hang, { timeoutSeconds: 0.1 }), readyAgent("b", says("ok"))]);
  expect(answer).toBe("ok");
  expect(agents[0]).toMatchObject({ status: "timed_out", error: "No answer within 0.1 s." });
  expect(duration_ms).toBeLessThan(2_000);
});

test("an agent that ignores its signal is timed out all the same", async () => {
  const deaf: Agent["run"] = () => new Promise(() => undefined);
  expect((await run([readyAgent("a", deaf, { timeoutSeconds: 0.05 })])).agents[0]).toMatchObject({ status: "timed_out" });
});

test("the end of the whole request's time ends every agent, and later phases do not start", async () => {
  const late = jest.fn(says("late"));
  const agents = [readyAgent("a", hang), readyAgent("b", hang), readyAgent("c", late, { phases: [2] })];
  const outcome = await run(agents, { signal: AbortSignal.timeout(50) });
  expect(outcome.agents.map(({ status }) => status)).toEqual(["timed_out", "timed_out", "timed_out"]);
  expect(outcome.agents[2]?.error).toBe("Cancelled: the time for the whole request ran out.");
  expect(outcome.answer).toBeUndefined();
  expect(late).not.toHaveBeenCalled();
});

test("without an answer of the last phase there is none, whatever the earlier ones said", async () => {
  const { answer, agents } = await run([readyAgent("a", says("ok")), readyAgent("b", fails, { phases: [2] })]);
  expect(answer).toBeUndefined();
  expect(agents).toHaveLength(2);
});
