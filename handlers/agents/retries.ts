import { DelegateBackoff, handleWhen, retry as retryPolicy } from "cockatiel";
import { isUnavailable } from "../aws/guards";
import { withDeadline } from "../deadline";
import { AgentFailure } from "./agent";

/**
 * An endpoint answered with a status that is no success. It has the form of the SDK's errors, so that guard and log
 * read both in the same way.
 */
export class AnswerError extends Error {
  override readonly name = "AnswerError";
  readonly $metadata: { readonly httpStatusCode: number };
  readonly $retryable?: { readonly throttling: true };

  /** @param waitMs milliseconds that the endpoint asks to wait. Default: it does not ask */
  constructor(
    readonly status: number,
    readonly waitMs?: number,
  ) {
    super(`HTTP ${status}`);
    this.$metadata = { httpStatusCode: status };
    if (status === 429) this.$retryable = { throttling: true };
  }
}

/**
 * Makes the failure of a call to `who`, such as "The agent's runtime". It names only the kind of error: messages of
 * services contain ARNs and account numbers, and those of agents may quote the prompt.
 */
export function makeCallFailure(who: string, cause: unknown): AgentFailure {
  if (cause instanceof AgentFailure) return cause;
  if (cause instanceof AnswerError) return new AgentFailure(`${who} gave ${cause.message}.`, { cause });
  const { code, name, $metadata } = (cause ?? {}) as {
    code?: string;
    name?: string;
    $metadata?: { httpStatusCode?: number };
  };
  const status = $metadata?.httpStatusCode;
  return new AgentFailure(
    `${who} gave ${code ?? name ?? "an error"}${status === undefined ? "" : ` (HTTP ${status})`}.`,
    { cause },
  );
}

/**
 * Makes a function for `catch` that rethrows the error of a call to `who` as a failure, unless the signal ended the
 * call.
 */
export const rethrowFailure =
  (who: string, signal: AbortSignal) =>
  (cause: unknown): never => {
    signal.throwIfAborted();
    throw makeCallFailure(who, cause);
  };

/** Retries after the first try, as many as the SDK's clients make. */
const RETRIES = 2;
/** Milliseconds of the longest wait before the first retry. It doubles for the next. */
const BASE_WAIT_MS = 100;

/** What a call with retries needs. */
interface RetryParts {
  readonly signal: AbortSignal;
  /** Epoch milliseconds from which an answer is of no use. */
  readonly deadlineMs: number;
  readonly nowMs: () => number;
  /** From 0 to less than 1. */
  readonly random: () => number;
}

/**
 * Tries `work` up to three times while it rejects due to throttling, 5xx or a broken connection. It waits as long as
 * the error asks, or else a random part of 100 ms, then 200 ms. It does not wait past the deadline.
 */
export function retry<T>(work: () => Promise<T>, { signal, deadlineMs, nowMs, random }: RetryParts): Promise<T> {
  const mayPass = handleWhen(
    (error) => !signal.aborted && isUnavailable(error) && nowMs() + (readWaitMs(error) ?? 0) < deadlineMs,
  );
  const backoff = new DelegateBackoff<{ attempt: number; result: object }>(({ attempt, result }) => {
    const error = "error" in result ? result.error : undefined;
    return readWaitMs(error) ?? random() * BASE_WAIT_MS * 2 ** (attempt - 1);
  });
  const policy = retryPolicy(mayPass, { maxAttempts: RETRIES, backoff });
  // The policy does not notice an abort while it sleeps, and would call once more.
  return withDeadline(
    signal,
    policy.execute(() => {
      signal.throwIfAborted();
      return work();
    }),
  );
}

const readWaitMs = (error: unknown): number | undefined => (error instanceof AnswerError ? error.waitMs : undefined);

/**
 * Parses a header `Retry-After`, in seconds or as an HTTP date, to milliseconds. Undefined if it is neither.
 */
export function parseRetryAfter(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\s*\d{1,9}\s*$/.test(header)) return Number(header) * 1000;
  // Date.parse accepts texts that are no HTTP date, such as "-1".
  const atMs = /^\s*[A-Z][a-z]/.test(header) ? Date.parse(header) : NaN;
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs);
}
