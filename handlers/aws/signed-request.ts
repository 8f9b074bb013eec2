import { createHash, createHmac, type Hash, type Hmac } from "node:crypto";
import { HttpRequest } from "@smithy/core/protocols";
import { SignatureV4 } from "@smithy/signature-v4";
import type { Variables } from "../settings";

/** Makes a request with these headers and this body, and signs it. */
export type SignRequest = (headers: Readonly<Record<string, string>>, body: string) => Promise<HttpRequest>;

/**
 * Domains by the prefix of a region. The first prefix that matches counts (@aws-sdk/core, util-endpoints, partitions).
 */
const DOMAINS = [
  ["cn-", "amazonaws.com.cn"],
  ["eusc-", "amazonaws.eu"],
  ["us-isob-", "sc2s.sgov.gov"],
  ["us-isof-", "csp.hci.ic.gov"],
  ["us-iso-", "c2s.ic.gov"],
  ["eu-isoe-", "cloud.adc-e.uk"],
  ["", "amazonaws.com"],
] as const;

/**
 * Makes the signer of a service's requests, `POST /`, with the credentials of that moment. Throws without a region; a
 * call rejects without credentials.
 * @param endpoint the service's address, unless AWS_ENDPOINT_URL gives it. Default: its host in the region
 */
export function openSigner(service: "dynamodb" | "sqs", variables: Variables, endpoint?: string): SignRequest {
  const region = requireVariable(variables, "AWS_REGION");
  const { protocol, hostname, port, host } = new URL(
    variables[`AWS_ENDPOINT_URL_${service.toUpperCase()}`] ??
      variables["AWS_ENDPOINT_URL"] ??
      endpoint ??
      makeEndpoint(service, region),
  );
  const signer = new SignatureV4({
    service,
    region,
    credentials: async () => readCredentials(variables),
    sha256: Sha256,
  });
  return async (headers, body) => {
    const trace = variables["_X_AMZN_TRACE_ID"];
    const request = new HttpRequest({
      method: "POST",
      protocol,
      hostname,
      ...(port !== "" && { port: Number(port) }),
      path: "/",
      headers: {
        ...headers,
        host,
        "content-length": String(Buffer.byteLength(body)),
        "user-agent": "quickturn",
        // Lambda detects recursive loops by this header (Lambda developer guide, recursive loop detection).
        ...(trace !== undefined && { "x-amzn-trace-id": trace }),
      },
      body,
    });
    return (await signer.sign(request)) as HttpRequest;
  };
}

/** Makes the address of a service in a region. */
export function makeEndpoint(service: string, region: string): string {
  const domain = DOMAINS.find(([start]) => region.startsWith(start))?.[1];
  return `https://${service}.${region}.${domain}`;
}

/**
 * Reads the credentials of the function's role, which Lambda gives as variables (Lambda developer guide, environment
 * variables).
 */
function readCredentials(variables: Variables) {
  const sessionToken = variables["AWS_SESSION_TOKEN"];
  return {
    accessKeyId: requireVariable(variables, "AWS_ACCESS_KEY_ID"),
    secretAccessKey: requireVariable(variables, "AWS_SECRET_ACCESS_KEY"),
    ...(sessionToken && { sessionToken }),
  };
}

function requireVariable(variables: Variables, name: string): string {
  const value = variables[name];
  if (value) return value;
  throw new Error(`${name} is not set. Lambda sets it; elsewhere give the process the variable.`);
}

/** SHA-256 by Node, in the form that the signer needs. The SDK's own contains a JavaScript implementation. */
class Sha256 {
  private readonly hash: Hash | Hmac;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.hash =
      secret === undefined ? createHash("sha256") : createHmac("sha256", secret as NodeJS.ArrayBufferView | string);
  }

  update(data: Uint8Array): void {
    this.hash.update(data);
  }

  async digest(): Promise<Uint8Array> {
    return this.hash.digest();
  }

  /** Required by the interface and never called: the signer makes a new hash each time. */
  reset(): void {
    throw new Error("Not supported");
  }
}
