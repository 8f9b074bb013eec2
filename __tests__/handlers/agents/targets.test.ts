import { targetProblem } from "../../../handlers/agents/targets";

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
  expect(targetProblem(kind, target)).toBe("");
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
  expect(targetProblem(kind, target)).toContain(problem);
});

test("a password in a URL is refused and not quoted", () => {
  const problem = targetProblem("http", "https://user:canary@agents.example.com/");
  expect(problem).toBe(
    "target holds a user or a password, but must not: put it into a secret, and name that in secret_arn",
  );
});
