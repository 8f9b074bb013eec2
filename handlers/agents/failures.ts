import { AgentFailure } from "./agent";

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
