import { bedrockAgent } from "../../../handlers/agents/bedrock";
import { connectBedrock, memoizePromise } from "../../../handlers/aws/agent-clients";
import { question, testFaults } from "../../support/wire/agent-faults";
import { converse, startBedrock } from "../../support/wire/bedrock-server";
import { wireConnection } from "../../support/wire/connection";
import type { Reply, WireServer } from "../../support/wire/wire-server";
import { never } from "../fixtures";

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
