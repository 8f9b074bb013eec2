import type { ProxiedRequest } from "../../../scripts/emulator/faults/proxied-request";

/** Names of operations that change nothing. */
const READS = /^(Get|List|Describe|Head|Lookup|BatchGet|Query|Scan)/;

/**
 * The change that a call to AWS makes, such as `iam CreateRole` or `apigateway POST /restapis`; undefined where it only
 * reads. By the service's protocol, the operation is named by a header, by the body, or by method and path.
 */
export function readChangingCall(request: ProxiedRequest): string | undefined {
  const { method, path, service, body } = request;
  const operation = request.operation || /(?:^|&)Action=(\w+)/.exec(body.toString())?.[1];
  if (operation !== undefined) return READS.test(operation) ? undefined : `${service} ${operation}`;
  return method === "GET" || method === "HEAD" ? undefined : `${service} ${method} ${path}`;
}
