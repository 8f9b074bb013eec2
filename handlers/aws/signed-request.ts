import { HttpRequest } from "@smithy/core/protocols";
import { SignatureV4 } from "@smithy/signature-v4";
import { createHash, createHmac, type Hash, type Hmac } from "node:crypto";
import type { Variables } from "../settings";

/** Makes a request with these headers and this body, and signs it. */
export type SignRequest = (headers: Readonly<Record<string, string>>, body: string) => Promise<HttpRequest>;

/**
 * What the domains of regions end with, by how these begin: the first that fits (@aws-sdk/core, util-endpoints,
 * partitions).
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
 * Signs requests of a service, `POST /`, with the credentials that the process has at that moment. Throws where it is
 * not told its region, and with a call where there are no credentials.
 * @param endpoint where the service is found, unless AWS_ENDPOINT_URL says. Default: its host in the region
 */
export function requestSigner(service: "dynamodb" | "sqs", variables: Variables, endpoint?: string): SignRequest {
  const region = told(variables, "AWS_REGION");
  const { protocol, hostname, port, host } = new URL(
    variables[`AWS_ENDPOINT_URL_${service.toUpperCase()}`] ??
      variables["AWS_ENDPOINT_URL"] ??
      endpoint ??
      regionalEndpoint(service, region),
  );
  const signer = new SignatureV4({
    service,
    region,
    credentials: async () => credentialsIn(variables),
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
        // By it Lambda knows a message that goes in a circle (Lambda developer guide, recursive loop detection).
        ...(trace !== undefined && { "x-amzn-trace-id": trace }),
      },
      body,
    });
    return (await signer.sign(request)) as HttpRequest;
  };
}

/** Where a service is found in a region. */
export function regionalEndpoint(service: string, region: string): string {
  const domain = DOMAINS.find(([start]) => region.startsWith(start))?.[1];
  return `https://${service}.${region}.${domain}`;
}

/**
 * Those of the function's role: Lambda gives them to the process as variables, and no other way (Lambda developer
 * guide, environment variables).
 */
function credentialsIn(variables: Variables) {
  const sessionToken = variables["AWS_SESSION_TOKEN"];
  return {
    accessKeyId: told(variables, "AWS_ACCESS_KEY_ID"),
    secretAccessKey: told(variables, "AWS_SECRET_ACCESS_KEY"),
    ...(sessionToken && { sessionToken }),
  };
}

function told(variables: Variables, name: string): string {
  const value = variables[name];
  if (value) return value;
  throw new Error(`${name} is not set. Lambda sets it; elsewhere give the process the variable.`);
}

/** SHA-256 by Node, as the signer wants it: the SDK's own comes with a JavaScript one. */
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

  /** Nothing that is begun is begun again: the signer makes a new one each time. */
  reset(): void {
    throw new Error("A hash that was begun cannot be begun again");
  }
}
