/**
 * Resolves after `ms` milliseconds. Rejects once `signal` is aborted. Loaded only now: it takes 8 ms of a cold start,
 * and few calls wait.
 */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  const { setTimeout } = await import("node:timers/promises");
  await setTimeout(ms, undefined, { signal });
}
