import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Decision } from "./fault";
import { type ProxiedRequest, reset, type Upstream, type UpstreamAnswer } from "./proxied-request";

/** An answer that the proxy gives by itself. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** How a service answers where it throttles, by the name in the request's signature. */
export function throttled(service: string, operation: string): Answer {
  if (service === "s3")
    return xml(503, "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>");
  if (service === "sts")
    return xml(
      400,
      `<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>`,
    );
  // Reads and writes are charged to the table, everything else to the account.
  if (service === "dynamodb")
    return json(
      400,
      /Item|Query|Scan/.test(operation) ? "ProvisionedThroughputExceededException" : "ThrottlingException",
    );
  return json(service === "sqs" ? 400 : 429, "ThrottlingException");
}

/** How a service answers where something broke. */
export function failed(service: string): Answer {
  if (service === "s3")
    return xml(500, "<Error><Code>InternalError</Code><Message>We encountered an internal error.</Message></Error>");
  if (SPEAKS_QUERY.has(service))
    return xml(
      500,
      "<ErrorResponse><Error><Type>Receiver</Type><Code>InternalFailure</Code><Message>Internal failure</Message></Error></ErrorResponse>",
    );
  return json(500, "InternalServerError");
}

/** How a service answers where the caller has no permission. */
export function denied(service: string): Answer {
  if (service === "s3") return xml(403, "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>");
  if (SPEAKS_QUERY.has(service))
    return xml(
      403,
      "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>Not authorized</Message></Error></ErrorResponse>",
    );
  return json(service === "dynamodb" ? 400 : 403, "AccessDeniedException");
}

/** The services of the older query protocol among those in use: their errors are XML. */
const SPEAKS_QUERY = new Set(["sts", "iam", "sns", "monitoring"]);

/** The JSON protocols name the error in the body, the REST one in a header. */
function json(status: number, name: string): Answer {
  return {
    status,
    headers: { "content-type": "application/x-amz-json-1.0", "x-amzn-errortype": name },
    body: JSON.stringify({ __type: name, message: "Injected fault" }),
  };
}

function xml(status: number, body: string): Answer {
  return {
    status,
    headers: { "content-type": "application/xml" },
    body: `<?xml version="1.0" encoding="UTF-8"?>\n${body}`,
  };
}

/** What answering needs. */
export interface ReplyParts {
  readonly upstream: Upstream;
  /** Ends what takes long: the proxy stops. */
  readonly signal: AbortSignal;
}

/** Answers a request as the fault decides, or as the upstream does. Rejects where the upstream does not answer. */
export async function replyTo(
  request: ProxiedRequest,
  reply: ServerResponse,
  fault: Decision | undefined,
  { upstream, signal }: ReplyParts,
): Promise<void> {
  switch (fault?.kind) {
    case "black-hole":
      return;
    case "reset":
      return breakOff(reply);
    case "throttle":
      return give(reply, throttled(request.service, request.operation));
    case "error":
      return give(reply, failed(request.service));
    case "deny":
      return give(reply, denied(request.service));
    case "answer":
      return give(reply, fault.answer);
    case "drop-reply":
      await upstream.send(request);
      return breakOff(reply);
    case "hold-reply":
      await upstream.send(request);
      return fault.held(request);
    case "duplicate": {
      const first = await upstream.send(request);
      await upstream.send(request);
      return give(reply, first);
    }
    case "truncate":
      return cut(reply, await upstream.send(request), fault.bytes);
    case "slow":
      return drip(reply, await upstream.send(request), fault, signal);
    case undefined:
      return give(reply, await upstream.send(request));
  }
}

function give(reply: ServerResponse, { status, headers, body }: Answer | UpstreamAnswer): void {
  reply.writeHead(status, headers).end(body);
}

/** Without a word, as networks do. */
function breakOff({ socket }: ServerResponse): void {
  if (socket) reset(socket);
}

function cut(reply: ServerResponse, { status, headers, body }: UpstreamAnswer, bytes: number): void {
  // Closed only when the bytes are on their way.
  reply.writeHead(status, headers).write(body.subarray(0, bytes), () => reply.socket?.destroy());
}

async function drip(
  reply: ServerResponse,
  { status, headers, body }: UpstreamAnswer,
  pace: { readonly bytes: number; readonly everyMs: number },
  signal: AbortSignal,
): Promise<void> {
  reply.writeHead(status, headers).flushHeaders();
  for (let from = 0; from < body.length && !reply.destroyed; from += pace.bytes) {
    await sleep(pace.everyMs, undefined, { signal });
    reply.write(body.subarray(from, from + pace.bytes));
  }
  reply.end();
}
