import { NotNeededError } from "../aws/guards";
import { within } from "../deadline";
import { describeError, type Log } from "../telemetry";
import type { HeldRequest, RequestStore } from "./requests";

/** Milliseconds of a lease. Three renewals may fail before another worker may take the request over. */
export const LEASE_MS = 30_000;
/** Milliseconds from one renewal to the next. */
export const RENEW_EVERY_MS = 10_000;
/** Milliseconds that a renewal may take. It ends before the next one starts. */
const RENEW_TIMEOUT_MS = 5_000;

/** This worker no longer holds the request, or cannot know whether it does. */
export class LeaseLostError extends NotNeededError {}

/** What holding a lease needs. */
export interface LeaseParts {
  readonly requests: Pick<RequestStore, "renew">;
  readonly nowMs: () => number;
  readonly log: Log;
}

/** A lease that is renewed until it ends. */
export interface Lease {
  /** Aborted with {@link LeaseLostError} once another worker holds the request, or may hold it. */
  readonly signal: AbortSignal;
  /** Stops the renewals. */
  end(): void;
}

/** Holds the lease of a request that was just claimed until `untilMs` (epoch milliseconds), and renews it. */
export function holdLease({ requests, nowMs, log }: LeaseParts, held: HeldRequest, untilMs: number): Lease {
  const lost = new AbortController();
  let heldUntilMs = untilMs;
  const renew = async () => {
    const leaseUntilMs = nowMs() + LEASE_MS;
    try {
      const isOurs = await within(RENEW_TIMEOUT_MS, (signal) => requests.renew(held, leaseUntilMs, signal));
      if (isOurs) heldUntilMs = leaseUntilMs;
      else lost.abort(new LeaseLostError("Another worker took the request over"));
    } catch (error) {
      const { requestId, attempt } = held;
      log("warn", "renew_failed", { request_id: requestId, attempt, error: describeError(error) });
      // From now on another worker may claim the request.
      if (nowMs() >= heldUntilMs) lost.abort(new LeaseLostError("The lease ran out, because all renewals failed"));
    }
  };
  const timer = setInterval(() => void renew(), RENEW_EVERY_MS);
  lost.signal.addEventListener("abort", () => clearInterval(timer), { once: true });
  return { signal: lost.signal, end: () => clearInterval(timer) };
}
