import { lambdaAgent } from "../../../handlers/agents/lambda";
import { connectLambda, memoizePromise } from "../../../handlers/aws/agent-clients";
import { question, testFaults } from "../../support/wire/agent-faults";
import { wireConnection } from "../../support/wire/connection";
import { returned, startLambda, threw } from "../../support/wire/lambda-server";
import type { Reply, WireServer } from "../../support/wire/wire-server";
import { never } from "../fixtures";

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
