import type { LambdaClient } from "@aws-sdk/client-lambda";
import type { ClientConfiguration } from "./connection";
import { eachAgentOnItsOwn } from "./retry-mode";

/**
 * A client of Lambda; give it the patient connection. Its SDK is loaded only now: a worker with other agents never
 * needs it.
 */
export async function connectLambda(connection: ClientConfiguration): Promise<LambdaClient> {
  const { LambdaClient } = await import("@aws-sdk/client-lambda");
  return new LambdaClient(eachAgentOnItsOwn(connection));
}
