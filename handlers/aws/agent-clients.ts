import type { ClientConfiguration } from "./connection";
import type { BedrockAgentCoreClient } from "@aws-sdk/client-bedrock-agentcore";
import type { BedrockRuntimeClient } from "@aws-sdk/client-bedrock-runtime";
import type { LambdaClient } from "@aws-sdk/client-lambda";
import type { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import type { S3Client } from "@aws-sdk/client-s3";
import type { STSClient } from "@aws-sdk/client-sts";

/** How a client that several agents share is made. */
export interface AgentClientConfiguration extends Omit<ClientConfiguration, "retryMode"> {
  readonly retryMode: "standard";
}

/**
 * A connection for a client that several agents share. The adaptive mode slows the whole client down where one of them
 * is throttled: seven agents, one throttled once, took 2.9 s in the next phase instead of 0.03 s (measured on
 * loopback). Each attempt still waits with full jitter, and each agent has a circuit of its own.
 */
export function eachAgentOnItsOwn(connection: ClientConfiguration): AgentClientConfiguration {
  return { ...connection, retryMode: "standard" };
}

/**
 * Calls `make` with the first call and gives its promise to all; a failure is not kept, so that the next call tries
 * again.
 */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}

/**
 * A client of AgentCore; give it the patient connection. Its SDK is loaded only now: a worker with scripted agents
 * never needs it.
 */
export async function connectAgentCore(connection: ClientConfiguration): Promise<BedrockAgentCoreClient> {
  const { BedrockAgentCoreClient } = await import("@aws-sdk/client-bedrock-agentcore");
  return new BedrockAgentCoreClient(eachAgentOnItsOwn(connection));
}

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

/**
 * A client of Lambda; give it the patient connection. Its SDK is loaded only now: a worker with other agents never
 * needs it.
 */
export async function connectLambda(connection: ClientConfiguration): Promise<LambdaClient> {
  const { LambdaClient } = await import("@aws-sdk/client-lambda");
  return new LambdaClient(eachAgentOnItsOwn(connection));
}

/** A client of Secrets Manager. Its SDK is loaded only now: a worker whose agents need no secret never needs it. */
export async function connectSecrets(connection: ClientConfiguration): Promise<SecretsManagerClient> {
  const { SecretsManagerClient } = await import("@aws-sdk/client-secrets-manager");
  return new SecretsManagerClient(connection);
}

/** A client of S3. Its SDK is loaded only now: most cold starts never need it. */
export async function connectS3(connection: ClientConfiguration): Promise<S3Client> {
  const { S3Client } = await import("@aws-sdk/client-s3");
  return new S3Client(connection);
}

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
