import type { APIGatewayProxyEvent, APIGatewayProxyResult } from "aws-lambda";
import {
  type ApiError,
  PayloadTooLargeError,
  InvalidRequestError,
  UnsupportedMediaTypeError,
  RouteNotFoundError,
} from "./errors";

/** Bytes of `text` in UTF-8: what AWS counts and bills. A JavaScript length counts UTF-16 units. */
export const utf8Bytes = (text: string): number => Buffer.byteLength(text, "utf8");

/** The longest start of `text` that takes at most `maxBytes` in UTF-8, cut between characters. */
export function truncateUtf8(text: string, maxBytes: number): string {
  if (utf8Bytes(text) <= maxBytes) return text;
  // A streaming decoder holds back the character that the cut went through.
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(Buffer.from(text, "utf8").subarray(0, maxBytes), {
    stream: true,
  });
}

/** The longest body that is read, in bytes of UTF-8. */
export const MAX_BODY_BYTES = 64 * 1024;

/** An answer before it is written: a status, a JSON body and headers of its own. */
export interface Reply {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether a cache in front may keep it, for as long as that cache is set to. Default: no. */
  readonly cacheable?: boolean;
}

const SECURITY_HEADERS = {
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
  "Strict-Transport-Security": "max-age=31536000",
  "X-Content-Type-Options": "nosniff",
};

/** The Lambda proxy response of a reply. */
export function toResponse({ status, body, headers, cacheable = false }: Reply): APIGatewayProxyResult {
  return {
    statusCode: status,
    headers: {
      "Content-Type": "application/json",
      ...SECURITY_HEADERS,
      ...(cacheable ? {} : { "Cache-Control": "no-store" }),
      ...headers,
    },
    body: JSON.stringify(body),
    isBase64Encoded: false,
  };
}

/** `{"error":{"code","message","gateway_request_id"}}`: nothing of what was sent, and no stack. */
export function errorReply(error: ApiError, gatewayRequestId: string): Reply {
  return {
    status: error.status,
    body: { error: { code: error.code, message: error.message, gateway_request_id: gatewayRequestId } },
    headers: retryAfter(error.retryAfterSeconds),
    cacheable: error.cacheable,
  };
}

/** The header `Retry-After`, or none. */
export function retryAfter(seconds: number | undefined): Record<string, string> {
  return seconds === undefined ? {} : { "Retry-After": String(seconds) };
}

/** The values of a header, whatever its case. Empty where it was not sent. */
export function headerValues(
  event: Pick<APIGatewayProxyEvent, "headers" | "multiValueHeaders">,
  name: string,
): string[] {
  const multiple = Object.entries(event.multiValueHeaders ?? {}).filter(([key]) => key.toLowerCase() === name);
  if (multiple.length > 0) return multiple.flatMap(([, values]) => values ?? []);
  return Object.entries(event.headers ?? {}).flatMap(([key, value]) =>
    key.toLowerCase() === name && value !== undefined ? [value] : [],
  );
}

/**
 * The text of a JSON body. Throws {@link UnsupportedMediaTypeError}, {@link PayloadTooLargeError},
 * or {@link InvalidRequestError} where the bytes are not text.
 */
export function readJsonText(event: APIGatewayProxyEvent): string {
  const types = headerValues(event, "content-type");
  if (types.length !== 1 || !/^application\/json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?$/i.test(types[0] ?? "")) {
    throw new UnsupportedMediaTypeError("Send the body with Content-Type: application/json, in UTF-8.");
  }
  if (headerValues(event, "content-encoding").some((coding) => coding.toLowerCase() !== "identity")) {
    throw new UnsupportedMediaTypeError("Send the body without Content-Encoding.");
  }
  const body = event.body ?? "";
  const text = event.isBase64Encoded ? decode(body) : body;
  if (utf8Bytes(text) > MAX_BODY_BYTES) throw new PayloadTooLargeError(`The body is over ${MAX_BODY_BYTES} bytes.`);
  return text;
}

function decode(body: string): string {
  if (body.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(body))
    throw new InvalidRequestError("The body is not valid base64.");
  try {
    // The byte order mark stays, and JSON refuses it.
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Buffer.from(body, "base64"));
  } catch (cause) {
    throw new InvalidRequestError("The body is not valid UTF-8.", { cause });
  }
}

/** One call of a route. */
export interface Call {
  readonly event: APIGatewayProxyEvent;
  /** Aborted when there is just time left to answer that it took too long. */
  readonly signal: AbortSignal;
  /** Tells the log which request the call is about. Default: the log is not told. */
  readonly concerns?: (requestId: string) => void;
}

/** What the service does for a caller. Rejects with an `ApiError` for a refusal. */
export type Route = (call: Call) => Promise<Reply>;

/** The routes, by method and resource as the gateway names them. */
const ROUTES = {
  "POST /api/v1/invoke": "invoke",
  "GET /api/v1/status/{request_id}": "status",
  "GET /api/v1/health": "health",
} as const;

export type RouteName = (typeof ROUTES)[keyof typeof ROUTES];

/** The route of a method and a resource. Throws {@link RouteNotFoundError}. */
export function routeOf(method: string, resource: string): RouteName {
  const route = new Map<string, RouteName>(Object.entries(ROUTES)).get(`${method} ${resource}`);
  if (!route) throw new RouteNotFoundError(`No such route. There are: ${Object.keys(ROUTES).join(", ")}.`);
  return route;
}
