import type { BedrockAgentCoreClient } from "@aws-sdk/client-bedrock-agentcore";
import { createHash } from "node:crypto";
import type { ArbiterDefinition } from "../environment";
import { type Agent, makePayload } from "./agent";
import { readAnswer, readBody } from "./answers";
import { rethrowFailure } from "./retries";

/**
 * An agent in a Bedrock AgentCore runtime, which answers as JSON, as text or as a stream of events.
 * `connect` gives the client; it and the SDK are loaded with the first run.
 */
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
