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
