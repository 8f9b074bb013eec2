/**
 * A refusal that a caller may receive. Its message is safe to show: it names what is allowed, and never repeats what
 * was sent.
 */
export abstract class ApiError extends Error {
  /** HTTP status of the answer. */
  abstract readonly status: number;
  /** Stable, machine-readable name: the `code` of the error body. */
  abstract readonly code: string;
  /** Seconds after which another try makes sense, sent as `Retry-After`. Default: not sent. */
  readonly retryAfterSeconds?: number;
  /** Whether a cache in front may keep this answer. Default: no. */
  readonly cacheable: boolean = false;
}

/** 400: the request breaks the contract. The message lists every problem. */
export class InvalidRequestError extends ApiError {
  override readonly name = "InvalidRequestError";
  readonly status = 400;
  readonly code = "invalid_request";
}

/** 401: the token has expired since the gateway checked it. */
export class TokenExpiredError extends ApiError {
  override readonly name = "TokenExpiredError";
  readonly status = 401;
  readonly code = "token_expired";
}

/** 403: the request did not come through the distribution in front of this API. */
export class DirectAccessRefusedError extends ApiError {
  override readonly name = "DirectAccessRefusedError";
  readonly status = 403;
  readonly code = "direct_access_refused";
}

/** 403: the gateway did not say who calls. */
export class CallerUnknownError extends ApiError {
  override readonly name = "CallerUnknownError";
  readonly status = 403;
  readonly code = "caller_unknown";
}

/** 404: no such route. */
export class RouteNotFoundError extends ApiError {
  override readonly name = "RouteNotFoundError";
  readonly status = 404;
  readonly code = "route_not_found";
}

/** 404: no such request, another caller's, or expired. The answer is the same, so that ids cannot be probed. */
export class RequestNotFoundError extends ApiError {
  override readonly name = "RequestNotFoundError";
  readonly status = 404;
  readonly code = "request_not_found";
  override readonly cacheable = true;
}

/** 413: the body or the prompt is over its limit. */
export class PayloadTooLargeError extends ApiError {
  override readonly name = "PayloadTooLargeError";
  readonly status = 413;
  readonly code = "payload_too_large";
}

/** 415: the body is not plain JSON in UTF-8. */
export class UnsupportedMediaTypeError extends ApiError {
  override readonly name = "UnsupportedMediaTypeError";
  readonly status = 415;
  readonly code = "unsupported_media_type";
}

/** 422: the caller used the idempotency key for a request with another payload. */
export class IdempotencyKeyReusedError extends ApiError {
  override readonly name = "IdempotencyKeyReusedError";
  readonly status = 422;
  readonly code = "idempotency_key_reused";
}

/** 429: the caller has started as many requests as it may today. */
export class QuotaExceededError extends ApiError {
  override readonly name = "QuotaExceededError";
  readonly status = 429;
  readonly code = "quota_exceeded";

  constructor(
    message: string,
    override readonly retryAfterSeconds: number,
  ) {
    super(message);
  }
}

/** 500: a fault of this service. The cause is logged, never shown. */
export class InternalError extends ApiError {
  override readonly name = "InternalError";
  readonly status = 500;
  readonly code = "internal_error";
}

/** 502: the request is completed, but its result is gone or was changed. */
export class ResultUnavailableError extends ApiError {
  override readonly name = "ResultUnavailableError";
  readonly status = 502;
  readonly code = "result_unavailable";
}

/** 503: a dependency does not answer. The same call may succeed later. */
export class ServiceUnavailableError extends ApiError {
  override readonly name = "ServiceUnavailableError";
  readonly status = 503;
  readonly code = "service_unavailable";
  override readonly retryAfterSeconds = 5;
}
