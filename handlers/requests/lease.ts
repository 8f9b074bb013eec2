import { NotNeeded } from "../aws/guards";
import type { RequestRecord, RequestStore } from "./requests";
import { describeError, type Log } from "../telemetry";
import { within } from "../deadline";

/**
 * Milliseconds that a worker holds a request without a sign of life: three renewals may fail before another may take
 * it.
 */
export const LEASE_MS = 30_000;
/** Milliseconds from one renewal to the next. */
export const RENEW_EVERY_MS = 10_000;
/** Milliseconds that a renewal may take: it has ended before the next begins. */
const RENEW_TIMEOUT_MS = 5_000;

/** The request is not this worker's any more, or it cannot know whether it still is. */
export class LeaseLostError extends NotNeeded {}

/** What holding a lease needs. */
export interface LeaseParts {
  readonly requests: Pick<RequestStore, "renew">;
  readonly nowMs: () => number;
  readonly log: Log;
}

/** A lease that is renewed as time goes on. */
export interface Lease {
  /**
   * Aborted with {@link LeaseLostError} once another worker holds the request, or may do so because no renewal got
   * through.
   */
  readonly signal: AbortSignal;
  /** Renews it no more. */
  end(): void;
}

/** Holds the lease of a request that was just claimed until `untilMs` (epoch milliseconds). */
export function holdLease(
  { requests, nowMs, log }: LeaseParts,
  { requestId, attempt }: RequestRecord,
  untilMs: number,
): Lease {
  const lost = new AbortController();
  let heldUntilMs = untilMs;
  const renew = async () => {
    const leaseUntilMs = nowMs() + LEASE_MS;
    try {
      const held = await within(RENEW_TIMEOUT_MS, (signal) => requests.renew(requestId, attempt, leaseUntilMs, signal));
      if (held) heldUntilMs = leaseUntilMs;
      else lost.abort(new LeaseLostError("Another worker took the request over"));
    } catch (error) {
      log("warn", "renew_failed", { request_id: requestId, attempt, error: describeError(error) });
      // The store's own clock is not known here; from now on another worker may have it.
      if (nowMs() >= heldUntilMs) lost.abort(new LeaseLostError("The lease ran out, as no renewal got through"));
    }
  };
  const timer = setInterval(() => void renew(), RENEW_EVERY_MS);
  lost.signal.addEventListener("abort", () => clearInterval(timer), { once: true });
  return { signal: lost.signal, end: () => clearInterval(timer) };
}
