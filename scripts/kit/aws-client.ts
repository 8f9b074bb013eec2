import { Sha256 } from "@aws-crypto/sha256-js";
import { GetAccountSettingsCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { SignatureV4 } from "@smithy/signature-v4";

/** Keys of an IAM principal. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Only temporary credentials have one. */
  readonly sessionToken?: string;
}

/** What every client of AWS is given. */
export interface AwsPlace {
  /**
   * Its AWS_ENDPOINT_URL and its keys are used where it has them. Without keys, credentials are searched for as every
   * AWS tool searches.
   */
  readonly environment: NodeJS.ProcessEnv;
  readonly region: string;
}

/** Attempts of a call: GetMetricData is throttled at some tens of calls a second and account. */
const MAX_ATTEMPTS = 6;

/** Configuration of an SDK client. `service` is its part of the variable AWS_ENDPOINT_URL_<service>. */
export function clientConfiguration({ environment, region }: AwsPlace, service: string) {
  const [endpoint, credentials] = [endpointOf(environment, service), credentialsIn(environment)];
  return { region, maxAttempts: MAX_ATTEMPTS, endpoint, credentials };
}

const endpointOf = (environment: NodeJS.ProcessEnv, service: string): string | undefined =>
  environment[`AWS_ENDPOINT_URL_${service}`] ?? environment["AWS_ENDPOINT_URL"];

/** The keys in an environment. A prefix selects another principal's keys, such as OTHER_AWS_ACCESS_KEY_ID. */
export function credentialsIn(environment: NodeJS.ProcessEnv, prefix = ""): Credentials | undefined {
  const [accessKeyId, secretAccessKey, sessionToken] = ["ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN"].map(
    (name) => environment[`${prefix}AWS_${name}`],
  );
  return accessKeyId && secretAccessKey
    ? { accessKeyId, secretAccessKey, sessionToken: sessionToken || undefined }
    : undefined;
}

/**
 * Finds credentials where every AWS tool finds them: environment, profile, single sign-on, the machine's role.
 * @throws Error where there are none
 */
export async function findCredentials({ environment, region }: AwsPlace, profile?: string): Promise<Credentials> {
  const given = profile === undefined ? credentialsIn(environment) : undefined;
  if (given) return given;
  // Any client brings the whole chain of providers; loading one here keeps it out of the start of other commands.
  const { CloudWatchClient } = await import("@aws-sdk/client-cloudwatch");
  const client = new CloudWatchClient({ region, profile });
  try {
    const { accessKeyId, secretAccessKey, sessionToken } = await client.config.credentials();
    return { accessKeyId, secretAccessKey, sessionToken };
  } catch (cause) {
    throw new Error(
      `There are no AWS credentials${profile === undefined ? "" : ` for the profile ${profile}`}: ` +
        `${cause instanceof Error ? cause.message : String(cause)}. ` +
        "Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
      { cause },
    );
  } finally {
    client.destroy();
  }
}

/** A request, and who signs it. */
interface UnsignedRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Name of the service in the signature, such as `execute-api`. */
  readonly service: string;
  readonly region: string;
  readonly credentials: Credentials;
}

/** Signs a request with Signature Version 4. Returns all of its headers. */
export async function signedHeaders(request: UnsignedRequest): Promise<Record<string, string>> {
  const { method, url, headers, body, service, region, credentials } = request;
  const { protocol, hostname, host, pathname, searchParams } = url;
  const signer = new SignatureV4({ credentials: { ...credentials }, region, service, sha256: Sha256 });
  const signed = await signer.sign({
    method,
    protocol,
    hostname,
    path: pathname,
    query: Object.fromEntries(searchParams),
    headers: { host, ...headers },
    body,
  });
  return signed.headers;
}

/** Milliseconds until a call without an answer is given up. */
const TIMEOUT_MS = 30_000;

interface AwsService {
  /** Name of the service in the signature. */
  readonly service: string;
  /** Its part of the variable AWS_ENDPOINT_URL_<variable>. */
  readonly variable: string;
  readonly host: string;
}

/** API Gateway's service for REST APIs. */
export const API_GATEWAY = (region: string): AwsService => ({
  service: "apigateway",
  variable: "API_GATEWAY",
  host: `apigateway.${region}.amazonaws.com`,
});

interface SignedGet {
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/**
 * Reads a resource of a service as text. The SDK's clients of these services are far larger than this call.
 * @throws Error with the path and the permission that the call takes
 */
export async function getSigned(
  place: AwsPlace,
  { service, variable, host }: AwsService,
  { path, query = {}, signal }: SignedGet,
): Promise<string> {
  const base = endpointOf(place.environment, variable) ?? `https://${host}`;
  const url = new URL(`${base.replace(/\/$/, "")}${path}`);
  url.search = new URLSearchParams({ ...query }).toString();
  const headers = await signedHeaders({
    method: "GET",
    url,
    headers: { accept: "application/json" },
    service,
    region: place.region,
    credentials: await findCredentials(place),
  });
  try {
    const answer = await fetch(url, { headers, signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${answer.status} ${text.slice(0, 300)}`);
    return text;
  } catch (cause) {
    if (signal.aborted) throw cause;
    throw new Error(
      `GET ${path} of ${service} in ${place.region} failed (${(cause as Error).message}). ` +
        "It takes the permission to read them.",
      { cause },
    );
  }
}

/** Executions that an account may have at once in a region. */
export interface AccountLimits {
  readonly concurrentExecutions: number;
  /** Those that no function has reserved. */
  readonly unreservedConcurrentExecutions: number;
}

/** @throws Error with the permission that the call takes */
export async function accountLimits(place: AwsPlace, signal: AbortSignal): Promise<AccountLimits> {
  const client = new LambdaClient(clientConfiguration(place, "LAMBDA"));
  try {
    const { AccountLimit: limit } = await client.send(new GetAccountSettingsCommand({}), { abortSignal: signal });
    const [all, unreserved] = [limit?.ConcurrentExecutions, limit?.UnreservedConcurrentExecutions];
    if (all === undefined || unreserved === undefined) throw new Error("the answer holds no AccountLimit");
    return { concurrentExecutions: all, unreservedConcurrentExecutions: unreserved };
  } catch (cause) {
    if (signal.aborted) throw cause;
    throw new Error(
      `The account's limits of Lambda in ${place.region} cannot be read (${(cause as Error).message}). ` +
        "It takes lambda:GetAccountSettings.",
      { cause },
    );
  } finally {
    client.destroy();
  }
}
