import type { APIGatewayProxyEvent, APIGatewayProxyResult } from "aws-lambda";
import {
  InvalidRequestError,
  PayloadTooLargeError,
  RouteNotFoundError,
  UnsupportedMediaTypeError,
  type ApiError,
} from "./errors";

/** One call of a route. */
export interface Call {
  readonly event: APIGatewayProxyEvent;
  /** Aborted when there is just enough time left to answer that the call took too long. */
  readonly signal: AbortSignal;
  /** Tells the log which request the call is about. Default: the log does not learn it. */
  readonly noteRequest?: (requestId: string) => void;
}

/** An answer before it is written: a status, a JSON body and additional headers. */
export interface Reply {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether a cache in front may keep it, for as long as that cache is set to. Default: no. */
  readonly cacheable?: boolean;
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

/** Finds the route of a method and a resource. Throws {@link RouteNotFoundError}. */
export function findRoute(method: string, resource: string): RouteName {
  const route = new Map<string, RouteName>(Object.entries(ROUTES)).get(`${method} ${resource}`);
  if (!route) throw new RouteNotFoundError(`No such route. There are: ${Object.keys(ROUTES).join(", ")}.`);
  return route;
}

/** Reads the values of a header, whatever its case. Empty if it was not sent. */
export function readHeader(
  { headers, multiValueHeaders }: Pick<APIGatewayProxyEvent, "headers" | "multiValueHeaders">,
  name: string,
): string[] {
  const find = <T>(fields: Readonly<Record<string, T>> | null) =>
    Object.entries(fields ?? {}).filter(([key]) => key.toLowerCase() === name);
  const multiple = find(multiValueHeaders);
  if (multiple.length > 0) return multiple.flatMap(([, values]) => values ?? []);
  return find(headers).flatMap(([, value]) => value ?? []);
}

/** Bytes of UTF-8 in a body. */
export const MAX_BODY_BYTES = 64 * 1024;

/**
 * Reads the text of a JSON body. Throws {@link UnsupportedMediaTypeError}, {@link PayloadTooLargeError}, or
 * {@link InvalidRequestError} if the bytes are not text.
 */
export function readJsonText(event: APIGatewayProxyEvent): string {
  const types = readHeader(event, "content-type");
  if (types.length !== 1 || !/^application\/json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?$/i.test(types[0] ?? ""))
    throw new UnsupportedMediaTypeError("Send the body with Content-Type: application/json, in UTF-8.");
  if (readHeader(event, "content-encoding").some((coding) => coding.toLowerCase() !== "identity"))
    throw new UnsupportedMediaTypeError("Send the body without Content-Encoding.");
  const body = event.body ?? "";
  const text = event.isBase64Encoded ? decodeBase64(body) : body;
  if (Buffer.byteLength(text) > MAX_BODY_BYTES)
    throw new PayloadTooLargeError(`The body is over ${MAX_BODY_BYTES} bytes.`);
  return text;
}

function decodeBase64(body: string): string {
  if (body.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(body))
    throw new InvalidRequestError("The body is not valid base64.");
  try {
    // The byte order mark is kept, so that JSON refuses it.
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Buffer.from(body, "base64"));
  } catch (cause) {
    throw new InvalidRequestError("The body is not valid UTF-8.", { cause });
  }
}

const SECURITY_HEADERS = {
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
  "Strict-Transport-Security": "max-age=31536000",
  "X-Content-Type-Options": "nosniff",
};

/** Converts a reply to the response of a Lambda proxy. */
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

/** Makes the reply `{"error":{"code","message","gateway_request_id"}}`. It shows no input and no stack. */
export function toErrorReply(error: ApiError, gatewayRequestId: string): Reply {
  return {
    status: error.status,
    body: { error: { code: error.code, message: error.message, gateway_request_id: gatewayRequestId } },
    headers: makeRetryAfter(error.retryAfterSeconds),
    cacheable: error.cacheable,
  };
}

/** Makes the header `Retry-After`, or no header. */
export function makeRetryAfter(seconds: number | undefined): Record<string, string> {
  return seconds === undefined ? {} : { "Retry-After": String(seconds) };
}
