import { withDeadline, within } from "../deadline";
import { ServiceUnavailableError } from "../http/errors";
import { describeError, type Log } from "../telemetry";
import { queuedRecord, type Creation, type NewRequest, type RequestRecord, type RequestStore } from "./requests";
import type { WorkQueue } from "./work-queue";

/** Milliseconds after which the sweeper sends a request that may not have been sent. No call takes nearly as long. */
const OUTBOX_MS = 60_000;
/** Milliseconds for withdrawing a request or marking it as sent. The front door reserves a little more than that. */
const WITHDRAW_TIMEOUT_MS = 1_000;

/** What admitting a request needs. */
export interface AdmissionParts {
  readonly requests: RequestStore;
  readonly queue: Pick<WorkQueue, "send">;
  readonly nowMs: () => number;
  readonly log: Log;
}

/** A request to admit. */
export interface Candidate {
  readonly request: NewRequest;
  /** Whether the caller gave an idempotency key: other tries may then share the request's id. */
  readonly keyed: boolean;
  readonly signal: AbortSignal;
}

/** The outcome. `repeated`: an earlier try made the request. `conflict`: its id belongs to another request. */
export type Admission =
  | { readonly outcome: "created" | "repeated"; readonly request: RequestRecord }
  | { readonly outcome: "conflict" };

/**
 * Stores a request and sends it to the worker: a caller never receives an id that nobody works on. Rejects with
 * {@link ServiceUnavailableError}, or as the store does.
 */
export async function admit(parts: AdmissionParts, candidate: Candidate): Promise<Admission> {
  const { request, keyed } = candidate;
  const creation = await createRequest(parts, candidate);
  if (creation.outcome === "conflict") return creation;
  if (creation.outcome === "created") await sendOrWithdraw(parts, candidate);
  else if (mayBeUnsent(creation.request, parts.nowMs())) await sendAgain(parts, candidate);
  else return creation;
  return {
    outcome: creation.outcome,
    request: keyed ? await readAdmitted(parts, candidate) : queuedRecord(request),
  };
}

async function createRequest(parts: AdmissionParts, { request, keyed, signal }: Candidate): Promise<Creation> {
  try {
    return await withDeadline(signal, parts.requests.create(request, parts.nowMs() + OUTBOX_MS, signal));
  } catch (error) {
    // The request may have been written although the answer was lost. With a key it may also belong to an earlier try
    // that was answered, so it stays.
    if (!keyed) await withdraw(parts, request.requestId);
    throw error;
  }
}

async function sendOrWithdraw(parts: AdmissionParts, candidate: Candidate): Promise<void> {
  const { requestId } = candidate.request;
  try {
    await send(parts, candidate);
  } catch (cause) {
    const outcome = await withdraw(parts, requestId);
    if (outcome === "withdrawn")
      throw new ServiceUnavailableError("The request cannot be queued now. Send it again.", { cause });
    // The sweeper sends the request when the queue answers again.
    if (outcome === "unknown")
      throw new ServiceUnavailableError(
        "The request cannot be queued now. Send it again; this one may still be worked on later.",
        { cause },
      );
    // The request is further on: the message arrived, or another try with the same key sent it.
    return;
  }
  await markSent(parts, requestId).catch((error: unknown) => {
    // The sweeper sends the request once more, which does no harm.
    parts.log("warn", "mark_failed", { request_id: requestId, error: describeError(error) });
  });
}

/**
 * Sends a request that an earlier try created and may not have sent. Only the mark makes sure that the earlier try
 * does not withdraw the request; this try must not withdraw it, because the earlier one may have been answered.
 */
async function sendAgain(parts: AdmissionParts, candidate: Candidate): Promise<void> {
  try {
    await send(parts, candidate);
    await markSent(parts, candidate.request.requestId);
  } catch (cause) {
    throw new ServiceUnavailableError(
      "The request cannot be queued now. Send it again with the same Idempotency-Key.",
      { cause },
    );
  }
}

/** Reads the request again, now that nobody will withdraw it. */
async function readAdmitted({ requests }: AdmissionParts, { request, signal }: Candidate): Promise<RequestRecord> {
  const admitted = await withDeadline(signal, requests.find(request.requestId, signal));
  if (!admitted)
    throw new ServiceUnavailableError("Another try with this Idempotency-Key withdrew the request. Send it again.");
  return admitted;
}

const mayBeUnsent = ({ status, sent, deadlineMs }: RequestRecord, nowMs: number): boolean =>
  status === "queued" && !sent && deadlineMs > nowMs;

const send = ({ queue }: AdmissionParts, { request: { requestId, deadlineMs }, signal }: Candidate): Promise<void> =>
  withDeadline(signal, queue.send({ requestId, deadlineMs, hops: 0 }, signal));

const markSent = ({ requests }: AdmissionParts, requestId: string): Promise<void> =>
  within(WITHDRAW_TIMEOUT_MS, (signal) => requests.markSent(requestId, signal));

async function withdraw(
  { requests, log }: AdmissionParts,
  requestId: string,
): Promise<"withdrawn" | "further_on" | "unknown"> {
  try {
    const isWithdrawn = await within(WITHDRAW_TIMEOUT_MS, (signal) => requests.withdraw(requestId, signal));
    return isWithdrawn ? "withdrawn" : "further_on";
  } catch (error) {
    log("warn", "withdraw_failed", { request_id: requestId, error: describeError(error) });
    return "unknown";
  }
}
