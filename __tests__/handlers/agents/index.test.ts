import { openAgents, openArbiter, type AgentDoors } from "../../../handlers/agents";
import { openCounters } from "../../../handlers/telemetry";
import type { AgentDefinition } from "../../../handlers/environment";
import { NotNeededError, type Guard, FAILURES_TO_OPEN, openGuards } from "../../../handlers/aws/guards";
import { openReadCache } from "../../../handlers/requests/read-cache";
import { question } from "../../support/wire/agent-faults";
import { keepingLog, never } from "../fixtures";

const scripted: AgentDefinition = {
  name: "echo",
  kind: "scripted",
  target: "0ms hello",
  timeout_seconds: 1,
  phases: [1],
};
const others: readonly AgentDefinition[] = [
  { ...scripted, name: "core", kind: "agentcore", target: "arn:aws:bedrock-agentcore:eu-west-1:1:runtime/x" },
  { ...scripted, name: "model", kind: "bedrock", target: "eu.vendor.model-1:0" },
  { ...scripted, name: "function", kind: "lambda", target: "arn:aws:lambda:eu-west-1:123456789012:function:critic" },
  {
    ...scripted,
    name: "endpoint",
    kind: "http",
    target: "https://agents.example.com/",
    secret_arn: "arn:aws:secretsmanager:x",
  },
];

/** Doors that lead nowhere, each with its name. */
function closedDoors(guards: AgentDoors["guards"] = () => ({ run: (work) => work() })) {
  const closed = (name: string) => jest.fn(() => Promise.reject(new Error(`no way to ${name}`)));
  const doors = {
    agentcore: closed("agentcore"),
    bedrock: closed("bedrock"),
    lambda: closed("lambda"),
    secrets: closed("secrets"),
    http: { handle: closed("http") },
  };
  const nowMs = () => Date.now();
  return {
    ...doors,
    cache: openReadCache({ ttlMs: 0, nowMs, counters: openCounters() }),
    guards,
    nowMs,
    random: () => 0,
  };
}

test("opening agents connects to nothing, nor does a scripted one when it runs", async () => {
  const doors = closedDoors();
  const [echo] = openAgents([scripted, ...others], doors);
  expect(await echo?.agent.run(question(), never)).toEqual({ text: "hello" });
  for (const door of [doors.agentcore, doors.bedrock, doors.lambda, doors.secrets, doors.http.handle])
    expect(door).not.toHaveBeenCalled();
});

test.each([
  ["core", "agentcore"],
  ["model", "bedrock"],
  ["function", "lambda"],
  ["endpoint", "secrets"],
] as const)("the agent %s goes through the door %s with its first run", async (name, door) => {
  const doors = closedDoors();
  const agent = openAgents(others, doors).find(({ definition }) => definition.name === name);
  await expect(agent?.agent.run(question(), never)).rejects.toThrow();
  expect(doors[door]).toHaveBeenCalledTimes(1);
});

test("each agent has the guard of its name, and every run passes it", async () => {
  const passed: string[] = [];
  const guards = (dependency: string): Guard => ({ run: (work) => (passed.push(dependency), work()) });
  const [echo] = openAgents([scripted], closedDoors(guards));
  await echo?.agent.run(question(), never);
  await openArbiter({ ...scripted, name: "judge" }, closedDoors(guards))?.agent.run(question(), never);
  expect(passed).toEqual(["agent:echo", "agent:judge"]);
});

test("a guard that let a run wait until it was aborted begins nothing", async () => {
  const doors = closedDoors(() => ({ run: (work) => work() }));
  const core = openAgents(others, doors)[0];
  await expect(core?.agent.run(question(), AbortSignal.abort(new Error("too late")))).rejects.toThrow("too late");
  expect(doors.agentcore).not.toHaveBeenCalled();
});

test("a guard sees a run end with its abort, however slow the agent is to notice", async () => {
  const ended = jest.fn();
  const doors = {
    ...closedDoors(() => ({ run: (work) => work().finally(ended) })),
    agentcore: () => new Promise<never>(() => undefined),
  };
  const run = openAgents(others, doors)[0]?.agent.run(question(), AbortSignal.timeout(20));
  await expect(run).rejects.toMatchObject({ name: "TimeoutError" });
  expect(ended).toHaveBeenCalled();
});

test("an agent that is down is not called any more, and one that was called off is not down", async () => {
  const handle = jest.fn((_request: object, { abortSignal }: { abortSignal: AbortSignal }) => {
    abortSignal.throwIfAborted();
    return Promise.reject(Object.assign(new Error("reset"), { code: "ECONNRESET" }));
  });
  const doors = { ...closedDoors(openGuards({ counters: openCounters(), log: keepingLog().log })), http: { handle } };
  const [oracle] = openAgents(
    [{ ...scripted, name: "oracle", kind: "http", target: "https://agents.example.com/" }],
    doors,
  );
  const ask = (signal = never) => oracle?.agent.run(question(), signal);
  for (let call = 0; call < 2 * FAILURES_TO_OPEN; call++) {
    const controller = new AbortController();
    const run = ask(controller.signal);
    controller.abort(new NotNeededError("enough agents had answered"));
    await expect(run).rejects.toThrow("enough agents had answered");
  }
  for (let call = 0; call < FAILURES_TO_OPEN; call++)
    await expect(ask()).rejects.toThrow("The agent's endpoint gave ECONNRESET.");
  handle.mockClear();
  await expect(ask()).rejects.toMatchObject({ name: "DependencyDownError" });
  expect(handle).not.toHaveBeenCalled();
});

test("without a definition there is no arbiter", () => {
  expect(openArbiter(undefined, closedDoors())).toBeUndefined();
});

test("a script that cannot be read is refused by the agent's name", () => {
  expect(() => openAgents([{ ...scripted, target: "hello" }], closedDoors())).toThrow(
    'Agent echo: the target "hello" is not a script.',
  );
});
