import { runAtMost, within } from "../deadline";
import { describeError, type Log } from "../telemetry";
import { countFailure, endAsExpired, endAsFailed, METRIC_OF_STATUS } from "./endings";
import {
  isHeld,
  isTerminal,
  MAX_ATTEMPTS,
  type DueRequest,
  type Ending,
  type RequestRecord,
  type RequestStore,
} from "./requests";
import { MAX_HOPS, type WorkQueue } from "./work-queue";

/** Milliseconds until a request that was sent again is due once more. Each time the pause is twice as long. */
const FIRST_PAUSE_MS = 60_000;
const LONGEST_PAUSE_MS = 3_600_000;
/** Requests that are handled concurrently. */
const CONCURRENCY = 10;
/** Milliseconds that one call of the store or the queue may take. */
const CALL_TIMEOUT_MS = 5_000;
/** Milliseconds reserved to end the requests at hand and to log. A request takes four calls at most. */
const RESERVE_MS = 4 * CALL_TIMEOUT_MS + 1_000;
/** Milliseconds for finding requests in any case. */
const MINIMUM_MS = 1_000;

/** What sweeping needs. */
export interface SweepParts {
  readonly requests: RequestStore;
  readonly queue: Pick<WorkQueue, "send" | "waiting">;
  readonly nowMs: () => number;
  readonly log: Log;
}

/**
 * What happened to a due request. `skipped`: somebody holds it, ended it or moved it on, it waits its turn, or the time
 * was up.
 */
type Outcome = "requeued" | "expired" | "failed" | "skipped" | "errored";

/**
 * Sends every due request to the worker again, or ends it if its time or its tries are used up. It never rejects.
 * Concurrent runs do no harm, because each step is one conditional write; when time is short, the next run continues.
 * @param remainingMs milliseconds that this process has left
 */
export async function sweep(parts: SweepParts, remainingMs: number): Promise<void> {
  const counts: Record<Outcome, number> = { requeued: 0, expired: 0, failed: 0, skipped: 0, errored: 0 };
  const startedMs = parts.nowMs();
  const time = AbortSignal.timeout(Math.max(MINIMUM_MS, remainingMs - RESERVE_MS));
  const moveRequest = (due: DueRequest) => async () => void (counts[await moveOn(parts, due, time)] += 1);
  let finished = true;
  try {
    for await (const page of parts.requests.due(startedMs, time)) {
      await runAtMost(CONCURRENCY, page.map(moveRequest));
      if (time.aborted) break;
    }
  } catch (error) {
    finished = false;
    if (!time.aborted) {
      parts.log("error", "sweep_failed", { error: describeError(error) });
      counts.errored += 1;
    }
  }
  parts.log(
    counts.errored === 0 ? "info" : "error",
    "swept",
    { ...counts, finished: finished && !time.aborted, duration_ms: parts.nowMs() - startedMs },
    {
      metrics: {
        RequestsRequeued: counts.requeued,
        [METRIC_OF_STATUS.expired]: counts.expired,
        [METRIC_OF_STATUS.failed]: counts.failed,
      },
    },
  );
}

/** Handles one request. It never rejects, so that a request that fails does not stop the others. */
async function moveOn(parts: SweepParts, due: DueRequest, time: AbortSignal): Promise<Outcome> {
  if (time.aborted) return "skipped";
  try {
    const request = await within(CALL_TIMEOUT_MS, (signal) => parts.requests.find(due.requestId, signal));
    const nowMs = parts.nowMs();
    // The index lags behind the table: a due request may have ended, or may be held.
    if (!request || isTerminal(request.status) || isHeld(request, nowMs)) return "skipped";
    const ending = chooseEnding(request, nowMs);
    return ending ? await closeRequest(parts, request, ending) : await sendAgain(parts, request, { due, nowMs });
  } catch (error) {
    parts.log("error", "sweep_failed", { request_id: due.requestId, error: describeError(error) });
    return "errored";
  }
}

/** Chooses how a request ends that nobody holds. Returns undefined if the request deserves another try. */
function chooseEnding({ deadlineMs, status, attempt, requeues }: RequestRecord, nowMs: number): Ending | undefined {
  if (deadlineMs <= nowMs) return endAsExpired(nowMs);
  if (status === "processing" && attempt >= MAX_ATTEMPTS) return endAsFailed("attempts_exhausted", nowMs);
  return requeues >= MAX_HOPS ? endAsFailed("too_many_hops", nowMs) : undefined;
}

async function closeRequest(
  { requests, log }: SweepParts,
  { requestId }: RequestRecord,
  ending: Ending,
): Promise<Outcome> {
  if (!(await within(CALL_TIMEOUT_MS, (signal) => requests.close(requestId, ending, signal)))) return "skipped";
  // The metric is logged for each request, so that each is one sample of the mean.
  log(
    "warn",
    "closed",
    { request_id: requestId, status: ending.status, error_code: ending.failure?.code },
    { metrics: { RequestFailed: countFailure(ending.status) } },
  );
  return ending.status === "expired" ? "expired" : "failed";
}

/**
 * Sends a request again. A queued request whose message was sent is only postponed while the queue has messages,
 * because another message would make the queue longer. With an empty queue, a worker received the message and died
 * before its claim, and the queue would deliver it again only after six times the worker's time-out.
 */
async function sendAgain(
  { requests, queue, log }: SweepParts,
  { requestId, deadlineMs, requeues, status, sent }: RequestRecord,
  { due, nowMs }: { readonly due: DueRequest; readonly nowMs: number },
): Promise<Outcome> {
  const call = <T>(work: (signal: AbortSignal) => Promise<T>) => within(CALL_TIMEOUT_MS, work);
  const waitsItsTurn = status === "queued" && sent && (await call((signal) => queue.waiting(signal))) > 0;
  const nextDueMs = Math.min(nowMs + Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** requeues), deadlineMs);
  const isOurs = await call((signal) => requests.requeue(due, nextDueMs, signal));
  if (!isOurs || waitsItsTurn) return "skipped";
  const hops = requeues + 1;
  await call((signal) => queue.send({ requestId, deadlineMs, hops }, signal));
  log("warn", "requeued", { request_id: requestId, status, hops });
  // Without the mark the request would only be sent once more than necessary.
  if (status === "queued" && !sent) await call((signal) => requests.markSent(requestId, signal));
  return "requeued";
}
