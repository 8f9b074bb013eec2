import type { APIGatewayProxyEvent } from "aws-lambda";
import { callerOf } from "../callers";
import { ServiceUnavailableError } from "../errors";
import { readJsonText, retryAfter } from "../http";
import { readInvocation } from "../invocation";
import type { WorkQueue } from "../queue/work-queue";
import type { ApiSettings } from "../settings";
import type { NewRequest, RequestStore } from "../stores/requests";
import type { Route } from "./route";

const SECONDS_A_DAY = 86_400;
/** Seconds until a first poll makes sense: the fastest agents take about that. */
export const POLL_AFTER_SECONDS = 2;

/** What accepting a request needs. */
export interface InvokeParts {
  readonly settings: Pick<ApiSettings, "authorization" | "originSecretSha256" | "requestRetentionDays">;
  readonly requests: RequestStore;
  readonly queue: WorkQueue;
  readonly nowMs: () => number;
  readonly newId: () => string;
}

/** `POST /api/v1/invoke`: accepts a prompt, and answers 202 with `{request_id, status, status_url}`. */
export function invokeRoute(parts: InvokeParts): Route {
  const { settings, requests, queue, nowMs, newId } = parts;
  return async ({ event, signal }) => {
    const owner = callerOf(event, settings.authorization);
    const invocation = readInvocation(readJsonText(event));
    const now = nowMs();
    const request: NewRequest = {
      requestId: newId(),
      owner,
      ...invocation,
      createdAt: new Date(now).toISOString(),
      expiresAt: Math.floor(now / 1000) + settings.requestRetentionDays * SECONDS_A_DAY,
    };
    await requests.create(request, signal);
    await enqueue(request, requests, queue, signal);
    const url = statusUrl(event, request.requestId, settings.originSecretSha256 !== "");
    return {
      status: 202,
      body: { request_id: request.requestId, status: "queued", status_url: url },
      headers: { Location: url, ...retryAfter(POLL_AFTER_SECONDS) },
    };
  };
}

/** Sends the request to the worker, or takes it back: a caller is never given an id that nobody works on. */
async function enqueue({ requestId }: NewRequest, requests: RequestStore, queue: WorkQueue, signal: AbortSignal): Promise<void> {
  try {
    await queue.send(requestId, signal);
  } catch (cause) {
    // Where a worker holds the request already, the message did arrive and only its receipt got lost.
    if (await requests.withdraw(requestId).catch(() => true)) {
      throw new ServiceUnavailableError("The request cannot be queued now. Send it again.", { cause });
    }
  }
}

/**
 * The path of a request's status as this caller reaches it. A distribution in front adds the stage itself;
 * without one the stage is part of the path.
 */
function statusUrl(event: APIGatewayProxyEvent, requestId: string, behindDistribution: boolean): string {
  const path = behindDistribution ? event.path : event.requestContext.path;
  return `${path.replace(/\/invoke\/?$/, "")}/status/${requestId}`;
}
