import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";
import { findCredentials, type AwsPlace } from "./aws-client";

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
