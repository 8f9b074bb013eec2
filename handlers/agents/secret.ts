import type { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import type { ReadCache } from "../requests/read-cache";
import { AgentFailure } from "./agent";
import { makeCallFailure } from "./retries";

/**
 * Milliseconds that reading a secret may take. Callers share one read, so that no caller's signal may end it.
 */
const READ_MS = 5_000;

/** A secret that is sent in a header. No error contains its value or a part of it. */
export interface Secret {
  /** Reads the value, which is cached for a while. Rejects with {@link AgentFailure}. */
  read(): Promise<string>;
  /** Reads the value as it is now. */
  readAgain(): Promise<string>;
}

/** A secret of Secrets Manager. `connect` gives the client; it and the SDK are loaded with the first read. */
export function managedSecret(arn: string, connect: () => Promise<SecretsManagerClient>, cache: ReadCache): Secret {
  // The key names no caller, because the secret belongs to the deployment.
  const key = `secret:${arn}`;
  const read = async () => {
    const kept = await cache.get(key, () => fetchSecret(arn, connect)).catch(throwUnreadable);
    return toHeaderValue(kept?.value);
  };
  return {
    read,
    readAgain() {
      cache.forget(key);
      return read();
    },
  };
}

const throwUnreadable = (cause: unknown): never => {
  throw makeCallFailure("The store of the agent's secret", cause);
};

async function fetchSecret(
  arn: string,
  connect: () => Promise<SecretsManagerClient>,
): Promise<{ readonly value: string } | undefined> {
  const [{ GetSecretValueCommand }, client] = await Promise.all([import("@aws-sdk/client-secrets-manager"), connect()]);
  const { SecretString: value } = await client.send(new GetSecretValueCommand({ SecretId: arn }), {
    abortSignal: AbortSignal.timeout(READ_MS),
  });
  return value === undefined ? undefined : { value };
}

/** Converts a secret to the value of a header. Secrets that were made from a file end in a line feed. */
function toHeaderValue(value: string | undefined): string {
  const text = value?.trim() ?? "";
  if (!/^[\x20-\x7e]+$/.test(text))
    throw new AgentFailure("The agent's secret cannot be sent: it must be one line of ASCII text.");
  return text;
}
