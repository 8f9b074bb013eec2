import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from "aws-lambda";
import { isUnavailable } from "./clients/unavailable";
import { ApiError, InternalError, ServiceUnavailableError } from "./errors";
import { errorReply, toResponse, type Reply } from "./http";
import { refuseDirectAccess } from "./origin";
import { routeOf, type RouteName } from "./router";
import type { Route } from "./routes/route";
import { describeError, type Fields, type Log } from "./telemetry";

/** Milliseconds kept back to take a request back and to answer. */
const RESERVE_MS = 1_500;
/** Milliseconds that a call is given in any case: a clock of the platform that reads 0 must not refuse everything. */
const MINIMUM_MS = 1_000;

/** What the front door is made of. */
export interface FrontDoorParts {
  readonly routes: Readonly<Record<RouteName, Route>>;
  /** See `ORIGIN_SECRET_SHA256`. */
  readonly originSecretSha256: string;
  readonly nowMs: () => number;
  readonly log: Log;
}

/** Answers an event of the gateway. */
export type FrontDoor = (event: APIGatewayProxyEvent, context: Pick<Context, "awsRequestId" | "getRemainingTimeInMillis">) => Promise<APIGatewayProxyResult>;

/** The way from an event to a response. It never rejects: every error is an answer. */
export function frontDoor(parts: FrontDoorParts): FrontDoor {
  return async (event, context) => {
    const startedMs = parts.nowMs();
    const gatewayRequestId = event?.requestContext?.requestId ?? context.awsRequestId;
    const seen: { route?: RouteName } = {};
    const { reply, error } = await answer(parts, event, context.getRemainingTimeInMillis(), seen).then(
      (reply) => ({ reply, error: undefined }),
      (error: unknown) => ({ reply: errorReply(refusalOf(error), gatewayRequestId), error }),
    );
    const facts = { route: seen.route, status: reply.status, gateway_request_id: gatewayRequestId, duration_ms: parts.nowMs() - startedMs };
    parts.log(reply.status >= 500 ? "error" : "info", "answered", { ...facts, ...errorFacts(error, reply.status) });
    return toResponse(reply);
  };
}

async function answer(parts: FrontDoorParts, event: APIGatewayProxyEvent, remainingMs: number, seen: { route?: RouteName }): Promise<Reply> {
  refuseDirectAccess(event, parts.originSecretSha256);
  const route = (seen.route = routeOf(event.httpMethod, event.resource));
  const signal = AbortSignal.timeout(Math.max(MINIMUM_MS, remainingMs - RESERVE_MS));
  return parts.routes[route]({ event, signal });
}

/** What the caller is told of an error. */
function refusalOf(cause: unknown): ApiError {
  if (cause instanceof ApiError) return cause;
  if (isUnavailable(cause)) return new ServiceUnavailableError("The service is busy. Send the request again.", { cause });
  return new InternalError("The request failed for a reason of ours.", { cause });
}

function errorFacts(error: unknown, status: number): Fields {
  if (error === undefined) return {};
  const code = error instanceof ApiError ? { error_code: error.code } : {};
  return status >= 500 ? { ...code, error: describeError(error) } : code;
}
