import { AgentFailure, type Agent, type AgentInput } from "../../../handlers/agents/agent";
import { agentCoreAgent } from "../../../handlers/agents/agentcore";
import { connectAgentCore } from "../../../handlers/clients/agentcore";
import { once } from "../../../handlers/clients/once";
import { NotNeeded } from "../../../handlers/resilience/guard";
import type { OrchestrationInput } from "../../../handlers/orchestration/orchestration";
import { orchestrate } from "../../../handlers/orchestration/orchestrator";
import { startAgentCore } from "../../support/wire/agentcore-server";
import { wireConnection } from "../../support/wire/connection";
import { json } from "../../support/wire/wire-server";
import { hang, keepingLog, readyAgent, settled } from "../fixtures";
import { orchestration } from "./input";

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
  const { answer } = await run([readyAgent("a", says("one")), readyAgent("b", fails), readyAgent("c", says("three"))]);
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
    queueMicrotask(() => controller.abort(new NotNeeded("the lease was lost")));
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
    ["the request's end", (request) => request.abort(new NotNeeded("the lease was lost")), {}],
  ])("loses it by %s: the server sees it", async (_why, happen, overrides) => {
    const server = await startAgentCore();
    const target = "arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/planner-1";
    const client = once(() => connectAgentCore(wireConnection(server.url)));
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
