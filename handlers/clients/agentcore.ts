import type { BedrockAgentCoreClient } from "@aws-sdk/client-bedrock-agentcore";
import type { Connection } from "./connection";

/** A client of AgentCore. Its SDK is loaded only now: a worker with scripted agents never needs it. */
export async function connectAgentCore(connection: Connection): Promise<BedrockAgentCoreClient> {
  const { BedrockAgentCoreClient } = await import("@aws-sdk/client-bedrock-agentcore");
  // The handler is an instance: given options, this client would make one of its own, without the pool.
  return new BedrockAgentCoreClient(connection);
}
