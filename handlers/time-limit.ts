import { boundedSignal, withDeadline } from "./deadline";

/**
 * Runs `work` with a signal that is aborted after `ms` milliseconds, and rejects with a `TimeoutError` then, whatever
 * the work does.
 */
export async function within<T>(ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const { signal, release } = boundedSignal(Math.max(0, ms));
  try {
    return await withDeadline(signal, () => work(signal));
  } finally {
    release();
  }
}
