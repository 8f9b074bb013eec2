import { withDeadline } from "../deadline";
import { showRequest } from "../requests/endings";
import type { ReadCache } from "../requests/read-cache";
import { isTerminal, type RequestRecord, type RequestStore } from "../requests/requests";
import { loadResult, type ResultStore } from "../requests/results";
import type { ApiSettings } from "../settings";
import { identifyCaller } from "./callers";
import { InvalidRequestError, RequestNotFoundError } from "./errors";
import { makeRetryAfter, type Route } from "./gateway";
import { POLL_AFTER_SECONDS } from "./invoke";

/**
 * UTF-16 units of a cached result at most. A polled result is read from S3 once, and a few hundred of this length fit
 * into the function's memory.
 */
const MAX_KEPT_RESULT = 512 * 1024;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** What reporting a status needs. */
export interface StatusParts {
  readonly settings: Pick<ApiSettings, "authorization">;
  readonly requests: RequestStore;
  readonly results: ResultStore;
  /** Keeps requests that have ended, with their results. */
  readonly cache: ReadCache;
  readonly nowMs: () => number;
}

interface LoadedRequest {
  readonly request: RequestRecord;
  /** JSON. */
  readonly result?: string;
}

/**
 * `GET /api/v1/status/{request_id}`: `{request_id, status, created_at, updated_at, deadline, session_id?, result?,
 * error?}`.
 */
export function statusRoute(parts: StatusParts): Route {
  return async ({ event, signal, noteRequest }) => {
    const owner = identifyCaller(event, parts.settings.authorization, parts.nowMs);
    const requestId = event.pathParameters?.["request_id"] ?? "";
    if (!UUID.test(requestId)) throw new InvalidRequestError("The request id is not a UUID.");
    noteRequest?.(requestId);
    const key = `request:${requestId}:${owner}`;
    // The read has a deadline of its own, because callers share it and must not share one that never ends.
    const load = () => withDeadline(signal, () => loadRequest(parts, { owner, requestId }, signal));
    const loaded = await parts.cache.get(key, load, mayKeep);
    if (!loaded || isGone(loaded.request, parts.nowMs())) {
      // Under the same idempotency key the id may belong to a new request by now.
      parts.cache.forget(key);
      throw new RequestNotFoundError("There is no such request.");
    }
    const request = showRequest(loaded.request, parts.nowMs());
    return {
      status: 200,
      body: makeBody(request, loaded.result),
      headers: makeRetryAfter(isTerminal(request.status) ? undefined : POLL_AFTER_SECONDS),
      cacheable: true,
    };
  };
}

/** Loads the owner's request with its result. Another owner's request is never returned, and so never cached. */
async function loadRequest(
  { requests, results, nowMs }: StatusParts,
  { owner, requestId }: Pick<RequestRecord, "owner" | "requestId">,
  signal: AbortSignal,
): Promise<LoadedRequest | undefined> {
  const request = await requests.find(requestId, signal);
  if (request?.owner !== owner || isGone(request, nowMs())) return undefined;
  return { request, ...(request.result && { result: await loadResult(results, request.result, signal) }) };
}

const mayKeep = ({ request, result = "" }: LoadedRequest): boolean =>
  isTerminal(request.status) && result.length <= MAX_KEPT_RESULT;

/** Whether the request has expired. The table removes an expired item up to days late. */
const isGone = ({ expiresAt }: RequestRecord, nowMs: number): boolean => expiresAt * 1000 <= nowMs;

function makeBody(request: RequestRecord, result: string | undefined): object {
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
