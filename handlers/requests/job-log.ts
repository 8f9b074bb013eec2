import { failedOf, METRIC_OF_STATUS } from "./endings";
import { measureFunction, type FunctionCounts, type Log, type Measured } from "../telemetry";
import type { TokenReport } from "../agents/orchestration";
import type { Ending, RequestRecord } from "./requests";

/** What telling of a request's end needs. */
export interface JobLogParts extends FunctionCounts {
  readonly log: Log;
  /**
   * The function's version, by which a canary is told from what it is to replace; undefined where that is not known.
   */
  readonly version?: string;
}

/** How long the parts of a request's last attempt took. */
export interface Durations {
  /** Epoch milliseconds. */
  readonly claimedMs: number;
  readonly contextMs: number;
  readonly agentsMs: number;
  readonly responseMs: number;
  /** Epoch milliseconds. */
  readonly endedMs: number;
}

/** Logs the end of a request that was worked on, with its metrics. */
export function logFinished(
  parts: JobLogParts,
  request: RequestRecord,
  ending: Ending,
  durations: Durations,
  tokens: TokenReport | undefined,
): void {
  const { requestId, attempt, createdAt } = request;
  const { claimedMs, contextMs, agentsMs, responseMs, endedMs } = durations;
  const sinceCreated = (ms: number) => Math.max(0, ms - Date.parse(createdAt));
  const fields = {
    request_id: requestId,
    attempt,
    status: ending.status,
    error_code: ending.failure?.code,
    duration_ms: endedMs - claimedMs,
  };
  const ended = { JobDuration: sinceCreated(endedMs), RequestFailed: failedOf(ending.status) };
  const measured: Measured = {
    metrics: {
      ...ended,
      // What a later attempt waited for is the attempt before it, not the queue.
      ...(attempt === 1 && { QueueWait: sinceCreated(claimedMs) }),
      ContextDuration: contextMs,
      AgentsDuration: agentsMs,
      ResponseDuration: responseMs,
      ...(tokens && { TokensIn: tokens.input, TokensOut: tokens.output, TokensUsed: tokens.total }),
      [METRIC_OF_STATUS[ending.status]]: 1,
    },
  };
  parts.log("info", "finished", fields, measured, ...byVersion(parts, ended), measureFunction("worker", parts));
}

/** Logs the end of a request that no agent was asked for. */
export function logClosed(parts: JobLogParts, requestId: string, { status, failure }: Ending): void {
  const ended = { RequestFailed: failedOf(status) };
  const fields = { request_id: requestId, status, error_code: failure?.code };
  parts.log(
    "info",
    "finished",
    fields,
    { metrics: { ...ended, [METRIC_OF_STATUS[status]]: 1 } },
    ...byVersion(parts, ended),
    measureFunction("worker", parts),
  );
}

/** The same values once more, by the version that had them. */
function byVersion({ version }: JobLogParts, metrics: Measured["metrics"]): Measured[] {
  return version === undefined ? [] : [{ metrics, dimensions: { Version: version } }];
}
