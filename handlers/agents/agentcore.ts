import type { BedrockAgentCoreClient } from "@aws-sdk/client-bedrock-agentcore";
import { createHash } from "node:crypto";
import { AgentFailure, type Agent, type AgentInput } from "./agent";
import { readAnswer } from "./answers";

/**
 * An agent in a Bedrock AgentCore runtime. It is sent `{"prompt","context"}` as JSON.
 * `connect` gives the client; it and the SDK are loaded with the first run.
 */
export function agentCoreAgent(name: string, runtimeArn: string, connect: () => Promise<BedrockAgentCoreClient>): Agent {
  return {
    async run(input, signal) {
      const [{ InvokeAgentRuntimeCommand }, client] = await Promise.all([import("@aws-sdk/client-bedrock-agentcore"), connect()]);
      const command = new InvokeAgentRuntimeCommand({
        agentRuntimeArn: runtimeArn,
        runtimeSessionId: runtimeSessionId(name, input.conversation),
        contentType: "application/json",
        accept: "application/json, text/event-stream",
        payload: payloadOf(input),
      });
      const { body, contentType } = await client
        .send(command, { abortSignal: signal })
        .then(async ({ response, contentType }) => ({ body: (await response?.transformToString("utf-8")) ?? "", contentType }))
        .catch((cause: unknown) => Promise.reject(signal.aborted ? cause : failure(cause)));
      // A body cut short by the abort may read as a shorter answer.
      signal.throwIfAborted();
      return readAnswer(body, contentType);
    },
  };
}

const payloadOf = ({ prompt, context }: AgentInput): string => JSON.stringify({ prompt, context });

/**
 * AgentCore wants at least 33 characters and gives each session a machine of its own. The same conversation comes
 * back to the same one; agents that share a runtime do not, as they run at the same time.
 */
export function runtimeSessionId(agentName: string, conversation: string): string {
  return createHash("sha256").update(JSON.stringify([agentName, conversation])).digest("hex");
}

/** Service messages hold ARNs and account numbers: the caller is told the kind of error only. */
function failure(cause: unknown): AgentFailure {
  const { code, name, $metadata } = cause as { code?: string; name?: string; $metadata?: { httpStatusCode?: number } };
  const status = $metadata?.httpStatusCode;
  return new AgentFailure(`The agent's runtime gave ${code ?? name ?? "an error"}${status === undefined ? "" : ` (HTTP ${status})`}.`, { cause });
}
