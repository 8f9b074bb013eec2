import type { BedrockRuntimeClient } from "@aws-sdk/client-bedrock-runtime";
import type { ClientConfiguration } from "./connection";
import { eachAgentOnItsOwn } from "./retry-mode";

/**
 * A client of Bedrock's models; give it the patient connection. Its SDK is loaded only now: a worker with other agents
 * never needs it.
 */
export async function connectBedrock(connection: ClientConfiguration): Promise<BedrockRuntimeClient> {
  const { BedrockRuntimeClient } = await import("@aws-sdk/client-bedrock-runtime");
  // The handler is an instance: given options or none, this client would speak HTTP/2, past the pool and its freeze
  // guard.
  return new BedrockRuntimeClient(eachAgentOnItsOwn(connection));
}
