import { withDeadline, within } from "../deadline";
import { ServiceUnavailableError } from "../http/errors";
import type { WorkQueue } from "./work-queue";
import type { Creation, NewRequest, RequestRecord, RequestStore } from "./requests";
import { describeError, type Log } from "../telemetry";

/**
 * Milliseconds after which the sweeper sends a request whose message is not known to have been sent. Far more than a
 * call can take.
 */
export const OUTBOX_MS = 60_000;
/**
 * Milliseconds that taking a request back, or marking it as sent, may take: the front door keeps a little more than
 * that in reserve.
 */
export const WITHDRAW_TIMEOUT_MS = 1_000;

/** What admitting a request needs. */
export interface AdmissionParts {
  readonly requests: RequestStore;
  readonly queue: Pick<WorkQueue, "send">;
  readonly nowMs: () => number;
  readonly log: Log;
}

/** What came of it. `repeated`: an earlier try made the request. `conflict`: its id stands for another one. */
export type Admission =
  | { readonly outcome: "created" | "repeated"; readonly request: RequestRecord }
  | { readonly outcome: "conflict" };

/**
 * Writes a request down and sends it to the worker: a caller is never given an id that nobody works on.
 * `keyed`: other tries may share the id. Rejects with {@link ServiceUnavailableError}, or as the store does.
 */
export async function admit(
  parts: AdmissionParts,
  request: NewRequest,
  keyed: boolean,
  signal: AbortSignal,
): Promise<Admission> {
  const creation = await create(parts, request, keyed, signal);
  if (creation.outcome === "conflict") return creation;
  if (creation.outcome === "created") await sendOrTakeBack(parts, request, signal);
  else if (mayBeUnsent(creation.request, parts.nowMs())) await sendAgain(parts, creation.request, signal);
  else return creation;
  if (keyed) return { outcome: creation.outcome, request: await confirmed(parts, request.requestId, signal) };
  return {
    outcome: creation.outcome,
    request: { ...request, status: "queued", updatedAt: request.createdAt, sent: true, attempt: 0, requeues: 0 },
  };
}

async function create(
  parts: AdmissionParts,
  request: NewRequest,
  keyed: boolean,
  signal: AbortSignal,
): Promise<Creation> {
  try {
    return await withDeadline(signal, parts.requests.create(request, parts.nowMs() + OUTBOX_MS, signal));
  } catch (error) {
    // It may have been written and only the answer got lost. Under a key it may also be an earlier try's, which was
    // answered.
    if (!keyed) await takeBack(parts, request.requestId);
    throw error;
  }
}

async function sendOrTakeBack(parts: AdmissionParts, request: NewRequest, signal: AbortSignal): Promise<void> {
  try {
    await send(parts, request, signal);
  } catch (cause) {
    const taken = await takeBack(parts, request.requestId);
    // Where it is further on, the message did arrive and only its receipt got lost, or another try with the key sent
    // it.
    if (taken === "withdrawn")
      throw new ServiceUnavailableError("The request cannot be queued now. Send it again.", { cause });
    // The sweeper sends it once the queue is back.
    if (taken === "unknown")
      throw new ServiceUnavailableError(
        "The request cannot be queued now. Send it again; this one may still be worked on later.",
        { cause },
      );
    return;
  }
  await markSent(parts, request.requestId).catch((error: unknown) => {
    // The sweeper sends it once more, which does no harm.
    parts.log("warn", "mark_failed", { request_id: request.requestId, error: describeError(error) });
  });
}

/**
 * Sends what an earlier try wrote down and is not known to have sent. It is not for this try to take it back: that one
 * may have been answered. Unless marked as sent it may be taken back by the earlier try at any time, so the mark
 * counts.
 */
async function sendAgain(parts: AdmissionParts, request: RequestRecord, signal: AbortSignal): Promise<void> {
  try {
    await send(parts, request, signal);
    await markSent(parts, request.requestId);
  } catch (cause) {
    throw new ServiceUnavailableError(
      "The request cannot be queued now. Send it again with the same Idempotency-Key.",
      { cause },
    );
  }
}

/** The request as it is, now that nobody will take it back. */
async function confirmed({ requests }: AdmissionParts, requestId: string, signal: AbortSignal): Promise<RequestRecord> {
  const request = await withDeadline(signal, requests.find(requestId, signal));
  if (!request)
    throw new ServiceUnavailableError("Another try with this Idempotency-Key took the request back. Send it again.");
  return request;
}

const mayBeUnsent = ({ status, sent, deadlineMs }: RequestRecord, nowMs: number): boolean =>
  status === "queued" && !sent && deadlineMs > nowMs;

const send = ({ queue }: AdmissionParts, { requestId, deadlineMs }: NewRequest, signal: AbortSignal): Promise<void> =>
  withDeadline(signal, queue.send({ requestId, deadlineMs, hops: 0 }, signal));

const markSent = ({ requests }: AdmissionParts, requestId: string): Promise<void> =>
  within(WITHDRAW_TIMEOUT_MS, (signal) => requests.markSent(requestId, signal));

async function takeBack(
  { requests, log }: AdmissionParts,
  requestId: string,
): Promise<"withdrawn" | "further_on" | "unknown"> {
  try {
    return (await within(WITHDRAW_TIMEOUT_MS, (signal) => requests.withdraw(requestId, signal)))
      ? "withdrawn"
      : "further_on";
  } catch (error) {
    log("warn", "withdraw_failed", { request_id: requestId, error: describeError(error) });
    return "unknown";
  }
}
