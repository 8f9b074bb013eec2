import type { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import type { ReadCache } from "../requests/read-cache";
import { AgentFailure } from "./agent";
import { callFailure } from "./retries";

/**
 * Milliseconds that reading a secret may take: a bound of its own, as callers share one read and none may end it for
 * the others.
 */
const READ_MS = 5_000;

/** A secret that is sent in a header. Neither its value nor a part of it is in any error. */
export interface Secret {
  /** The value, kept for a while. Rejects with {@link AgentFailure}. */
  read(): Promise<string>;
  /** The value as it is now. */
  readAgain(): Promise<string>;
}

/** A secret of Secrets Manager. `connect` gives the client; it and the SDK are loaded with the first read. */
export function managedSecret(arn: string, connect: () => Promise<SecretsManagerClient>, cache: ReadCache): Secret {
  // It is the deployment's own: no caller's data.
  const key = `secret:${arn}`;
  const read = async () => {
    const kept = await cache.get(key, () => fetchSecret(arn, connect)).catch(unreadable);
    return headerValue(kept?.value);
  };
  return {
    read,
    readAgain() {
      cache.forget(key);
      return read();
    },
  };
}

const unreadable = (cause: unknown): never => {
  throw callFailure("The store of the agent's secret", cause);
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

/** Secrets that were made from a file end in a line feed. */
function headerValue(value: string | undefined): string {
  const text = value?.trim() ?? "";
  if (!/^[\x20-\x7e]+$/.test(text))
    throw new AgentFailure("The agent's secret cannot be sent: it must be one line of ASCII text.");
  return text;
}
