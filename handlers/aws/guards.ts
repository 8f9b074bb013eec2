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
import { MAX_SOCKETS } from "./connection";
import type { Counters, Log } from "../telemetry";

const NAMES = new Set([
  "AbortError",
  "DependencyDownError",
  "InternalServerError",
  "LimitExceededException",
  "OverLimit",
  "ProvisionedThroughputExceededException",
  "RequestLimitExceeded",
  "RequestThrottled",
  "ServiceUnavailable",
  "SlowDown",
  "ThrottlingException",
  "TimeoutError",
]);

const CODES = new Set([
  "EAI_AGAIN",
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EPIPE",
  "ETIMEDOUT",
]);

/** Whether the error means that a service was busy, slow or out of reach: the same call may succeed later. */
export function isUnavailable(error: unknown): boolean {
  if (typeof error !== "object" || error === null) return false;
  const { name = "", code, $metadata, $retryable } = error as ServiceError;
  const status = $metadata?.httpStatusCode ?? 0;
  return NAMES.has(name) || CODES.has(code ?? "") || $retryable !== undefined || status === 429 || status >= 500;
}

interface ServiceError {
  readonly name?: string;
  readonly code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $retryable?: object;
}

/**
 * Stands between us and one dependency: lets no more through at once than it should bear, and none while it is down.
 */
export interface Guard {
  /**
   * Runs `work`. Rejects with what `work` rejects with, or at once with {@link DependencyDownError} where the circuit
   * is open or too many wait already.
   */
  run<T>(work: () => Promise<T>): Promise<T>;
}

/** The guard of a dependency, by a name that is safe to log: always the same one for the same name. */
export type Guards = (dependency: string) => Guard;

/**
 * A dependency was not called: it failed too often just now, or too many calls wait for it. The same call may succeed
 * later.
 */
export class DependencyDownError extends Error {
  override readonly name = "DependencyDownError";
}

/**
 * Why a call is aborted whose answer nobody needs any more: as the reason of an `AbortSignal` it says that the
 * dependency did no wrong.
 */
export class NotNeeded extends Error {
  override readonly name = "NotNeededError";
}

/** Around the handling of one operation, whatever it takes and gives. */
type Around = <Input, Output>(next: (input: Input) => Promise<Output>) => (input: Input) => Promise<Output>;

/** What the SDK's clients have in common. */
interface Client {
  readonly middlewareStack: {
    add(
      middleware: Around,
      options: { readonly step: "initialize"; readonly name: string; readonly priority: "high" },
    ): void;
  };
}

/**
 * Puts a guard around every operation of a client of the SDK, so that its users need not know. It stands outside the
 * SDK's own attempts (step `finalizeRequest`, @smithy/core retry), which already wait with full jitter and by
 * `retryMode: "adaptive"` slow down where the service throttles: the guard sees what came of all of them.
 */
export function guardClient<Kind extends Client>(client: Kind, guard: Guard): Kind {
  client.middlewareStack.add((next) => (input) => guard.run(() => next(input)), {
    step: "initialize",
    name: "quickturnGuard",
    priority: "high",
  });
  return client;
}

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
