import type { BedrockAgentCoreClient } from "@aws-sdk/client-bedrock-agentcore";
import { createHash } from "node:crypto";
import type { ArbiterDefinition } from "../environment";
import { type Agent, payloadOf } from "./agent";
import { readAnswer, readBody } from "./answers";
import { failing } from "./retries";

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
        runtimeSessionId: runtimeSessionId(name, input.conversation),
        contentType: "application/json",
        accept: "application/json, text/event-stream",
        payload: payloadOf(input, instructions),
      });
      const { body, contentType } = await client
        .send(command, { abortSignal: signal })
        .then(async ({ response, contentType }) => ({
          body: await readBody((response ?? []) as AsyncIterable<Uint8Array>),
          contentType,
        }))
        .catch(failing("The agent's runtime", signal));
      // A body cut short by the abort may read as a shorter answer.
      signal.throwIfAborted();
      return readAnswer(body, contentType);
    },
  };
}

/**
 * AgentCore wants at least 33 characters and gives each session a machine of its own. The same conversation comes
 * back to the same one; agents that share a runtime do not, as they run at the same time.
 */
export function runtimeSessionId(agentName: string, conversation: string): string {
  return createHash("sha256")
    .update(JSON.stringify([agentName, conversation]))
    .digest("hex");
}
