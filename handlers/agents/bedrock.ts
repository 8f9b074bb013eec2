import type { BedrockRuntimeClient, ConverseCommandOutput, StopReason } from "@aws-sdk/client-bedrock-runtime";
import type { ArbiterDefinition } from "../environment";
import { AgentFailure, type Agent, type AgentAnswer, makeMessages } from "./agent";
import { rethrowFailure } from "./retries";

/** Reasons after which the text is a whole answer. After others it is cut, withheld, or no answer. */
const FINISHED: readonly (StopReason | undefined)[] = ["end_turn", "stop_sequence"];

/**
 * A model behind Bedrock's Converse, given `instructions` as its system prompt.
 * `connect` gives the client; it and the SDK are loaded with the first run.
 */
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
