import { callerOf } from "../callers";
import { InvalidRequestError, RequestNotFoundError } from "../errors";
import { retryAfter } from "../http";
import { loadResult } from "../results";
import type { ApiSettings } from "../settings";
import { isTerminal, type RequestRecord, type RequestStore } from "../stores/requests";
import type { ResultStore } from "../stores/results";
import { POLL_AFTER_SECONDS } from "./invoke";
import type { Route } from "./route";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** What telling a status needs. */
export interface StatusParts {
  readonly settings: Pick<ApiSettings, "authorization">;
  readonly requests: RequestStore;
  readonly results: ResultStore;
  readonly nowMs: () => number;
}

/** `GET /api/v1/status/{request_id}`: `{request_id, status, created_at, updated_at, session_id?, result?, error?}`. */
export function statusRoute({ settings, requests, results, nowMs }: StatusParts): Route {
  return async ({ event, signal }) => {
    const owner = callerOf(event, settings.authorization);
    const requestId = event.pathParameters?.["request_id"] ?? "";
    if (!UUID.test(requestId)) throw new InvalidRequestError("The request id is not a UUID.");
    const request = await requests.find(requestId, signal);
    // The table removes an expired item up to days late.
    if (request?.owner !== owner || request.expiresAt * 1000 <= nowMs()) throw new RequestNotFoundError("There is no such request.");
    const result = request.result && (await loadResult(results, request.result, signal));
    return {
      status: 200,
      body: bodyOf(request, result),
      headers: retryAfter(isTerminal(request.status) ? undefined : POLL_AFTER_SECONDS),
      cacheable: true,
    };
  };
}

function bodyOf(request: RequestRecord, result: string | undefined): object {
  return {
    request_id: request.requestId,
    status: request.status,
    created_at: request.createdAt,
    updated_at: request.updatedAt,
    ...(request.sessionId !== undefined && { session_id: request.sessionId }),
    ...(result !== undefined && { result: JSON.parse(result) as unknown }),
    ...(request.failure && { error: request.failure }),
  };
}
