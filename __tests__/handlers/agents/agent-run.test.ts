import { runAgent, type AgentTask } from "../../../handlers/agents/agent-run";
import { AgentFailure, type Agent, type AgentInput } from "../../../handlers/agents/agent";
import { DependencyDownError, NotNeededError } from "../../../handlers/aws/guards";
import { hang, keepingLog, never, readyAgent } from "../fixtures";
import { orchestration } from "./input";

const NOW_MS = 1_000_000;
const { log, records } = keepingLog();
beforeEach(() => void records.splice(0));

function run(
  agent: Agent["run"],
  {
    timeoutSeconds = 60,
    endMs = NOW_MS + 600_000,
    stop = never,
    signal = never,
    role,
  }: {
    timeoutSeconds?: number;
    endMs?: number;
    stop?: AbortSignal;
    signal?: AbortSignal;
    role?: AgentTask["role"];
  } = {},
) {
  const input = orchestration([], { nowMs: () => NOW_MS, signal, log, turns: [{ prompt: "Hi", answer: "Hello" }] });
  return runAgent(input, {
    ready: readyAgent("planner", agent, { timeoutSeconds }),
    phase: 2,
    answers: [{ name: "critic", answer: "high" }],
    endMs,
    stop,
    ...(role && { role }),
  });
}

test("an answer is reported with its tokens, and measured by agent and by model", async () => {
  const report = await run(async () => ({ text: "324 m", tokens: { input: 5, output: 3 }, model: "m-1" }));
  expect(report).toEqual({
    name: "planner",
    phase: 2,
    status: "ok",
    duration_ms: 0,
    answer: "324 m",
    tokens: { input: 5, output: 3, total: 8 },
  });
  expect(records).toEqual([
    {
      level: "info",
      event: "agent_ended",
      fields: { agent: "planner", phase: 2, status: "ok", duration_ms: 0 },
      measured: [
        { metrics: { AgentDuration: 0, AgentFailed: 0 }, dimensions: { Agent: "planner" } },
        { metrics: { TokensIn: 5, TokensOut: 3, TokensUsed: 8 }, dimensions: { Model: "m-1" } },
      ],
    },
  ]);
});

test("tokens of an unknown model are reported, and not measured by model", async () => {
  expect(await run(async () => ({ text: "324 m", tokens: { input: 5, output: 3 } }))).toMatchObject({
    tokens: { total: 8 },
  });
  expect(records[0]?.measured).toHaveLength(1);
});

test("an agent is asked with the turns, the earlier answers and its own deadline", async () => {
  let asked: AgentInput | undefined;
  await run(async (input) => ((asked = input), { text: "a" }), { timeoutSeconds: 2 });
  expect(asked).toEqual({
    prompt: "?",
    context: { turns: [{ prompt: "Hi", answer: "Hello" }], answers: [{ name: "critic", answer: "high" }] },
    conversation: "c",
    deadlineMs: NOW_MS + 2_000,
  });
});

test.each<[string, Error, string]>([
  ["its own words", new AgentFailure("out of order"), "out of order"],
  ["none where it did not choose them", new Error("canary"), "The agent failed."],
  [
    "the guard's refusal",
    new DependencyDownError("agent:planner was not called"),
    "Not called: it failed too often just now.",
  ],
])("a failure is told by %s", async (_how, error, told) => {
  expect(await run(() => Promise.reject(error))).toMatchObject({ status: "failed", error: told });
  expect(records).toMatchObject([
    {
      level: "warn",
      fields: { status: "failed", error: { name: error.name } },
      measured: [{ metrics: { AgentFailed: 1 } }],
    },
  ]);
  expect(JSON.stringify(records)).not.toMatch(/canary|out of order/);
});

test("an agent that throws at once has failed", async () => {
  const broken = (() => {
    throw new Error("broken");
  }) as Agent["run"];
  expect(await run(broken)).toMatchObject({ status: "failed", error: "The agent failed." });
});

test("an agent's own time-out is told as such", async () => {
  expect(await run(hang, { timeoutSeconds: 0.03 })).toMatchObject({
    status: "timed_out",
    error: "No answer within 0.03 s.",
  });
  expect(records).toMatchObject([
    {
      level: "warn",
      fields: { status: "timed_out", error: { name: "TimeoutError" } },
      measured: [{ metrics: { AgentFailed: 1 } }],
    },
  ]);
});

test("a time-out that the request's time makes shorter is told as such", async () => {
  expect(await run(hang, { endMs: NOW_MS + 30 })).toMatchObject({
    status: "timed_out",
    error: "No answer within the 0.0 s that the request had left.",
  });
});

test("an agent that ignores its signal is timed out all the same", async () => {
  expect(await run(() => new Promise(() => undefined), { timeoutSeconds: 0.03 })).toMatchObject({
    status: "timed_out",
  });
});

test("without time left an agent is not called", async () => {
  const agent = jest.fn();
  expect(await run(agent, { endMs: NOW_MS })).toMatchObject({
    status: "timed_out",
    error: "Not called: the request had no time left.",
  });
  expect(agent).not.toHaveBeenCalled();
});

test("the request's end cancels an agent, which is not counted as its failure", async () => {
  const request = new AbortController();
  const agent: Agent["run"] = (...given) => {
    queueMicrotask(() => request.abort(new Error("the request ended")));
    return hang(...given);
  };
  expect(await run(agent, { signal: request.signal })).toMatchObject({
    status: "cancelled",
    error: "Cancelled: the request ended before it.",
  });
  expect(records).toMatchObject([{ level: "warn", fields: { status: "cancelled" } }]);
  expect(records[0]).not.toHaveProperty("measured");
});

test.each([
  ["runs", 1],
  ["was not called yet", 0],
])("an agent that %s and is not needed any more is cancelled with the reason", async (_when, calls) => {
  const controller = new AbortController();
  const stop = () => controller.abort(new NotNeededError("enough agents had answered"));
  if (calls === 0) stop();
  const agent = jest.fn<ReturnType<Agent["run"]>, Parameters<Agent["run"]>>((...given) => {
    queueMicrotask(stop);
    return hang(...given);
  });
  expect(await run(agent, { stop: controller.signal })).toMatchObject({
    status: "cancelled",
    error: "Not needed: enough agents had answered.",
  });
  expect(agent).toHaveBeenCalledTimes(calls);
});

test("an agent that failed on its own just before the abort has failed", async () => {
  const controller = new AbortController();
  const fails: Agent["run"] = async () => {
    queueMicrotask(() => controller.abort(new NotNeededError("enough agents had answered")));
    throw new AgentFailure("out of order");
  };
  expect(await run(fails, { stop: controller.signal })).toMatchObject({ status: "failed", error: "out of order" });
});

test("the arbiter's report says that it is one", async () => {
  expect(await run(async () => ({ text: "a" }), { role: "arbiter" })).toMatchObject({ role: "arbiter", status: "ok" });
});

test("nothing is left that would keep the process or follow the request", async () => {
  const signal = new AbortController().signal;
  const added = jest.spyOn(signal, "addEventListener");
  const removed = jest.spyOn(signal, "removeEventListener");
  await run(async () => ({ text: "a" }), { signal });
  expect(removed).toHaveBeenCalledTimes(added.mock.calls.length);
});
