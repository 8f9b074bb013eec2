import { LambdaClient } from "@aws-sdk/client-lambda";
import { SQSClient } from "@aws-sdk/client-sqs";

/** The two services of the emulator that the local runtime talks to. */
export interface EmulatorClients {
  readonly lambda: LambdaClient;
  readonly sqs: SQSClient;
  /** Closes their sockets. */
  destroy(): void;
}

/** Refuses any address that is not this machine: the local runtime deletes messages and changes mappings. */
export function assertLoopback(endpoint: string): void {
  let host: string;
  try {
    host = new URL(endpoint).hostname;
  } catch (cause) {
    throw new Error(`The emulator's endpoint "${endpoint}" is not a URL. Give one such as http://127.0.0.1:5000.`, {
      cause,
    });
  }
  const loopback = host === "localhost" || host === "[::1]" || /^127(\.\d{1,3}){3}$/.test(host);
  if (loopback) return;
  throw new Error(
    `The local runtime works on loopback only, and "${endpoint}" is not (host "${host}"). Allowed: 127.0.0.0/8, ::1, localhost.`,
  );
}

/**
 * Clients told everything, so that no variable, profile or metadata service of this machine can send them elsewhere.
 */
export function createEmulatorClients(endpoint: string, region: string): EmulatorClients {
  assertLoopback(endpoint);
  const common = {
    endpoint,
    region,
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
    maxAttempts: 2,
    retryMode: "standard" as const,
    defaultsMode: "standard" as const,
    useFipsEndpoint: false,
    useDualstackEndpoint: false,
    userAgentAppId: "quickturn-local",
  };
  const lambda = new LambdaClient(common);
  // A queue URL in the state names the host that terraform saw; only the endpoint given here may be called.
  const sqs = new SQSClient({ ...common, useQueueUrlAsEndpoint: false });
  return {
    lambda,
    sqs,
    destroy: () => {
      lambda.destroy();
      sqs.destroy();
    },
  };
}
