import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { resetConnection, type ProxiedRequest, type Upstream, type UpstreamAnswer } from "../http";

/** Which requests a fault hits. */
interface Choice {
  /** Default: every request. */
  readonly when?: (request: ProxiedRequest) => boolean;
  /** The share of those requests that is hit, from 0 to 1, by the proxy's random numbers. Default: 1, all. */
  readonly share?: number;
}

/** What is done to a request on its way to the upstream. */
type RequestFault =
  /** The request waits, and goes on to the next fault. */
  | { readonly kind: "latency"; readonly ms: number }
  /** The connection ends with RST; the upstream never sees the request. */
  | { readonly kind: "reset" }
  /** The request is never answered and its connection stays open; the upstream never sees it. */
  | { readonly kind: "black-hole" }
  /** The request is answered as AWS does after too many requests; the upstream never sees it. */
  | { readonly kind: "throttle" }
  /** The request is answered as AWS does after a failure of its own, status 500; the upstream never sees it. */
  | { readonly kind: "error" }
  /** The request is answered as AWS does without permission, status 403; the upstream never sees it. */
  | { readonly kind: "deny" }
  /** The request is given this answer; the upstream never sees it. */
  | { readonly kind: "answer"; readonly answer: Answer }
  /** The upstream handles the request, and the connection ends with RST instead of an answer. */
  | { readonly kind: "drop-reply" }
  /** The upstream handles the request, `held` is called, and the answer is never given; the connection stays open. */
  | { readonly kind: "hold-reply"; readonly held: (request: ProxiedRequest) => void }
  /** The upstream handles the request twice, one after the other; the first answer is given. */
  | { readonly kind: "duplicate" }
  /** The connection is closed after this many bytes of the answer's body. */
  | { readonly kind: "truncate"; readonly bytes: number }
  /** The answer's body is sent this many bytes at a time. */
  | { readonly kind: "slow"; readonly bytes: number; readonly everyMs: number };

/** New connections end with RST as soon as they are made; open ones stay. */
type ConnectionFault = Pick<Choice, "share"> & { readonly kind: "refuse" };

export type Fault = (Choice & RequestFault) | ConnectionFault;
export type FaultKind = Fault["kind"];
/** A fault that decides what becomes of a request. */
export type Decision = Exclude<Fault, { readonly kind: "latency" | "refuse" }>;

/** What becomes of a request. */
interface Fate {
  readonly delayMs: number;
  /** Undefined: the request is passed on unchanged. */
  readonly decision?: Decision;
  /** All faults that hit the request, in their order. */
  readonly hit: readonly Fault[];
}

/**
 * Tries the faults in their order. The delays of all latencies that hit add up, and the first other fault that hits
 * decides.
 */
export function decideFate(request: ProxiedRequest, faults: readonly Fault[], random: () => number): Fate {
  const hit: Fault[] = [];
  let delayMs = 0;
  for (const fault of faults) {
    if (fault.kind === "refuse" || fault.when?.(request) === false || !isDrawn(fault, random)) continue;
    hit.push(fault);
    if (fault.kind !== "latency") return { delayMs, decision: fault, hit };
    delayMs += fault.ms;
  }
  return { delayMs, hit };
}

/** Whether chance picks the fault. A fault that always hits draws no number. */
export function isDrawn({ share = 1 }: Fault, random: () => number): boolean {
  return share >= 1 || random() < share;
}

/** An answer that the proxy gives by itself. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Services of the older query protocol among those in use, whose errors are XML. */
const QUERY_SERVICES = new Set(["sts", "iam", "sns", "monitoring"]);

/** How a service answers too many requests. @param service as the request's signature names it */
function throttledAnswer(service: string, operation: string): Answer {
  if (service === "s3") return s3Error(503, "SlowDown", "Please reduce your request rate.");
  if (service === "sts") return queryError(400, "Throttling", "Rate exceeded");
  // Reads and writes count against the table, everything else against the account.
  if (service === "dynamodb" && /Item|Query|Scan/.test(operation))
    return jsonError(400, "ProvisionedThroughputExceededException");
  return jsonError(service === "dynamodb" || service === "sqs" ? 400 : 429, "ThrottlingException");
}

