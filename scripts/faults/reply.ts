import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { denied, failed, throttled, type Answer } from "./aws-answers";
import type { Decision } from "./fault";
import type { ProxiedRequest } from "./proxied-request";
import { reset } from "./reset";
import type { Upstream, UpstreamAnswer } from "./upstream";

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
