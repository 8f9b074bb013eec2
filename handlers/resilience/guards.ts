import {
  BrokenCircuitError,
  BulkheadRejectedError,
  CircuitState,
  ConsecutiveBreaker,
  bulkhead,
  circuitBreaker,
  handleWhen,
  type CircuitBreakerPolicy,
} from "cockatiel";
import { MAX_SOCKETS } from "../clients/connection";
import { isUnavailable } from "../clients/unavailable";
import type { Counters } from "../counters";
import type { Log } from "../telemetry";
import { DependencyDownError, type Guard, type Guards } from "./guard";

/**
 * Calls in a row that fail until no more are made. Each is three attempts with waits between them: five are no
 * coincidence.
 */
export const FAILURES_TO_OPEN = 5;
/**
 * Milliseconds until one call may try again: most throttling and restarts are over by then, and no caller waits longer
 * for the good news.
 */
export const HALF_OPEN_AFTER_MS = 10_000;
/**
 * Calls that may wait for one of the {@link MAX_SOCKETS} that run: each waits for one call's time at most, more would
 * wait in vain.
 */
export const MAX_WAITING = MAX_SOCKETS;

/** What guards need. */
export interface GuardsParts {
  readonly counters: Counters;
  readonly log: Log;
}

/** Guards that remember each dependency for as long as the process lives. */
export function openGuards(parts: GuardsParts): Guards {
  const guards = new Map<string, Guard>();
  return (dependency) => {
    const guard = guards.get(dependency) ?? openGuard(dependency, parts);
    guards.set(dependency, guard);
    return guard;
  };
}

function openGuard(dependency: string, parts: GuardsParts): Guard {
  // A trial that was called off proves nothing, so the circuit stays open; else a call that was called off changes
  // nothing.
  const breaker: CircuitBreakerPolicy = circuitBreaker(
    handleWhen((error) => !isNotNeeded(error) || breaker.state === CircuitState.HalfOpen),
    { halfOpenAfter: HALF_OPEN_AFTER_MS, breaker: new ConsecutiveBreaker(FAILURES_TO_OPEN) },
  );
  tell(breaker, dependency, parts);
  const gate = bulkhead(MAX_SOCKETS, MAX_WAITING);
  const trial = async <T>(work: () => Promise<T>) => {
    // The breaker would have the others wait for the one call that tries.
    if (breaker.state === CircuitState.HalfOpen) throw new BrokenCircuitError();
    return breaker.execute(() => settle(work));
  };
  return {
    async run(work) {
      // The gate stands outside: what it turns away says nothing about the dependency.
      const outcome = await gate
        .execute(() => trial(work))
        .catch((error: unknown) => Promise.reject(refusalOf(error, dependency)));
      if ("refusal" in outcome) throw outcome.refusal;
      return outcome.value;
    },
  };
}

function tell(breaker: CircuitBreakerPolicy, dependency: string, { counters, log }: GuardsParts): void {
  let isDown = false;
  breaker.onBreak(() => {
    counters.add("BreakerOpen");
    // A trial that fails opens it once more: that is no news.
    if (!isDown) log("warn", "circuit_opened", { dependency });
    isDown = true;
  });
  breaker.onReset(() => {
    isDown = false;
    log("info", "circuit_closed", { dependency });
  });
}

type Outcome<T> = { readonly value: T } | { readonly refusal: unknown };

/** A dependency that refuses, as with a condition that does not hold, is up: for the breaker that is a success. */
async function settle<T>(work: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await work() };
  } catch (error) {
    if (isNotNeeded(error) || chain(error).some(isUnavailable)) throw error;
    return { refusal: error };
  }
}

/** The SDK wraps the reason of an abort. */
function isNotNeeded(error: unknown): boolean {
  return chain(error).some((each) => (each as Partial<Error> | null)?.name === "NotNeededError");
}

/** Nested deeper than this is no error of ours. */
const MAX_CAUSES = 5;

/** The error and what it wraps, outermost first: what an agent's failure means stands in its cause. */
function chain(error: unknown, depth = MAX_CAUSES): unknown[] {
  const cause = (error as Partial<Error> | null | undefined)?.cause;
  return cause === undefined || depth === 0 ? [error] : [error, ...chain(cause, depth - 1)];
}

function refusalOf(error: unknown, dependency: string): unknown {
  if (error instanceof BrokenCircuitError)
    return new DependencyDownError(
      `${dependency} was not called: it failed ${FAILURES_TO_OPEN} times in a row. Try again in ${HALF_OPEN_AFTER_MS / 1_000} s.`,
    );
  if (error instanceof BulkheadRejectedError)
    return new DependencyDownError(
      `${dependency} was not called: ${MAX_SOCKETS} calls run and ${MAX_WAITING} wait already. Try again later.`,
    );
  return error;
}
