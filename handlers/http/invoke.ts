import type { APIGatewayProxyEvent } from "aws-lambda";
import { callerOf } from "./callers";
import { asShown } from "../requests/endings";
import { IdempotencyKeyReusedError } from "./errors";
import { readJsonText, retryAfter, type Reply, type Route } from "./http";
import { idempotencyKeyOf, requestIdOf, readInvocation } from "./invocation";
import type { CallerQuota } from "../requests/quotas";
import type { ApiSettings } from "../settings";
import { isTerminal, type NewRequest, type RequestRecord } from "../requests/requests";
import { admit, type AdmissionParts } from "../requests/admission";

const SECONDS_A_DAY = 86_400;
/** Seconds until a first poll makes sense: the fastest agents take about that. */
export const POLL_AFTER_SECONDS = 2;

/** What accepting a request needs. */
export interface InvokeParts extends AdmissionParts {
  readonly settings: Pick<
    ApiSettings,
    "authorization" | "originSecretSha256" | "requestDeadlineSeconds" | "requestRetentionDays"
  >;
  readonly newId: () => string;
  /** Default: callers may begin any number. */
  readonly quota?: CallerQuota;
}

/**
 * `POST /api/v1/invoke`: accepts a prompt, and answers 202 with `{request_id, status, status_url, deadline}`.
 * With the header `Idempotency-Key` a repetition is given the request that its first try made, in its current status,
 * with `Idempotency-Replayed: true`; with another payload it is refused.
 */
export function invokeRoute(parts: InvokeParts): Route {
  return async ({ event, signal, concerns }) => {
    const owner = callerOf(event, parts.settings.authorization, parts.nowMs);
    const key = idempotencyKeyOf(event);
    const request = newRequest(parts, owner, key, event);
    concerns?.(request.requestId);
    await parts.quota?.(owner, signal);
    const admission = await admit(parts, request, key !== undefined, signal);
    if (admission.outcome === "conflict") {
      throw new IdempotencyKeyReusedError(
        "This Idempotency-Key was sent with another prompt or session_id. Send a new request with a new key.",
      );
    }
    const url = statusUrl(event, request.requestId, parts.settings.originSecretSha256 !== "");
    return replyOf(asShown(admission.request, parts.nowMs()), url, admission.outcome === "repeated");
  };
}

function newRequest(
  { settings, nowMs, newId }: InvokeParts,
  owner: string,
  key: string | undefined,
  event: APIGatewayProxyEvent,
): NewRequest {
  const invocation = readInvocation(readJsonText(event));
  const now = nowMs();
  return {
    requestId: key === undefined ? newId() : requestIdOf(owner, key),
    owner,
    ...invocation,
    createdAt: new Date(now).toISOString(),
    deadlineMs: now + settings.requestDeadlineSeconds * 1000,
    expiresAt: Math.floor(now / 1000) + settings.requestRetentionDays * SECONDS_A_DAY,
  };
}

function replyOf({ requestId, status, deadlineMs }: RequestRecord, url: string, replayed: boolean): Reply {
  return {
    status: 202,
    body: { request_id: requestId, status, status_url: url, deadline: new Date(deadlineMs).toISOString() },
    headers: {
      Location: url,
      ...retryAfter(isTerminal(status) ? undefined : POLL_AFTER_SECONDS),
      ...(replayed && { "Idempotency-Replayed": "true" }),
    },
  };
}

/**
 * The path of a request's status as this caller reaches it. A distribution in front adds the stage itself;
 * without one the stage is part of the path.
 */
function statusUrl(event: APIGatewayProxyEvent, requestId: string, behindDistribution: boolean): string {
  const path = behindDistribution ? event.path : event.requestContext.path;
  return `${path.replace(/\/invoke\/?$/, "")}/status/${requestId}`;
}
