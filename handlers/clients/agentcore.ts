import type { BedrockAgentCoreClient } from "@aws-sdk/client-bedrock-agentcore";
import type { ClientConfiguration } from "./connection";
import { eachAgentOnItsOwn } from "./retry-mode";

/**
 * A client of AgentCore; give it the patient connection. Its SDK is loaded only now: a worker with scripted agents
 * never needs it.
 */
export async function connectAgentCore(connection: ClientConfiguration): Promise<BedrockAgentCoreClient> {
  const { BedrockAgentCoreClient } = await import("@aws-sdk/client-bedrock-agentcore");
  return new BedrockAgentCoreClient(eachAgentOnItsOwn(connection));
}
