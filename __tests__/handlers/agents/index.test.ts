import { openAgents } from "../../../handlers/agents";
import type { AgentDefinition } from "../../../handlers/environment";
import { never } from "../fixtures";

const scripted: AgentDefinition = { name: "echo", kind: "scripted", target: "0ms hello", timeout_seconds: 1, phases: [1] };
const core: AgentDefinition = { ...scripted, name: "core", kind: "agentcore", target: "arn:aws:bedrock-agentcore:eu-west-1:1:runtime/x" };
const input = { prompt: "?", context: { turns: [], answers: [] }, conversation: "c" };

test("a scripted agent never connects", async () => {
  const connect = jest.fn();
  const [echo] = openAgents([scripted, core], connect);
  expect(await echo?.agent.run(input, never)).toBe("hello");
  expect(connect).not.toHaveBeenCalled();
});

test("an agent of AgentCore connects with its first run", async () => {
  const connect = jest.fn(() => Promise.reject(new Error("no network")));
  const [agent] = openAgents([core], connect);
  await expect(agent?.agent.run(input, never)).rejects.toThrow("no network");
  expect(connect).toHaveBeenCalledTimes(1);
});

test("a script that cannot be read is refused by the agent's name", () => {
  expect(() => openAgents([{ ...scripted, target: "hello" }], jest.fn())).toThrow('Agent echo: the target "hello" is not a script.');
});
