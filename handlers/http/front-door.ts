import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from "aws-lambda";
import { isUnavailable } from "../aws/guards";
import { ApiError, InternalError, ServiceUnavailableError } from "./errors";
import {
  measureFunction,
  type FunctionCounts,
  describeError,
  type Fields,
  type Log,
  type Measured,
} from "../telemetry";
import { errorReply, toResponse, type Reply, routeOf, type RouteName, type Route } from "./http";
import { refuseDirectAccess } from "./callers";
import { within } from "../deadline";

/** Milliseconds kept back to take a request back (see `WITHDRAW_TIMEOUT_MS`) and to answer. */
const RESERVE_MS = 1_500;
/** Milliseconds of the reserve that are for the answer alone, should a route not heed its signal. */
const ANSWER_MS = 300;
/** Milliseconds that a call is given in any case: a clock of the platform that reads 0 must not refuse everything. */
const MINIMUM_MS = 1_000;

/** What the front door is made of. */
export interface FrontDoorParts extends FunctionCounts {
  readonly routes: Readonly<Record<RouteName, Route>>;
  /** See `ORIGIN_SECRET_SHA256`. */
  readonly originSecretSha256: string;
  /** The function's version; without it nothing is measured by version. */
  readonly version?: string;
  readonly nowMs: () => number;
  readonly log: Log;
}

/** Answers an event of the gateway. */
export type FrontDoor = (
  event: APIGatewayProxyEvent,
  context: Pick<Context, "awsRequestId" | "getRemainingTimeInMillis">,
) => Promise<APIGatewayProxyResult>;

/** What was learned of a call on the way, for its log line. */
interface Seen {
  route?: RouteName;
  requestId?: string;
}

/** The way from an event to a response. It never rejects: every error is an answer. */
export function frontDoor(parts: FrontDoorParts): FrontDoor {
  return async (event, context) => {
    const startedMs = parts.nowMs();
    const gatewayRequestId = event?.requestContext?.requestId ?? context.awsRequestId;
    const seen: Seen = {};
    const { reply, error } = await answer(parts, event, context.getRemainingTimeInMillis(), seen).then(
      (reply) => ({ reply, error: undefined }),
      (error: unknown) => ({ reply: errorReply(refusalOf(error), gatewayRequestId), error }),
    );
    const facts = {
      route: seen.route,
      status: reply.status,
      gateway_request_id: gatewayRequestId,
      request_id: seen.requestId,
      duration_ms: parts.nowMs() - startedMs,
    };
    parts.log(
      reply.status >= 500 ? "error" : "info",
      "answered",
      { ...facts, ...errorFacts(error, reply.status) },
      ...measureAnswer(reply, parts),
      measureFunction("api", parts),
    );
    return toResponse(reply);
  };
}

async function answer(
  parts: FrontDoorParts,
  event: APIGatewayProxyEvent,
  remainingMs: number,
  seen: Seen,
): Promise<Reply> {
  refuseDirectAccess(event, parts.originSecretSha256);
  const route = (seen.route = routeOf(event.httpMethod, event.resource));
  const signal = AbortSignal.timeout(Math.max(MINIMUM_MS, remainingMs - RESERVE_MS));
  const concerns = (requestId: string) => void (seen.requestId = requestId);
  return within(Math.max(MINIMUM_MS + RESERVE_MS, remainingMs) - ANSWER_MS, () =>
    parts.routes[route]({ event, signal, concerns }),
  );
}

/**
 * Whether it is an error of ours: for the deployment, and by version, so that a canary is told from what it stands
 * beside.
 */
function measureAnswer({ status }: Reply, { version }: FrontDoorParts): Measured[] {
  const metrics = { AnswerFailed: status >= 500 ? 1 : 0 };
  return [{ metrics }, ...(version === undefined ? [] : [{ metrics, dimensions: { Version: version } }])];
}

/** What the caller is told of an error. */
function refusalOf(cause: unknown): ApiError {
  if (cause instanceof ApiError) return cause;
  if (isUnavailable(cause))
    return new ServiceUnavailableError("The service is busy. Send the request again.", { cause });
  return new InternalError("The request failed for a reason of ours.", { cause });
}

function errorFacts(error: unknown, status: number): Fields {
  if (error === undefined) return {};
  const code = error instanceof ApiError ? { error_code: error.code } : {};
  return status >= 500 ? { ...code, error: describeError(error) } : code;
}
