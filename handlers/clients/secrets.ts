import type { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import type { ClientConfiguration } from "./connection";

/** A client of Secrets Manager. Its SDK is loaded only now: a worker whose agents need no secret never needs it. */
export async function connectSecrets(connection: ClientConfiguration): Promise<SecretsManagerClient> {
  const { SecretsManagerClient } = await import("@aws-sdk/client-secrets-manager");
  return new SecretsManagerClient(connection);
}
