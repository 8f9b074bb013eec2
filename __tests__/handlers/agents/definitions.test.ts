import { parseAgents, parseArbiter, describeTargetProblem } from "../../../handlers/agents/definitions";

describe("definitions", () => {
  const ARN = "arn:aws:bedrock-agentcore:eu-west-1:123456789012:runtime/planner-1";
  const SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:oracle";
  const arbiter = (overrides: object = {}) => ({
    name: "planner",
    kind: "agentcore",
    target: ARN,
    timeout_seconds: 60,
    ...overrides,
  });
  const agent = (overrides: object = {}) => arbiter({ phases: [1], ...overrides });

  test("definitions of every kind are read as they were written", () => {
    const agents = [
      agent({ instructions: "Plan." }),
      agent({ name: "writer", kind: "bedrock", target: "eu.vendor.model-1:0" }),
      agent({ name: "critic", kind: "lambda", target: "arn:aws:lambda:eu-west-1:123456789012:function:critic" }),
      agent({ name: "oracle", kind: "http", target: "https://agents.example.com/ask", secret_arn: SECRET }),
      agent({ name: "echo", kind: "scripted", target: "5ms hello" }),
    ];
    expect(parseAgents(JSON.stringify(agents))).toEqual(agents);
  });

  test("what is null counts as left out, as Terraform writes it", () => {
    expect(
      Object.keys(parseAgents(JSON.stringify([agent({ instructions: null, secret_arn: null })]))[0] ?? {}),
    ).toEqual(Object.keys(agent()));
    expect(parseArbiter(JSON.stringify(arbiter({ instructions: null, secret_arn: null })))).toStrictEqual(arbiter());
  });

  test.each([
    ["text", "not JSON, but must be a JSON array of agents"],
    ["{}", "must be a JSON array of agents"],
    ["[]", "at least one agent is needed"],
    ["[null]", "agent 0: must be an object"],
    ["[[]]", "agent 0: must be an object"],
  ])("the text %s is refused", (text, message) => {
    expect(() => parseAgents(text)).toThrow(message);
  });

  test.each([
    [{ name: " " }, 'agent 0: name is " ", but must be a text'],
    [
      { kind: "carrier pigeon" },
      'agent 0: kind is "carrier pigeon", but must be one of agentcore, bedrock, http, lambda, scripted',
    ],
    [{ target: "planner" }, 'agent 0: target is "planner", but must be the ARN of an AgentCore runtime'],
    [{ timeout_seconds: 0 }, "agent 0: timeout_seconds is 0, but must be above 0"],
    [{ phases: [] }, "agent 0: phases is [], but must be whole numbers from 1"],
    [{ phases: [0] }, "agent 0: phases is [0], but must be whole numbers from 1"],
    [{ instructions: ["Plan."] }, 'agent 0: instructions is ["Plan."], but must be a text'],
    [{ secret_arn: SECRET }, 'agent 0: secret_arn is given, but must not be with kind "agentcore": only http sends it'],
  ])("an agent with %j is refused", (overrides, message) => {
    expect(() => parseAgents(JSON.stringify([agent(overrides)]))).toThrow(message);
  });

  test("a secret in the place of its ARN is not quoted", () => {
    const text = JSON.stringify([agent({ kind: "http", target: "https://agents.example.com/", secret_arn: "canary" })]);
    expect(() => parseAgents(text)).toThrow(
      /^agent 0: secret_arn is no ARN of a Secrets Manager secret, but must be one$/,
    );
  });

  test("every problem is told at once, also a name that is used twice", () => {
    expect(() => parseAgents(JSON.stringify([agent({ timeout_seconds: "60" }), agent({ phases: "1" })]))).toThrow(
      /agent 0: timeout_seconds is "60".*agent 1: phases is "1".*the name "planner" is used twice/,
    );
  });

  test("an arbiter is read as it was written, and may be none", () => {
    expect(parseArbiter(JSON.stringify(arbiter()))).toEqual(arbiter());
    expect(parseArbiter("null")).toBeUndefined();
  });

  test.each([
    ["text", "not JSON, but must be the JSON of an arbiter, or null"],
    ["[]", "must be an object"],
    [
      JSON.stringify(arbiter({ name: 7, timeout_seconds: -1 })),
      "name is 7, but must be a text, timeout_seconds is -1, but must be above 0",
    ],
  ])("the arbiter %s is refused", (text, message) => {
    expect(() => parseArbiter(text)).toThrow(message);
  });
});

describe("targets", () => {
  test.each([
    ["agentcore", "arn:aws:bedrock-agentcore:eu-west-1:123456789012:runtime/planner-1"],
    ["bedrock", "eu.vendor.model-1:0"],
    ["bedrock", "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.vendor.model-1"],
    ["lambda", "arn:aws:lambda:eu-west-1:123456789012:function:critic"],
    ["lambda", "arn:aws-cn:lambda:cn-north-1:123456789012:function:critic:$LATEST"],
    ["http", "https://agents.example.com/ask?tenant=a"],
    ["http", "http://127.0.0.1:8080/ask"],
    ["http", "http://localhost/"],
    ["scripted", "5ms hello"],
  ])("%s may be at %s", (kind, target) => {
    expect(describeTargetProblem(kind, target)).toBe("");
  });

  test.each([
    ["agentcore", "planner", 'target is "planner", but must be the ARN of an AgentCore runtime'],
    ["bedrock", "a model", "target is \"a model\", but must be a model's or an inference profile's id or ARN"],
    [
      "bedrock",
      "arn:aws:lambda:eu-west-1:123456789012:function:critic",
      "but must be a model's or an inference profile's id or ARN",
    ],
    ["lambda", "critic", 'target is "critic", but must be the ARN of a Lambda function'],
    ["scripted", "hello", 'target is "hello", but must read "<milliseconds>ms <answer>"'],
    ["http", "agents.example.com", "target is no URL, but must be https://<host>/<path>"],
    [
      "http",
      "http://agents.example.com/ask",
      'target goes to "http://agents.example.com", but must be https://<host>/<path>, or http:// to 127.0.0.1 or localhost',
    ],
    ["http", "http://127.0.0.1.example.com/", 'target goes to "http://127.0.0.1.example.com", but must be https://'],
    ["http", "file:///etc/passwd", 'target goes to "file://", but must be https://'],
    ["http", "", 'target is "", but must be a text'],
    ["http", undefined, "target is undefined, but must be a text"],
  ])("%s may not be at %s", (kind, target, problem) => {
    expect(describeTargetProblem(kind, target)).toContain(problem);
  });

  test("a password in a URL is refused and not quoted", () => {
    const problem = describeTargetProblem("http", "https://user:canary@agents.example.com/");
    expect(problem).toBe(
      "target holds a user or a password, but must not: put it into a secret, and name that in secret_arn",
    );
  });
});
