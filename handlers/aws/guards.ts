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
import type { Counters, Log } from "../telemetry";
import { MAX_SOCKETS } from "./connection";

/** Names of errors that mean that a service was busy, slow or out of reach. */
const UNAVAILABLE_NAMES = new Set([
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

/** Codes of errors of the connection. */
const UNAVAILABLE_CODES = new Set([
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
  if (UNAVAILABLE_NAMES.has(name) || UNAVAILABLE_CODES.has(code ?? "")) return true;
  return $retryable !== undefined || status === 429 || status >= 500;
}

interface ServiceError {
  readonly name?: string;
  readonly code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $retryable?: object;
}

/**
 * Protects one dependency: limits how many calls run concurrently, and stops all calls while the dependency is down.
 */
export interface Guard {
  /**
   * Runs `work` and settles as it does. Rejects with {@link DependencyDownError} at once if the circuit is open or too
   * many calls wait.
   */
  run<T>(work: () => Promise<T>): Promise<T>;
}

/** Returns the guard of a dependency, by a name that is safe to log. The same name has the same guard. */
export type Guards = (dependency: string) => Guard;

/**
 * A dependency was not called, because it failed too often just now or too many calls wait for it. The same call may
 * succeed later.
 */
export class DependencyDownError extends Error {
  override readonly name = "DependencyDownError";
}

/**
 * The reason of an `AbortSignal` for a call whose answer nobody needs now. The circuit breaker does not count it as
 * a failure of the dependency.
 */
export class NotNeededError extends Error {
  override readonly name = "NotNeededError";
}

/** A middleware of the SDK: it wraps the handling of one operation. */
type Middleware = <Input, Output>(next: (input: Input) => Promise<Output>) => (input: Input) => Promise<Output>;

/** What the SDK's clients have in common. */
interface Client {
  readonly middlewareStack: {
    add(
      middleware: Middleware,
      options: { readonly step: "initialize"; readonly name: string; readonly priority: "high" },
    ): void;
  };
}

/**
 * Puts a guard around every operation of a client of the SDK. It is outside the SDK's own attempts (step
 * `finalizeRequest`, @smithy/core retry), so that it sees the outcome of all attempts together.
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
 * Failures in a row that open the circuit. Each is three attempts with waits between them, so that five are no
 * coincidence.
 */
export const FAILURES_TO_OPEN = 5;
/**
 * Milliseconds until one call may try again. Most throttling and restarts are over by then.
 */
export const HALF_OPEN_AFTER_MS = 10_000;
/**
 * Calls that may wait while {@link MAX_SOCKETS} run. Each waits for the time of one call at most; more would wait in
 * vain.
 */
export const MAX_WAITING = MAX_SOCKETS;

/** What guards need. */
export interface GuardsParts {
  readonly counters: Counters;
  readonly log: Log;
}

/** Opens the guards of a process. They remember each dependency for as long as the process lives. */
export function openGuards(parts: GuardsParts): Guards {
  const guards = new Map<string, Guard>();
  return (dependency) => {
    const guard = guards.get(dependency) ?? openGuard(dependency, parts);
    guards.set(dependency, guard);
    return guard;
  };
}

function openGuard(dependency: string, parts: GuardsParts): Guard {
  // A cancelled call changes nothing, except that after a cancelled trial the circuit stays open: it proved nothing.
  const breaker: CircuitBreakerPolicy = circuitBreaker(
    handleWhen((error) => !isNotNeeded(error) || breaker.state === CircuitState.HalfOpen),
    { halfOpenAfter: HALF_OPEN_AFTER_MS, breaker: new ConsecutiveBreaker(FAILURES_TO_OPEN) },
  );
  logChanges(breaker, dependency, parts);
  const gate = bulkhead(MAX_SOCKETS, MAX_WAITING);
  const tryOnce = async <T>(work: () => Promise<T>) => {
    // The breaker would make other calls wait for the trial.
    if (breaker.state === CircuitState.HalfOpen) throw new BrokenCircuitError();
    return breaker.execute(() => settle(work));
  };
  return {
    async run(work) {
      // The gate is outside the breaker, because what it refuses says nothing about the dependency.
      const outcome = await gate
        .execute(() => tryOnce(work))
        .catch((error: unknown) => {
          throw toDependencyDown(error, dependency);
        });
      if ("refusal" in outcome) throw outcome.refusal;
      return outcome.value;
    },
  };
}

function logChanges(breaker: CircuitBreakerPolicy, dependency: string, { counters, log }: GuardsParts): void {
  let isDown = false;
  breaker.onBreak(() => {
    counters.add("BreakerOpen");
    // A failed trial opens the circuit again, which is not logged again.
    if (!isDown) log("warn", "circuit_opened", { dependency });
    isDown = true;
  });
  breaker.onReset(() => {
    isDown = false;
    log("info", "circuit_closed", { dependency });
  });
}

type Outcome<T> = { readonly value: T } | { readonly refusal: unknown };

/** Turns a refusal, such as a broken condition, into an outcome: for the breaker, a dependency that refuses is up. */
async function settle<T>(work: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await work() };
  } catch (error) {
    if (isNotNeeded(error) || listCauses(error).some(isUnavailable)) throw error;
    return { refusal: error };
  }
}

/** Whether the call was cancelled. The SDK wraps the reason of an abort. */
function isNotNeeded(error: unknown): boolean {
  return listCauses(error).some((each) => (each as Partial<Error> | null)?.name === "NotNeededError");
}

/** Causes of an error that are looked at. */
const MAX_CAUSES = 5;

/** Lists an error and its causes, outermost first. What an agent's failure means is in its cause. */
function listCauses(error: unknown, depth = MAX_CAUSES): unknown[] {
  const cause = (error as Partial<Error> | null | undefined)?.cause;
  return cause === undefined || depth === 0 ? [error] : [error, ...listCauses(cause, depth - 1)];
}

function toDependencyDown(error: unknown, dependency: string): unknown {
  if (error instanceof BrokenCircuitError)
    return new DependencyDownError(
      `${dependency} was not called: it failed ${FAILURES_TO_OPEN} times in a row. ` +
        `Try again in ${HALF_OPEN_AFTER_MS / 1_000} s.`,
    );
  if (error instanceof BulkheadRejectedError)
    return new DependencyDownError(
      `${dependency} was not called: ${MAX_SOCKETS} calls run and ${MAX_WAITING} wait already. Try again later.`,
    );
  return error;
}
