import type { IncomingHttpHeaders, IncomingMessage } from "node:http";

/** A request on its way through the proxy, for choosing what becomes of it. */
export interface ProxiedRequest {
  readonly method: string;
  /** With the query, as sent. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** As its signature names it, such as `dynamodb`; "" where it is not signed. */
  readonly service: string;
  /** What `x-amz-target` names, such as `UpdateItem`; "" where there is none. */
  readonly operation: string;
  readonly connection: ProxiedConnection;
}

export interface ProxiedConnection {
  /** From 1, in the order of being opened. */
  readonly number: number;
  /** Whether it was open already when the faults were set. */
  readonly isOlder: boolean;
}

/** The service in `Credential=<key>/<date>/<region>/<service>/aws4_request`. */
const SERVICE = /Credential=[^/]+\/\d+\/[^/]+\/([^/]+)\/aws4_request/;

/** Reads a request to its end. Rejects where it breaks off. */
export async function readRequest(message: IncomingMessage, connection: ProxiedConnection): Promise<ProxiedRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  const { method = "GET", url: path = "/", headers } = message;
  const target = headers["x-amz-target"];
  return {
    method,
    path,
    headers,
    body: Buffer.concat(chunks),
    service: SERVICE.exec(headers.authorization ?? "")?.[1] ?? "",
    operation: typeof target === "string" ? target.slice(target.indexOf(".") + 1) : "",
    connection,
  };
}
