import { createHash } from "node:crypto";
import type { BedrockAgentCoreClient } from "@aws-sdk/client-bedrock-agentcore";
import type { BedrockRuntimeClient, ConverseCommandOutput, StopReason } from "@aws-sdk/client-bedrock-runtime";
import type { LambdaClient } from "@aws-sdk/client-lambda";
import type { ArbiterDefinition } from "../environment";
import { AgentFailure, type Agent, type AgentAnswer, makeMessages, makePayload } from "./agent";
import { readAnswer, readBody } from "./answers";
import { rethrowFailure } from "./retries";

// The agents that run on AWS. The client that `connect` gives, and its SDK, are loaded with an agent's first run.

/** An agent in a Bedrock AgentCore runtime, which answers as JSON, as text or as a stream of events. */
export function agentCoreAgent(
  { name, target, instructions }: ArbiterDefinition,
  connect: () => Promise<BedrockAgentCoreClient>,
): Agent {
  return {
    async run(input, signal) {
      const [{ InvokeAgentRuntimeCommand }, client] = await Promise.all([
        import("@aws-sdk/client-bedrock-agentcore"),
        connect(),
      ]);
      const command = new InvokeAgentRuntimeCommand({
        agentRuntimeArn: target,
        runtimeSessionId: hashSession(name, input.conversation),
        contentType: "application/json",
        accept: "application/json, text/event-stream",
        payload: makePayload(input, instructions),
      });
      const { body, contentType } = await client
        .send(command, { abortSignal: signal })
        .then(async ({ response, contentType }) => ({
          body: await readBody((response ?? []) as AsyncIterable<Uint8Array>),
          contentType,
        }))
        .catch(rethrowFailure("The agent's runtime", signal));
      // A body that the abort cut short may look like a shorter answer.
      signal.throwIfAborted();
      return readAnswer(body, contentType);
    },
  };
}

/**
 * Names a session in at least 33 characters, as AgentCore requires. The same conversation returns to the same machine;
 * agents that share a runtime have machines of their own, because they run concurrently.
 */
export function hashSession(agentName: string, conversation: string): string {
  return createHash("sha256")
    .update(JSON.stringify([agentName, conversation]))
    .digest("hex");
}

/** Reasons after which the text is a whole answer. After others it is cut, withheld, or no answer. */
const FINISHED: readonly (StopReason | undefined)[] = ["end_turn", "stop_sequence"];

/** A model behind Bedrock's Converse, given `instructions` as its system prompt. */
export function bedrockAgent(
  { target, instructions }: ArbiterDefinition,
  connect: () => Promise<BedrockRuntimeClient>,
): Agent {
  return {
    async run(input, signal) {
      const [{ ConverseCommand }, client] = await Promise.all([import("@aws-sdk/client-bedrock-runtime"), connect()]);
      const command = new ConverseCommand({
        modelId: target,
        messages: makeMessages(input),
        ...(instructions && { system: [{ text: instructions }] }),
      });
      return readOutput(
        await client.send(command, { abortSignal: signal }).catch(rethrowFailure("The agent's model", signal)),
        target,
      );
    },
  };
}

function readOutput({ output, stopReason, usage }: ConverseCommandOutput, model: string): AgentAnswer {
  if (!FINISHED.includes(stopReason))
    throw new AgentFailure(`The agent's model did not finish its answer: ${stopReason ?? "it gave no reason"}.`);
  const text = (output?.message?.content ?? []).map((block) => block.text ?? "").join("");
  if (text.trim() === "") throw new AgentFailure("The agent gave an empty answer.");
  const { inputTokens: input, outputTokens: out } = usage ?? {};
  return { text, model, ...(input !== undefined && out !== undefined && { tokens: { input, output: out } }) };
}

/** A Lambda function that answers when it is invoked. */
export function lambdaAgent({ target, instructions }: ArbiterDefinition, connect: () => Promise<LambdaClient>): Agent {
  return {
    async run(input, signal) {
      const [{ InvokeCommand }, client] = await Promise.all([import("@aws-sdk/client-lambda"), connect()]);
      const command = new InvokeCommand({
        FunctionName: target,
        InvocationType: "RequestResponse",
        Payload: Buffer.from(makePayload(input, instructions)),
      });
      const { FunctionError, Payload } = await client
        .send(command, { abortSignal: signal })
        .catch(rethrowFailure("The agent's function", signal));
      // The function's message is not read, because it may quote the prompt.
      if (FunctionError !== undefined) throw new AgentFailure("The agent's function ended with an error.");
      return readAnswer(Buffer.from(Payload ?? []).toString("utf8"), "application/json");
    },
  };
}
