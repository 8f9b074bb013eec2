/**
 * Resolves after `ms` milliseconds. Rejects once `signal` is aborted. Loaded only now: it takes 8 ms of a cold start,
 * and few calls wait.
 */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  const { setTimeout } = await import("node:timers/promises");
  await setTimeout(ms, undefined, { signal });
}

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

/**
 * Runs the tasks, at most `limit` of them at once, and gives their results in the tasks' order. Rejects with the first
 * rejection.
 */
export async function runAtMost<T>(limit: number, tasks: readonly (() => Promise<T>)[]): Promise<T[]> {
  const results: T[] = [];
  // The lanes share one iterator: each takes the next task that nobody has taken.
  const next = tasks.entries();
  const lane = async () => {
    for (const [index, task] of next) results[index] = await task();
  };
  await Promise.all(Array.from({ length: Math.min(limit, tasks.length) }, lane));
  return results;
}

/**
 * Settles with `work`, or rejects with the signal's reason as soon as `signal` is aborted.
 * Give the signal to the work too, so that its socket is closed: this only bounds the waiting
 * where the work is slow to notice. Work that is given as a function is not begun where the signal
 * is aborted already, and loses to it where the abort itself makes it fail.
 */
export async function withDeadline<T>(signal: AbortSignal, work: Promise<T> | (() => Promise<T>)): Promise<T> {
  let onAbort: (() => void) | undefined;
  // Listens before the work does: of two rejections by one abort, this one is the first.
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  });
  try {
    if (typeof work !== "function") return await Promise.race([work, aborted]);
    return await (signal.aborted ? aborted : Promise.race([work(), aborted]));
  } finally {
    if (onAbort) signal.removeEventListener("abort", onAbort);
  }
}

/** A signal, and how to let go of what would abort it. */
export interface BoundedSignal {
  readonly signal: AbortSignal;
  /** Stops the timer and leaves the parents. To be called when the work has ended. */
  release(): void;
}

/** The time ran out. Named as the platform's own, which is no `Error` everywhere. */
class TimedOutError extends Error {
  override readonly name = "TimeoutError";
}

/** What a timer's longest wait is: beyond it, it would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * A signal that is aborted after `ms` with a `TimeoutError`, or with the first of its parents and that one's reason.
 * `AbortSignal.any` and `AbortSignal.timeout` would do the same, but keep their timers and parents until collected.
 */
export function boundedSignal(ms: number, ...parents: readonly AbortSignal[]): BoundedSignal {
  const controller = new AbortController();
  const timer = setTimeout(
    () => controller.abort(new TimedOutError(`There was no answer within ${Math.round(ms)} ms.`)),
    Math.min(ms, MAX_TIMER_MS),
  );
  const leave = parents.map((parent) => {
    const follow = () => controller.abort(parent.reason);
    if (parent.aborted) follow();
    else parent.addEventListener("abort", follow, { once: true });
    return () => parent.removeEventListener("abort", follow);
  });
  return {
    signal: controller.signal,
    release() {
      clearTimeout(timer);
      for (const each of leave) each();
    },
  };
}