/** How a service answers after a failure of its own. @param service as the request's signature names it */
function failedAnswer(service: string): Answer {
  if (service === "s3") return s3Error(500, "InternalError", "We encountered an internal error.");
  if (QUERY_SERVICES.has(service)) return queryError(500, "InternalFailure", "Internal failure");
  return jsonError(500, "InternalServerError");
}

/** How a service answers a caller without permission. @param service as the request's signature names it */
export function deniedAnswer(service: string): Answer {
  if (service === "s3") return s3Error(403, "AccessDenied", "Access Denied");
  if (QUERY_SERVICES.has(service)) return queryError(403, "AccessDenied", "Not authorized");
  return jsonError(service === "dynamodb" ? 400 : 403, "AccessDeniedException");
}

/** AWS's JSON protocols name the error in the body, its REST protocol in a header. */
function jsonError(status: number, name: string): Answer {
  return {
    status,
    headers: { "content-type": "application/x-amz-json-1.0", "x-amzn-errortype": name },
    body: JSON.stringify({ __type: name, message: "Injected fault" }),
  };
}

function queryError(status: number, code: string, message: string): Answer {
  const type = status < 500 ? "Sender" : "Receiver";
  const error = `<Error><Type>${type}</Type><Code>${code}</Code><Message>${message}</Message></Error>`;
  return xmlAnswer(status, `<ErrorResponse>${error}</ErrorResponse>`);
}

function s3Error(status: number, code: string, message: string): Answer {
  return xmlAnswer(status, `<Error><Code>${code}</Code><Message>${message}</Message></Error>`);
}

function xmlAnswer(status: number, body: string): Answer {
  const headers = { "content-type": "application/xml" };
  return { status, headers, body: `<?xml version="1.0" encoding="UTF-8"?>\n${body}` };
}

/** What a request is answered with. */
interface AnswerPlan {
  /** Undefined: the upstream's answer, unchanged. */
  readonly fault: Decision | undefined;
  readonly upstream: Upstream;
  /** Aborts when the proxy stops, and ends answers that take long. */
  readonly signal: AbortSignal;
}

/** Answers a request as the fault says, or as the upstream does. Rejects where the upstream does not answer. */
export async function answerRequest(
  request: ProxiedRequest,
  reply: ServerResponse,
  { fault, upstream, signal }: AnswerPlan,
): Promise<void> {
  switch (fault?.kind) {
    case "black-hole":
      return;
    case "reset":
      return breakOff(reply);
    case "throttle":
      return writeAnswer(reply, throttledAnswer(request.service, request.operation));
    case "error":
      return writeAnswer(reply, failedAnswer(request.service));
    case "deny":
      return writeAnswer(reply, deniedAnswer(request.service));
    case "answer":
      return writeAnswer(reply, fault.answer);
    case "drop-reply":
      await upstream.send(request);
      return breakOff(reply);
    case "hold-reply":
      await upstream.send(request);
      return fault.held(request);
    case "duplicate": {
      const first = await upstream.send(request);
      await upstream.send(request);
      return writeAnswer(reply, first);
    }
    case "truncate": {
      const { status, headers, body } = await upstream.send(request);
      // Closed only when the bytes are on their way.
      reply.writeHead(status, headers).write(body.subarray(0, fault.bytes), () => reply.socket?.destroy());
      return;
    }
    case "slow": {
      const { status, headers, body } = await upstream.send(request);
      reply.writeHead(status, headers).flushHeaders();
      for (let from = 0; from < body.length && !reply.destroyed; from += fault.bytes) {
        await sleep(fault.everyMs, undefined, { signal });
        reply.write(body.subarray(from, from + fault.bytes));
      }
      reply.end();
      return;
    }
    case undefined:
      return writeAnswer(reply, await upstream.send(request));
  }
}

function writeAnswer(reply: ServerResponse, { status, headers, body }: Answer | UpstreamAnswer): void {
  reply.writeHead(status, headers).end(body);
}

function breakOff({ socket }: ServerResponse): void {
  if (socket) resetConnection(socket);
}
