import { parseAgents, parseScript } from "../../../handlers/agents/definitions";

const ARN = "arn:aws:bedrock-agentcore:eu-west-1:123456789012:runtime/planner-1";
const agent = (overrides: object = {}) => ({ name: "planner", kind: "agentcore", target: ARN, timeout_seconds: 60, phases: [1], ...overrides });

test("definitions are read as they were written", () => {
  const agents = [agent(), agent({ name: "echo", kind: "scripted", target: "5ms hello" })];
  expect(parseAgents(JSON.stringify(agents))).toEqual(agents);
});

test.each([
  ["text", "not JSON, but must be a JSON array of agents"],
  ["{}", "must be a JSON array of agents"],
  ["[]", "at least one agent is needed"],
  ["[null]", "agent 0: must be an object"],
])("the text %s is refused", (text, message) => {
  expect(() => parseAgents(text)).toThrow(message);
});

test.each([
  [{ name: " " }, "agent 0: name must be a text"],
  [{ kind: "lambda" }, 'agent 0: kind is "lambda", but must be one of agentcore, scripted'],
  [{ target: "planner" }, "agent 0: target must be the ARN of an AgentCore runtime"],
  [{ target: "" }, "agent 0: target must be a text"],
  [{ kind: "scripted" }, 'agent 0: target must read "<milliseconds>ms <answer>"'],
  [{ timeout_seconds: 0 }, "agent 0: timeout_seconds is 0, but must be above 0"],
  [{ phases: [] }, "agent 0: phases is [], but must be whole numbers from 1"],
  [{ phases: [0] }, "agent 0: phases is [0], but must be whole numbers from 1"],
])("an agent with %j is refused", (overrides, message) => {
  expect(() => parseAgents(JSON.stringify([agent(overrides)]))).toThrow(message);
});

test("every problem is told at once, also a name that is used twice", () => {
  expect(() => parseAgents(JSON.stringify([agent({ timeout_seconds: "60" }), agent({ phases: "1" })]))).toThrow(
    /agent 0: timeout_seconds is "60".*agent 1: phases is "1".*the name "planner" is used twice/,
  );
});

test("a script says how long to wait, what to say, and whether to fail", () => {
  expect(parseScript("250ms hello\nyou")).toEqual({ delayMs: 250, fails: false, text: "hello\nyou" });
  expect(parseScript("0ms !out of order")).toEqual({ delayMs: 0, fails: true, text: "out of order" });
  for (const target of ["hello", "5 hello", "-5ms hello", "5ms ", "5ms !"]) expect(parseScript(target)).toBeUndefined();
});
