import { agentCoreAgent, hashSession, bedrockAgent, lambdaAgent } from "../../../handlers/agents/aws-agents";
import { connectAgentCore, connectBedrock, connectLambda, memoizePromise } from "../../../handlers/aws/agent-clients";
import { startAgentCore } from "../../support/wire/agentcore-server";
import { question, testFaults } from "../../support/wire/agent-faults";
import { wireConnection } from "../../support/wire/connection";
import { events, json, type Reply, type WireServer } from "../../support/wire/wire-server";
import { never } from "../fixtures";
import { converse, startBedrock } from "../../support/wire/bedrock-server";
import { returned, startLambda, threw } from "../../support/wire/lambda-server";

describe("an AgentCore runtime", () => {
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
      expect(await answerTo(json({ result: "a", model: "m-1", usage: { input_tokens: 5, output_tokens: 3 } }))).toEqual(
        {
          text: "a",
          model: "m-1",
          tokens: { input: 5, output: 3 },
        },
      );
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
});

describe("a Bedrock model", () => {
  const MODEL = "eu.vendor.model-1:0";
  const definition = { name: "writer", kind: "bedrock" as const, target: MODEL, timeout_seconds: 60 };

  const open = (connection: ReturnType<typeof wireConnection>, overrides = {}) =>
    bedrockAgent(
      { ...definition, ...overrides },
      memoizePromise(() => connectBedrock(connection)),
    );

  describe("a model", () => {
    testFaults({
      start: startBedrock,
      open,
      answering: (text) => converse([text]),
      who: "The agent's model",
      throttled: "ThrottlingException (HTTP 429)",
      refused: "AccessDeniedException (HTTP 403)",
    });
  });

  describe("what is sent and read", () => {
    let server: WireServer;
    beforeAll(async () => void (server = await startBedrock()));
    beforeEach(() => server.reset());
    afterAll(() => server.stop());

    const answerTo = (reply: Reply, overrides = {}) => {
      server.reply = reply;
      return open(wireConnection(server.url), overrides).run(question(), never);
    };

    test("the text blocks are one answer, with the tokens and the model", async () => {
      expect(await answerTo(converse(["324", " m"]))).toEqual({
        text: "324 m",
        model: MODEL,
        tokens: { input: 11, output: 7 },
      });
    });

    test("without a count there are no tokens", async () => {
      expect(await answerTo(converse(["324 m"], "stop_sequence", {}))).toEqual({ text: "324 m", model: MODEL });
    });

    test("the instructions are the system prompt, and the prompt the user's message, to the model of that name", async () => {
      await answerTo(converse(["324 m"]), { instructions: "Write." });
      expect(decodeURIComponent(server.seen[0]?.path ?? "")).toBe(`/model/${MODEL}/converse`);
      expect(server.seen[0]?.body).toEqual({
        system: [{ text: "Write." }],
        messages: [{ role: "user", content: [{ text: question().prompt }] }],
      });
    });

    test("without instructions there is no system prompt", async () => {
      await answerTo(converse(["324 m"]));
      expect(server.seen[0]?.body).not.toHaveProperty("system");
    });

    test("a profile's ARN is one part of the path", async () => {
      await answerTo(converse(["324 m"]), {
        target: "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.vendor.model-1",
      });
      expect(server.seen[0]?.path).toMatch(/^\/model\/[^/]+\/converse$/);
    });

    test.each(["max_tokens", "guardrail_intervened", "content_filtered", "tool_use", "model_context_window_exceeded"])(
      "an answer that stopped for %s is none",
      async (reason) => {
        await expect(answerTo(converse(["half an answer"], reason))).rejects.toThrow(
          new RegExp(`^The agent's model did not finish its answer: ${reason}\\.$`),
        );
      },
    );

    test("an answer without text blocks is empty", async () => {
      await expect(answerTo(converse([]))).rejects.toThrow("The agent gave an empty answer.");
    });
  });
});

describe("a Lambda function", () => {
  const ARN = "arn:aws:lambda:eu-west-1:123456789012:function:critic:live";
  const definition = { name: "critic", kind: "lambda" as const, target: ARN, timeout_seconds: 60 };

  const open = (connection: ReturnType<typeof wireConnection>, overrides = {}) =>
    lambdaAgent(
      { ...definition, ...overrides },
      memoizePromise(() => connectLambda(connection)),
    );

  describe("a function", () => {
    testFaults({
      start: startLambda,
      open,
      answering: (text) => returned({ answer: text }),
      who: "The agent's function",
      throttled: "TooManyRequestsException (HTTP 429)",
      refused: "AccessDeniedException (HTTP 403)",
    });
  });

  describe("what is sent and read", () => {
    let server: WireServer;
    beforeAll(async () => void (server = await startLambda()));
    beforeEach(() => server.reset());
    afterAll(() => server.stop());

    const answerTo = (reply: Reply, overrides = {}) => {
      server.reply = reply;
      return open(wireConnection(server.url), overrides).run(question(), never);
    };

    test("a function is sent the prompt, its context and the instructions, and waited for", async () => {
      await answerTo(returned("324 m"), { instructions: "Doubt." });
      const { path, headers, body } = server.seen[0] ?? {};
      expect(decodeURIComponent(path ?? "")).toBe(`/2015-03-31/functions/${ARN}/invocations`);
      expect(headers?.["x-amz-invocation-type"]).toBe("RequestResponse");
      expect(body).toEqual({ prompt: question().prompt, context: { turns: [], answers: [] }, instructions: "Doubt." });
    });

    test("tokens and model are read where the function tells them", async () => {
      const usage = { inputTokens: 5, outputTokens: 3 };
      expect(await answerTo(returned({ answer: "a", metrics: usage, model: "m-1" }))).toEqual({
        text: "a",
        model: "m-1",
        tokens: { input: 5, output: 3 },
      });
    });

    test("a function that throws has failed, and its message stays out of ours", async () => {
      await expect(answerTo(threw("canary"))).rejects.toThrow(/^The agent's function ended with an error\.$/);
    });

    test("a function that returns nothing has given an empty answer", async () => {
      await expect(answerTo({ status: 200, headers: {}, body: "" })).rejects.toThrow("The agent gave an empty answer.");
    });
  });
});
