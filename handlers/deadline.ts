/**
 * Settles with `work`, or rejects with the signal's reason as soon as `signal` is aborted.
 * Give the signal to the work too, so that its socket is closed: this only bounds the waiting
 * where the work is slow to notice, as the SDK is between two attempts.
 */
export async function withDeadline<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    if (onAbort) signal.removeEventListener("abort", onAbort);
  }
}
