import { pause } from "../pause";

/** How to wait. */
export interface Patience {
  /** From 0 up to but not 1. */
  random(): number;
  /** Resolves after `ms` milliseconds. Rejects once `signal` is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<unknown>;
}

const PATIENCE: Patience = { random: Math.random, sleep: pause };

/** How often a write is sent at most. */
export const MAX_TRIES = 8;
/** Milliseconds of the first wait at most; each later one may be twice as long. */
export const FIRST_WAIT_MS = 50;
/**
 * Milliseconds of any wait at most: all seven together stay under the 5 s that a worker keeps back to write its result.
 */
export const LONGEST_WAIT_MS = 1_000;

/** Why DynamoDB cancels a transaction that may succeed a moment later. */
const PASSING = new Set(["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"]);

/**
 * Runs a write again that met another on the same item in a transaction, or a throttled one in it, after a wait with
 * full jitter. The SDK repeats neither: to it both are the caller's mistake. Rejects with what the last try rejected
 * with.
 */
export async function retryContended<T>(
  write: () => Promise<T>,
  signal?: AbortSignal,
  patience: Patience = PATIENCE,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await write();
    } catch (error) {
      if (tries === MAX_TRIES || !isContention(error)) throw error;
      await patience.sleep(patience.random() * Math.min(FIRST_WAIT_MS * 2 ** (tries - 1), LONGEST_WAIT_MS), signal);
    }
  }
}

function isContention(error: unknown): boolean {
  const { name, CancellationReasons: reasons = [] } = error as {
    readonly name?: string;
    readonly CancellationReasons?: readonly { readonly Code?: string }[];
  };
  return name === "TransactionConflictException" || reasons.some(({ Code: code }) => PASSING.has(code ?? ""));
}
