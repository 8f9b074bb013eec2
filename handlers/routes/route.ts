import type { APIGatewayProxyEvent } from "aws-lambda";
import type { Reply } from "../http";

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
