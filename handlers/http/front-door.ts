import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from "aws-lambda";
import { isUnavailable } from "../aws/guards";
import { within } from "../deadline";
import {
  describeError,
  measureByVersion,
  measureFunction,
  type Fields,
  type FunctionCounts,
  type Log,
} from "../telemetry";
import { refuseDirectAccess } from "./callers";
import { ApiError, InternalError, ServiceUnavailableError } from "./errors";
import { findRoute, toErrorReply, toResponse, type Reply, type Route, type RouteName } from "./gateway";

/** Milliseconds reserved to withdraw a request (see `WITHDRAW_TIMEOUT_MS`) and to answer. */
const RESERVE_MS = 1_500;
/** Milliseconds of the reserve for the answer alone, if a route ignores its signal. */
const ANSWER_MS = 300;
/** Milliseconds that a call has in any case. Some platforms report 0 ms, which must not refuse everything. */
const MINIMUM_MS = 1_000;

/** What the front door is made of. */
export interface FrontDoorParts extends FunctionCounts {
  readonly routes: Readonly<Record<RouteName, Route>>;
  /** See `ORIGIN_SECRET_SHA256`. */
  readonly originSecretSha256: string;
  /** The function's version. Default: nothing is measured by version. */
  readonly version?: string;
  readonly nowMs: () => number;
  readonly log: Log;
}

/** Answers an event of the gateway. */
export type FrontDoor = (
  event: APIGatewayProxyEvent,
  context: Pick<Context, "awsRequestId" | "getRemainingTimeInMillis">,
) => Promise<APIGatewayProxyResult>;

/** What the log line of a call says about it, as far as the call came. */
interface CallFacts {
  route?: RouteName;
  requestId?: string;
}

/** Opens the front door. It never rejects: every error is an answer. */
export function frontDoor(parts: FrontDoorParts): FrontDoor {
  return async (event, context) => {
    const startedMs = parts.nowMs();
    const gatewayRequestId = event?.requestContext?.requestId ?? context.awsRequestId;
    const facts: CallFacts = {};
    const { reply, error } = await callRoute(parts, { event, remainingMs: context.getRemainingTimeInMillis(), facts })
      .then((reply) => ({ reply, error: undefined }))
      .catch((error: unknown) => ({ reply: toErrorReply(toApiError(error), gatewayRequestId), error }));
    const fields = {
      route: facts.route,
      status: reply.status,
      gateway_request_id: gatewayRequestId,
      request_id: facts.requestId,
      duration_ms: parts.nowMs() - startedMs,
      ...describeFailure(error, reply.status),
    };
    const metrics = { AnswerFailed: reply.status >= 500 ? 1 : 0 };
    parts.log(
      reply.status >= 500 ? "error" : "info",
      "answered",
      fields,
      { metrics },
      ...measureByVersion(parts.version, metrics),
      measureFunction("api", parts),
    );
    return toResponse(reply);
  };
}

async function callRoute(
  parts: FrontDoorParts,
  {
    event,
    remainingMs,
    facts,
  }: { readonly event: APIGatewayProxyEvent; readonly remainingMs: number; readonly facts: CallFacts },
): Promise<Reply> {
  refuseDirectAccess(event, parts.originSecretSha256);
  const route = findRoute(event.httpMethod, event.resource);
  facts.route = route;
  const signal = AbortSignal.timeout(Math.max(MINIMUM_MS, remainingMs - RESERVE_MS));
  const noteRequest = (requestId: string) => void (facts.requestId = requestId);
  return within(Math.max(MINIMUM_MS + RESERVE_MS, remainingMs) - ANSWER_MS, () =>
    parts.routes[route]({ event, signal, noteRequest }),
  );
}

/** Converts an error to what the caller is told. */
function toApiError(cause: unknown): ApiError {
  if (cause instanceof ApiError) return cause;
  if (isUnavailable(cause))
    return new ServiceUnavailableError("The service is busy. Send the request again.", { cause });
  return new InternalError("The request failed for a reason of ours.", { cause });
}

function describeFailure(error: unknown, status: number): Fields {
  if (error === undefined) return {};
  const code = error instanceof ApiError ? { error_code: error.code } : {};
  return status >= 500 ? { ...code, error: describeError(error) } : code;
}
