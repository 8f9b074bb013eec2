import { callerOf } from "./callers";
import { withDeadline } from "../deadline";
import { asShown } from "../requests/endings";
import { InvalidRequestError, RequestNotFoundError } from "./errors";
import { retryAfter, type Route } from "./http";
import type { ReadCache } from "../requests/read-cache";
import { loadResult, type ResultStore } from "../requests/results";
import type { ApiSettings } from "../settings";
import { isTerminal, type RequestRecord, type RequestStore } from "../requests/requests";
import { POLL_AFTER_SECONDS } from "./invoke";

/**
 * UTF-16 units of a result that is kept in the process at most: a polled one is read from S3 once, and a few hundred
 * leave it its memory.
 */
const MAX_KEPT_RESULT = 512 * 1024;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** What telling a status needs. */
export interface StatusParts {
  readonly settings: Pick<ApiSettings, "authorization">;
  readonly requests: RequestStore;
  readonly results: ResultStore;
  /** Keeps requests that have ended, with their results. */
  readonly cache: ReadCache;
  readonly nowMs: () => number;
}

interface Found {
  readonly request: RequestRecord;
  /** JSON. */
  readonly result?: string;
}

/**
 * `GET /api/v1/status/{request_id}`: `{request_id, status, created_at, updated_at, deadline, session_id?, result?,
 * error?}`.
 */
export function statusRoute(parts: StatusParts): Route {
  return async ({ event, signal, concerns }) => {
    const owner = callerOf(event, parts.settings.authorization, parts.nowMs);
    const requestId = event.pathParameters?.["request_id"] ?? "";
    if (!UUID.test(requestId)) throw new InvalidRequestError("The request id is not a UUID.");
    concerns?.(requestId);
    const key = `request:${requestId}:${owner}`;
    // The deadline is the read's own: callers who share one that never ends would never be answered.
    const found = await parts.cache.get(
      key,
      () => withDeadline(signal, () => read(parts, owner, requestId, signal)),
      mayKeep,
    );
    if (!found || isGone(found.request, parts.nowMs())) {
      // The id may stand for a new request by now, under the same idempotency key.
      parts.cache.forget(key);
      throw new RequestNotFoundError("There is no such request.");
    }
    const request = asShown(found.request, parts.nowMs());
    return {
      status: 200,
      body: bodyOf(request, found.result),
      headers: retryAfter(isTerminal(request.status) ? undefined : POLL_AFTER_SECONDS),
      cacheable: true,
    };
  };
}

/** The owner's request with its result: nothing where it is somebody else's, so that nothing of it is kept. */
async function read(
  { requests, results, nowMs }: StatusParts,
  owner: string,
  requestId: string,
  signal: AbortSignal,
): Promise<Found | undefined> {
  const request = await requests.find(requestId, signal);
  if (request?.owner !== owner || isGone(request, nowMs())) return undefined;
  return { request, ...(request.result && { result: await loadResult(results, request.result, signal) }) };
}

const mayKeep = ({ request, result = "" }: Found): boolean =>
  isTerminal(request.status) && result.length <= MAX_KEPT_RESULT;

/** The table removes an expired item up to days late. */
const isGone = ({ expiresAt }: RequestRecord, nowMs: number): boolean => expiresAt * 1000 <= nowMs;

function bodyOf(request: RequestRecord, result: string | undefined): object {
  return {
    request_id: request.requestId,
    status: request.status,
    created_at: request.createdAt,
    updated_at: request.updatedAt,
    deadline: new Date(request.deadlineMs).toISOString(),
    ...(request.sessionId !== undefined && { session_id: request.sessionId }),
    ...(result !== undefined && { result: JSON.parse(result) as unknown }),
    ...(request.failure && { error: request.failure }),
  };
}
