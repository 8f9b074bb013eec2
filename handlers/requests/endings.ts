import type { MetricName } from "../environment";
import { MAX_HOPS } from "./work-queue";
import {
  isTerminal,
  MAX_ATTEMPTS,
  type Ending,
  type RequestFailure,
  type RequestRecord,
  type TerminalStatus,
} from "./requests";

/**
 * Milliseconds after its deadline until which a worker that holds a request may still write how it ended. From then on
 * it is shown as expired, and stays so.
 */
export const DEADLINE_GRACE_MS = 10_000;

const DEADLINE_PASSED: RequestFailure = {
  code: "deadline_passed",
  message: "The request was not done by its deadline.",
};

/** The request's deadline passed. */
export const deadlinePassed = (nowMs: number): Ending => ({ status: "expired", failure: DEADLINE_PASSED, nowMs });

/** The request was begun as often as it may be. */
export const attemptsExhausted = (nowMs: number): Ending => ({
  status: "failed",
  failure: {
    code: "attempts_exhausted",
    message: `The request was begun ${MAX_ATTEMPTS} times, and no worker came to its end.`,
  },
  nowMs,
});

/** The request was sent as often as it may be. */
export const tooManyHops = (nowMs: number): Ending => ({
  status: "failed",
  failure: { code: "too_many_hops", message: `The request was sent ${MAX_HOPS} times, and no worker took it.` },
  nowMs,
});

/** The request's message ended in the dead-letter queue. */
export const gaveUp = (nowMs: number): Ending => ({
  status: "failed",
  failure: { code: "gave_up", message: "The request could not be worked on, after several tries." },
  nowMs,
});

/** The metric of a request that ended. */
export const METRIC_OF_STATUS = {
  completed: "RequestsCompleted",
  failed: "RequestsFailed",
  expired: "RequestsExpired",
} as const satisfies Readonly<Record<TerminalStatus, MetricName>>;

/** 1 for a request that failed or expired, 0 for one that completed: the metric `RequestFailed`. */
export const failedOf = (status: TerminalStatus): 0 | 1 => (status === "completed" ? 0 : 1);

/**
 * The request as its owner is shown it: one that has not ended though its deadline is long past is expired, whether the
 * sweeper came by or not.
 */
export function asShown(request: RequestRecord, nowMs: number): RequestRecord {
  if (isTerminal(request.status) || nowMs <= request.deadlineMs + DEADLINE_GRACE_MS) return request;
  return { ...request, status: "expired", failure: DEADLINE_PASSED };
}
