import { agentCoreAgent, hashSession } from "../../../handlers/agents/agentcore";
import { connectAgentCore, memoizePromise } from "../../../handlers/aws/agent-clients";
import { startAgentCore } from "../../support/wire/agentcore-server";
import { question, testFaults } from "../../support/wire/agent-faults";
import { wireConnection } from "../../support/wire/connection";
import { events, json, type Reply, type WireServer } from "../../support/wire/wire-server";
import { never } from "../fixtures";

const ARN = "arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/planner-1";
const definition = { name: "planner", kind: "agentcore" as const, target: ARN, timeout_seconds: 60 };

const open = (connection: ReturnType<typeof wireConnection>, overrides = {}) =>
  agentCoreAgent(
    { ...definition, ...overrides },
    memoizePromise(() => connectAgentCore(connection)),
  );

const common = {
  start: startAgentCore,
  open,
  who: "The agent's runtime",
  throttled: "ThrottlingException (HTTP 429)",
  refused: "AccessDeniedException (HTTP 403)",
};

describe("a runtime that answers in JSON", () =>
  testFaults({ ...common, answering: (text) => json({ result: text }) }));

describe("a runtime that answers as a stream", () => {
  testFaults({ ...common, answering: (text) => events(text.slice(0, 5), text.slice(5, 12), text.slice(12)) });
});

describe("what is sent and read", () => {
  let server: WireServer;
  beforeAll(async () => void (server = await startAgentCore()));
  beforeEach(() => server.reset());
  afterAll(() => server.stop());

  const answerTo = (reply: Reply) => {
    server.reply = reply;
    return open(wireConnection(server.url)).run(question(), never);
  };

  test("a runtime is sent the prompt and its context, under a session of its own", async () => {
    server.reply = json({ result: "324 m" });
    const input = question({
      context: { turns: [{ prompt: "Hi", answer: "Hello" }], answers: [{ name: "critic", answer: "high" }] },
    });
    expect(await open(wireConnection(server.url)).run(input, never)).toEqual({ text: "324 m" });
    const { path, headers, body } = server.seen[0] ?? {};
    expect(decodeURIComponent(path ?? "")).toContain(`/runtimes/${ARN}/invocations`);
    expect(headers?.["x-amzn-bedrock-agentcore-runtime-session-id"]).toBe(hashSession("planner", input.conversation));
    expect(body).toEqual({ prompt: input.prompt, context: input.context });
  });

  test("instructions are sent where there are some", async () => {
    server.reply = json({ result: "324 m" });
    await open(wireConnection(server.url), { instructions: "Plan." }).run(question(), never);
    expect(server.seen[0]?.body).toMatchObject({ instructions: "Plan." });
  });

  test("tokens and model are read where the runtime tells them", async () => {
    expect(await answerTo(json({ result: "a", model: "m-1", usage: { input_tokens: 5, output_tokens: 3 } }))).toEqual({
      text: "a",
      model: "m-1",
      tokens: { input: 5, output: 3 },
    });
    expect(await answerTo(events("a", "b", { metadata: { usage: { inputTokens: 5, outputTokens: 3 } } }))).toEqual({
      text: "ab",
      tokens: { input: 5, output: 3 },
    });
  });

  test("a stream that reports an error after its beginning is no answer", async () => {
    await expect(answerTo(events("half", { error: "canary" }))).rejects.toThrow(
      /^The agent reported an error in its stream\.$/,
    );
  });
});

test("a session id is long enough for the service, the same for the same conversation, and an agent's own", () => {
  const id = hashSession("planner", "session:anonymous#talk");
  expect(id).toMatch(/^[0-9a-f]{64}$/);
  expect(hashSession("planner", "session:anonymous#talk")).toBe(id);
  expect(hashSession("critic", "session:anonymous#talk")).not.toBe(id);
  expect(hashSession("planner", "request:1")).not.toBe(id);
});
