import type { STSClient } from "@aws-sdk/client-sts";
import type { ClientConfiguration } from "./connection";

/** A client of STS. Its SDK is loaded only now: only heartbeats need it. */
export async function connectSts(connection: ClientConfiguration): Promise<STSClient> {
  const { STSClient } = await import("@aws-sdk/client-sts");
  return new STSClient(connection);
}

/**
 * Asks STS who we are, which every identity may: it proves that the network and the credentials work. Rejects where it
 * does not answer.
 */
export async function identify(connect: () => Promise<STSClient>, abortSignal: AbortSignal): Promise<void> {
  const [{ GetCallerIdentityCommand }, client] = await Promise.all([import("@aws-sdk/client-sts"), connect()]);
  await client.send(new GetCallerIdentityCommand({}), { abortSignal });
}
