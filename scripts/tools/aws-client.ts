import type { Credentials } from "./agent-api-client";

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
