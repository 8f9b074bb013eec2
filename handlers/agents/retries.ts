import { AgentFailure } from "./agent";
import { DelegateBackoff, handleWhen, retry } from "cockatiel";
import { isUnavailable } from "../aws/guards";
import { withDeadline } from "../deadline";

/**
 * An endpoint answered with a status that is no success. In the form of an SDK's error, so that guard and log read it
 * alike.
 */
export class AnswerError extends Error {
  override readonly name = "AnswerError";
  readonly $metadata: { readonly httpStatusCode: number };
  readonly $retryable?: { readonly throttling: true };

  /** @param waitMs milliseconds that the endpoint asks to wait for, where it does */
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
 * The failure of a call to `who`, such as "The agent's runtime". Service messages hold ARNs and account numbers, and
 * agents' own may quote the prompt: the caller is told the kind of error only.
 */
export function callFailure(who: string, cause: unknown): AgentFailure {
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
 * Rethrows what a call to `who` rejected with, as a failure where it was not the signal that ended it. To be given to
 * `catch`.
 */
export const failing =
  (who: string, signal: AbortSignal) =>
  (cause: unknown): never => {
    signal.throwIfAborted();
    throw callFailure(who, cause);
  };

/** After the first try; three in all, as the SDK's clients have. */
const RETRIES = 2;
/** Longest wait before the first retry; it doubles for the next. */
const BASE_WAIT_MS = 100;

/** What a call with retries needs. */
export interface Retrying {
  readonly signal: AbortSignal;
  /** Epoch milliseconds from which an answer is of no use. */
  readonly deadlineMs: number;
  readonly nowMs: () => number;
  /** From 0 to less than 1. */
  readonly random: () => number;
}

/**
 * Tries `work` up to three times while it rejects with what may pass: throttling, 5xx, a broken connection. It waits as
 * long as the error asks for, else a random part of 100 ms, then 200 ms; not at all where that is past the deadline.
 */
export function retrying<T>(work: () => Promise<T>, { signal, deadlineMs, nowMs, random }: Retrying): Promise<T> {
  const mayPass = handleWhen(
    (error) => !signal.aborted && isUnavailable(error) && nowMs() + (askedWait(error) ?? 0) < deadlineMs,
  );
  const backoff = new DelegateBackoff<{ attempt: number; result: object }>(({ attempt, result }) => {
    const error = "error" in result ? result.error : undefined;
    return askedWait(error) ?? random() * BASE_WAIT_MS * 2 ** (attempt - 1);
  });
  const policy = retry(mayPass, { maxAttempts: RETRIES, backoff });
  // The policy sleeps through an abort, and would call once more after it.
  return withDeadline(
    signal,
    policy.execute(() => {
      signal.throwIfAborted();
      return work();
    }),
  );
}

const askedWait = (error: unknown): number | undefined => (error instanceof AnswerError ? error.waitMs : undefined);

/**
 * Milliseconds that a header `Retry-After` asks for, given in seconds or as an HTTP date. Undefined where it is
 * neither.
 */
export function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\s*\d{1,9}\s*$/.test(header)) return Number(header) * 1000;
  // Date.parse takes much for a date, "-1" among it.
  const atMs = /^\s*[A-Z][a-z]/.test(header) ? Date.parse(header) : NaN;
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs);
}
