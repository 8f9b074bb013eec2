import { runAtMost, within } from "../deadline";
import { attemptsExhausted, deadlinePassed, failedOf, METRIC_OF_STATUS, tooManyHops } from "./endings";
import { MAX_HOPS, type WorkQueue } from "./work-queue";
import {
  isHeld,
  isTerminal,
  MAX_ATTEMPTS,
  type DueRequest,
  type Ending,
  type RequestRecord,
  type RequestStore,
} from "./requests";
import { describeError, type Log } from "../telemetry";

/** Milliseconds until a request that was sent again is due once more; each time twice as long. */
const FIRST_PAUSE_MS = 60_000;
const LONGEST_PAUSE_MS = 3_600_000;
/** Requests that are dealt with at once. */
const CONCURRENCY = 10;
/** Milliseconds that one call of the store or the queue may take. */
const CALL_TIMEOUT_MS = 5_000;
/** Milliseconds kept back to end the requests at hand and to write the log line: a request takes four calls at most. */
const RESERVE_MS = 4 * CALL_TIMEOUT_MS + 1_000;
/** Milliseconds that looking for requests is given in any case. */
const MINIMUM_MS = 1_000;

/** What sweeping needs. */
export interface SweepParts {
  readonly requests: RequestStore;
  readonly queue: Pick<WorkQueue, "send" | "waiting">;
  readonly nowMs: () => number;
  readonly log: Log;
}

/**
 * What became of a due request. `skipped`: somebody holds it, ended it or moved it on, it waits its turn, or the time
 * was up.
 */
type Outcome = "requeued" | "expired" | "failed" | "skipped" | "errored";

/**
 * Gives every request that is due a way on: sends it to the worker again, or ends it where its time or its tries are
 * used up. It stops looking for more in time, and the next run goes on: duplicates and runs at the same time do no
 * harm, as each step is one conditional write. It never rejects. `remainingMs` is the time this process has left.
 */
export async function sweep(parts: SweepParts, remainingMs: number): Promise<void> {
  const counts: Record<Outcome, number> = { requeued: 0, expired: 0, failed: 0, skipped: 0, errored: 0 };
  const startedMs = parts.nowMs();
  const budgetMs = Math.max(MINIMUM_MS, remainingMs - RESERVE_MS);
  const finished = await lookThrough(parts, startedMs, budgetMs, counts);
  const metrics = {
    RequestsRequeued: counts.requeued,
    [METRIC_OF_STATUS.expired]: counts.expired,
    [METRIC_OF_STATUS.failed]: counts.failed,
  };
  parts.log(
    counts.errored === 0 ? "info" : "error",
    "swept",
    { ...counts, finished, duration_ms: parts.nowMs() - startedMs },
    { metrics },
  );
}

/** Whether all that was due has been looked at. */
async function lookThrough(
  parts: SweepParts,
  startedMs: number,
  budgetMs: number,
  counts: Record<Outcome, number>,
): Promise<boolean> {
  const time = AbortSignal.timeout(budgetMs);
  try {
    for await (const page of parts.requests.due(startedMs, time)) {
      for (const outcome of await runAtMost(
        CONCURRENCY,
        page.map((due) => () => moveOn(parts, due, time)),
      ))
        counts[outcome] += 1;
      if (time.aborted) return false;
    }
    return true;
  } catch (error) {
    if (time.aborted) return false;
    parts.log("error", "sweep_failed", { error: describeError(error) });
    counts.errored += 1;
    return false;
  }
}

/** One request that fails does not keep the others waiting. */
async function moveOn(parts: SweepParts, due: DueRequest, time: AbortSignal): Promise<Outcome> {
  if (time.aborted) return "skipped";
  try {
    const request = await within(CALL_TIMEOUT_MS, (signal) => parts.requests.find(due.requestId, signal));
    const nowMs = parts.nowMs();
    // The index lags behind: a request in it may have ended, or have been claimed.
    if (!request || isTerminal(request.status) || isHeld(request, nowMs)) return "skipped";
    const ending = endingOf(request, nowMs);
    return ending ? await close(parts, request, ending) : await sendAgain(parts, due, request, nowMs);
  } catch (error) {
    parts.log("error", "sweep_failed", { request_id: due.requestId, error: describeError(error) });
    return "errored";
  }
}

/** How a request ends that nobody holds, or undefined where it is worth another try. */
function endingOf({ deadlineMs, status, attempt, requeues }: RequestRecord, nowMs: number): Ending | undefined {
  if (deadlineMs <= nowMs) return deadlinePassed(nowMs);
  if (status === "processing" && attempt >= MAX_ATTEMPTS) return attemptsExhausted(nowMs);
  return requeues >= MAX_HOPS ? tooManyHops(nowMs) : undefined;
}

async function close({ requests, log }: SweepParts, { requestId }: RequestRecord, ending: Ending): Promise<Outcome> {
  if (!(await within(CALL_TIMEOUT_MS, (signal) => requests.close(requestId, ending, signal)))) return "skipped";
  // Here and not with the run's counts: each request is one sample of the mean.
  log(
    "warn",
    "closed",
    { request_id: requestId, status: ending.status, error_code: ending.failure?.code },
    { metrics: { RequestFailed: failedOf(ending.status) } },
  );
  return ending.status === "expired" ? "expired" : "failed";
}

/**
 * Sends a request again. One that was sent and that nobody has claimed may only wait its turn, and another message
 * would make the line longer: it is let be while there is a line. Where there is none, its message was received by a
 * worker that died before it claimed it, and the queue would hand it out again only after the worker's time-out, six
 * times over.
 */
async function sendAgain(
  { requests, queue, log }: SweepParts,
  due: DueRequest,
  request: RequestRecord,
  nowMs: number,
): Promise<Outcome> {
  const { requestId, deadlineMs, requeues, status, sent } = request;
  const waitsItsTurn =
    status === "queued" && sent && (await within(CALL_TIMEOUT_MS, (signal) => queue.waiting(signal))) > 0;
  const nextDueMs = Math.min(nowMs + Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** requeues), deadlineMs);
  if (!(await within(CALL_TIMEOUT_MS, (signal) => requests.requeue(due, nextDueMs, signal)))) return "skipped";
  if (waitsItsTurn) return "skipped";
  const hops = requeues + 1;
  await within(CALL_TIMEOUT_MS, (signal) => queue.send({ requestId, deadlineMs, hops }, signal));
  log("warn", "requeued", { request_id: requestId, status, hops });
  // Unmarked it is only sent once more than it needs.
  if (status === "queued" && !sent) await within(CALL_TIMEOUT_MS, (signal) => requests.markSent(requestId, signal));
  return "requeued";
}
