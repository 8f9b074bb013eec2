import { createServer } from "node:net";
import type { Credentials } from "./api-client";
import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";
import { GetAccountSettingsCommand, LambdaClient } from "@aws-sdk/client-lambda";

/** Whether a URL leads to this machine and nowhere else. */
export function isLoopback(url: string): boolean {
  const host = hostOf(url);
  return host !== undefined && (/^127\.\d+\.\d+\.\d+$/.test(host) || host === "[::1]" || host === "localhost");
}

function hostOf(url: string): string | undefined {
  try {
    const { protocol, hostname, username } = new URL(url);
    return ["http:", "https:"].includes(protocol) && username === "" ? hostname : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Why nobody can listen on a port of this machine's loopback now, such as EADDRINUSE.
 * @returns undefined where one can
 */
export function whyNotFree(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(undefined)));
  });
}

/** Credentials, with a session's token where they are temporary. */
export interface SessionCredentials extends Credentials {
  readonly sessionToken?: string;
}

/** What every client of AWS is told. */
export interface AwsPlace {
  /** AWS_ENDPOINT_URL and credentials where they are in it; others are found as every AWS tool does. */
  readonly environment: NodeJS.ProcessEnv;
  readonly region: string;
}

/** Attempts of a call: GetMetricData is throttled at some tens of calls a second and account. */
const MAX_ATTEMPTS = 6;

/** A client's configuration; `service` as AWS_ENDPOINT_URL_<service> names it. */
export function clientConfiguration({ environment, region }: AwsPlace, service: string) {
  const endpoint = environment[`AWS_ENDPOINT_URL_${service}`] ?? environment["AWS_ENDPOINT_URL"];
  const credentials = credentialsIn(environment);
  return {
    region,
    maxAttempts: MAX_ATTEMPTS,
    ...(endpoint ? { endpoint } : {}),
    ...(credentials ? { credentials } : {}),
  };
}

/** The keys in an environment, or undefined; with a prefix, those of somebody else, such as OTHER_AWS_ACCESS_KEY_ID. */
export function credentialsIn(environment: NodeJS.ProcessEnv, prefix = ""): SessionCredentials | undefined {
  const [accessKeyId, secretAccessKey, sessionToken] = ["ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN"].map(
    (name) => environment[`${prefix}AWS_${name}`],
  );
  return accessKeyId && secretAccessKey
    ? { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) }
    : undefined;
}

/**
 * Credentials as every AWS tool finds them: in the environment, a profile, single sign-on, the machine's role. Throws
 * where there are none.
 */
export async function findCredentials(
  { environment, region }: AwsPlace,
  profile?: string,
): Promise<SessionCredentials> {
  const given = profile === undefined ? credentialsIn(environment) : undefined;
  if (given) return given;
  // A client brings the whole chain; this one is asked for nothing else, and loaded only here.
  const { CloudWatchClient } = await import("@aws-sdk/client-cloudwatch");
  const client = new CloudWatchClient({ region, ...(profile === undefined ? {} : { profile }) });
  try {
    const { accessKeyId, secretAccessKey, sessionToken } = await client.config.credentials();
    return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
  } catch (cause) {
    throw new Error(
      `There are no AWS credentials${profile === undefined ? "" : ` for the profile ${profile}`}: ${cause instanceof Error ? cause.message : String(cause)}. Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.`,
      { cause },
    );
  } finally {
    client.destroy();
  }
}

/** Milliseconds for an answer. */
const TIMEOUT_MS = 30_000;

export interface AwsService {
  /** As the signature names it. */
  readonly service: string;
  /** As AWS_ENDPOINT_URL_<service> names it. */
  readonly variable: string;
  readonly host: string;
}

/** API Gateway, where REST APIs are. */
export const API_GATEWAY = (region: string): AwsService => ({
  service: "apigateway",
  variable: "API_GATEWAY",
  host: `apigateway.${region}.amazonaws.com`,
});

/**
 * The text that a service answers. No client of the SDK is as small.
 * @throws Error with what was asked, and what it takes
 */
export async function signedGet(
  place: AwsPlace,
  { service, variable, host }: AwsService,
  path: string,
  query: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<string> {
  const base =
    place.environment[`AWS_ENDPOINT_URL_${variable}`] ?? place.environment["AWS_ENDPOINT_URL"] ?? `https://${host}`;
  const url = new URL(`${base.replace(/\/$/, "")}${path}`);
  const { protocol, hostname, port, pathname } = url;
  const signer = new SignatureV4({
    credentials: await findCredentials(place),
    region: place.region,
    service,
    sha256: Sha256,
  });
  const { headers } = await signer.sign({
    method: "GET",
    protocol,
    hostname,
    ...(port ? { port: Number(port) } : {}),
    path: pathname,
    query: { ...query },
    headers: { host: url.host, accept: "application/json" },
  });
  url.search = new URLSearchParams({ ...query }).toString();
  try {
    const answer = await fetch(url, { headers, signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${answer.status} ${text.slice(0, 300)}`);
    return text;
  } catch (cause) {
    if (signal.aborted) throw cause;
    throw new Error(
      `GET ${path} of ${service} in ${place.region} failed (${(cause as Error).message}). It takes the permission to read them.`,
      { cause },
    );
  }
}

/**
 * Executions that the account may have at once in the region: all of them, and those without a reservation. Throws with
 * what it takes.
 */
export async function accountLimits(
  place: AwsPlace,
  signal: AbortSignal,
): Promise<{ concurrentExecutions: number; unreservedConcurrentExecutions: number }> {
  const client = new LambdaClient(clientConfiguration(place, "LAMBDA"));
  try {
    const { AccountLimit: limit } = await client.send(new GetAccountSettingsCommand({}), { abortSignal: signal });
    const [all, unreserved] = [limit?.ConcurrentExecutions, limit?.UnreservedConcurrentExecutions];
    if (all === undefined || unreserved === undefined) throw new Error("the answer holds no AccountLimit");
    return { concurrentExecutions: all, unreservedConcurrentExecutions: unreserved };
  } catch (cause) {
    if (signal.aborted) throw cause;
    throw new Error(
      `Lambda in ${place.region} does not tell the account's limits (${(cause as Error).message}). It takes lambda:GetAccountSettings.`,
      { cause },
    );
  } finally {
    client.destroy();
  }
}
