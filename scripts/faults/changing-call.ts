import type { ProxiedRequest } from "./proxied-request";

/** Names of operations that change nothing. */
const READS = /^(Get|List|Describe|Head|Lookup|BatchGet|Query|Scan)/;

/**
 * What a call to AWS changes, such as `iam CreateRole` or `apigateway POST /restapis`; undefined where it only reads.
 * The name of the operation stands in a header, in the body, or is the method and the path, by the service's protocol.
 */
export function changingCall({ method, path, service, operation, body }: ProxiedRequest): string | undefined {
  const named = operation || /(?:^|&)Action=(\w+)/.exec(body.toString())?.[1];
  if (named !== undefined) return READS.test(named) ? undefined : `${service} ${named}`;
  return method === "GET" || method === "HEAD" ? undefined : `${service} ${method} ${path}`;
}
