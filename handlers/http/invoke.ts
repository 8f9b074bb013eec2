import type { APIGatewayProxyEvent } from "aws-lambda";
import { admit, type AdmissionParts } from "../requests/admission";
import { showRequest } from "../requests/endings";
import type { CallerQuota } from "../requests/quotas";
import { isTerminal, type NewRequest, type RequestRecord } from "../requests/requests";
import type { ApiSettings } from "../settings";
import { identifyCaller } from "./callers";
import { IdempotencyKeyReusedError } from "./errors";
import { makeRetryAfter, readJsonText, type Reply, type Route } from "./gateway";
import { deriveRequestId, readIdempotencyKey, readInvocation } from "./invocation";

const SECONDS_A_DAY = 86_400;
/** Seconds until a first poll makes sense. The fastest agents take about that long. */
export const POLL_AFTER_SECONDS = 2;

/** What accepting a request needs. */
export interface InvokeParts extends AdmissionParts {
  readonly settings: Pick<
    ApiSettings,
    "authorization" | "originSecretSha256" | "requestDeadlineSeconds" | "requestRetentionDays"
  >;
  readonly newId: () => string;
  /** Default: callers may start any number of requests. */
  readonly quota?: CallerQuota;
}

/**
 * `POST /api/v1/invoke`: accepts a prompt, and answers 202 with `{request_id, status, status_url, deadline}`.
 * With the header `Idempotency-Key` a repetition is answered with the request of its first try, in its current status,
 * with `Idempotency-Replayed: true`. A repetition with another payload is refused.
 */
export function invokeRoute(parts: InvokeParts): Route {
  return async ({ event, signal, noteRequest }) => {
    const owner = identifyCaller(event, parts.settings.authorization, parts.nowMs);
    const key = readIdempotencyKey(event);
    const requestId = key === undefined ? parts.newId() : deriveRequestId(owner, key);
    const request = { requestId, owner, ...readRequest(parts, event) };
    noteRequest?.(requestId);
    await parts.quota?.(owner, signal);
    const admission = await admit(parts, { request, keyed: key !== undefined, signal });
    if (admission.outcome === "conflict")
      throw new IdempotencyKeyReusedError(
        "This Idempotency-Key was sent with another prompt or session_id. Send a new request with a new key.",
      );
    const url = makeStatusUrl(event, requestId, parts.settings.originSecretSha256 !== "");
    return makeReply(showRequest(admission.request, parts.nowMs()), url, admission.outcome === "repeated");
  };
}

function readRequest(
  { settings, nowMs }: InvokeParts,
  event: APIGatewayProxyEvent,
): Omit<NewRequest, "requestId" | "owner"> {
  const invocation = readInvocation(readJsonText(event));
  const now = nowMs();
  return {
    ...invocation,
    createdAt: new Date(now).toISOString(),
    deadlineMs: now + settings.requestDeadlineSeconds * 1000,
    expiresAt: Math.floor(now / 1000) + settings.requestRetentionDays * SECONDS_A_DAY,
  };
}

function makeReply({ requestId, status, deadlineMs }: RequestRecord, url: string, replayed: boolean): Reply {
  return {
    status: 202,
    body: { request_id: requestId, status, status_url: url, deadline: new Date(deadlineMs).toISOString() },
    headers: {
      Location: url,
      ...makeRetryAfter(isTerminal(status) ? undefined : POLL_AFTER_SECONDS),
      ...(replayed && { "Idempotency-Replayed": "true" }),
    },
  };
}

/** Makes the path of a request's status. It contains the stage, unless a distribution in front adds the stage. */
function makeStatusUrl(event: APIGatewayProxyEvent, requestId: string, behindDistribution: boolean): string {
  const path = behindDistribution ? event.path : event.requestContext.path;
  return `${path.replace(/\/invoke\/?$/, "")}/status/${requestId}`;
}
