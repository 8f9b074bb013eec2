import type { TokenReport } from "../agents/orchestration";
import type { MetricName } from "../environment";
import { measureByVersion, measureFunction, type FunctionCounts, type Log, type Measured } from "../telemetry";
import {
  isTerminal,
  MAX_ATTEMPTS,
  type Ending,
  type RequestFailure,
  type RequestRecord,
  type TerminalStatus,
} from "./requests";
import { MAX_HOPS } from "./work-queue";

/**
 * Milliseconds after its deadline during which a worker that holds a request may still write its end. Afterwards the
 * request is shown as expired, and stays so.
 */
export const DEADLINE_GRACE_MS = 10_000;

const DEADLINE_PASSED: RequestFailure = {
  code: "deadline_passed",
  message: "The request was not done by its deadline.",
};

/** Ends a request whose deadline has passed. */
export const endAsExpired = (nowMs: number): Ending => ({ status: "expired", failure: DEADLINE_PASSED, nowMs });

/** Why a request fails that no worker could finish. */
const FAILURES = {
  attempts_exhausted: `The request was started ${MAX_ATTEMPTS} times, and no worker finished it.`,
  too_many_hops: `The request was sent ${MAX_HOPS} times, and no worker took it.`,
  gave_up: "The request could not be worked on, after several tries.",
} as const;

/** Ends a request that no worker could finish. */
export const endAsFailed = (code: keyof typeof FAILURES, nowMs: number): Ending => ({
  status: "failed",
  failure: { code, message: FAILURES[code] },
  nowMs,
});

/** The metric of a request that ended. */
export const METRIC_OF_STATUS = {
  completed: "RequestsCompleted",
  failed: "RequestsFailed",
  expired: "RequestsExpired",
} as const satisfies Readonly<Record<TerminalStatus, MetricName>>;

/** The metric `RequestFailed`: 1 for a request that failed or expired, 0 for one that completed. */
export const countFailure = (status: TerminalStatus): 0 | 1 => (status === "completed" ? 0 : 1);

/**
 * Converts a request to what its owner sees. One that has not ended is expired once its deadline and the grace are
 * over, even before the sweeper ends it.
 */
export function showRequest(request: RequestRecord, nowMs: number): RequestRecord {
  if (isTerminal(request.status) || nowMs <= request.deadlineMs + DEADLINE_GRACE_MS) return request;
  return { ...request, status: "expired", failure: DEADLINE_PASSED };
}

/** What logging a request's end needs. */
export interface EndingLogParts extends FunctionCounts {
  readonly log: Log;
  /** The function's version, so that a canary and the stable version can be compared. Default: not measured by it. */
  readonly version?: string;
}

/** A request that a worker ended, and how long its last attempt took. */
export interface FinishedRequest {
  readonly request: RequestRecord;
  readonly ending: Ending;
  /** Epoch milliseconds. */
  readonly claimedMs: number;
  readonly contextMs: number;
  readonly agentsMs: number;
  readonly responseMs: number;
  /** Epoch milliseconds. */
  readonly endedMs: number;
  /** Default: no agent reported tokens. */
  readonly tokens?: TokenReport;
}

/** Logs the end of a request that was worked on, with its metrics. */
export function logFinished(parts: EndingLogParts, finished: FinishedRequest): void {
  const { request, ending, claimedMs, endedMs, tokens } = finished;
  const { requestId, attempt, createdAt } = request;
  const sinceCreatedMs = (ms: number) => Math.max(0, ms - Date.parse(createdAt));
  const fields = {
    request_id: requestId,
    attempt,
    status: ending.status,
    error_code: ending.failure?.code,
    duration_ms: endedMs - claimedMs,
  };
  const ended = { JobDuration: sinceCreatedMs(endedMs), RequestFailed: countFailure(ending.status) };
  const measured: Measured = {
    metrics: {
      ...ended,
      // A later attempt waited for the attempt before it, not for the queue.
      ...(attempt === 1 && { QueueWait: sinceCreatedMs(claimedMs) }),
      ContextDuration: finished.contextMs,
      AgentsDuration: finished.agentsMs,
      ResponseDuration: finished.responseMs,
      ...(tokens && { TokensIn: tokens.input, TokensOut: tokens.output, TokensUsed: tokens.total }),
      [METRIC_OF_STATUS[ending.status]]: 1,
    },
  };
  const byVersion = measureByVersion(parts.version, ended);
  parts.log("info", "finished", fields, measured, ...byVersion, measureFunction("worker", parts));
}

/** Logs the end of a request that no agent was asked for. */
export function logClosed(parts: EndingLogParts, requestId: string, { status, failure }: Ending): void {
  const ended = { RequestFailed: countFailure(status) };
  const fields = { request_id: requestId, status, error_code: failure?.code };
  const measured: Measured = { metrics: { ...ended, [METRIC_OF_STATUS[status]]: 1 } };
  const byVersion = measureByVersion(parts.version, ended);
  parts.log("info", "finished", fields, measured, ...byVersion, measureFunction("worker", parts));
}
