import { setImmediate as turn } from "node:timers/promises";
import { cachePatterns, pollPatterns } from "../../../bench/cache";
import { hitRate } from "../../../scripts/cost/traffic";
import type { ApiResponse } from "../../../scripts/kit/api-client";

/** Time that goes on to the next sleeper's end once nobody else is awake. */
function virtualTime() {
  let now = 0;
  const sleepers: { at: number; wake: () => void }[] = [];
  const sleep = (ms: number) => new Promise<void>((wake) => sleepers.push({ at: now + ms, wake }));
  async function until<T>(work: Promise<T>): Promise<T> {
    let ended = false;
    const settled = work.finally(() => (ended = true));
    settled.catch(() => undefined);
    while (!ended) {
      await turn();
      const next = sleepers.sort((one, other) => one.at - other.at).shift();
      now = next?.at ?? now;
      next?.wake();
    }
    return settled;
  }
  return { sleep, until, now: () => now };
}

/** An API whose cache keeps an answer for a time from when it was given, 4 ms after it was asked. */
function api(time: ReturnType<typeof virtualTime>, ttlMs: number, endsAs = "completed") {
  const kept = new Map<string, number>();
  let ids = 0;
  const answer = (status: number, body: object, cache = "miss"): ApiResponse => ({
    status,
    body,
    headers: new Headers({ "x-local-cache": cache }),
  });
  return {
    invoke: async () => answer(202, { request_id: `id-${ids++}` }),
    status: async (id: string) => {
      if ((kept.get(id) ?? -1) > time.now()) return answer(200, { status: endsAs }, "hit");
      await time.sleep(4);
      kept.set(id, time.now() + ttlMs);
      return answer(200, { status: endsAs });
    },
  };
}

const poll = (
  time: ReturnType<typeof virtualTime>,
  client: ReturnType<typeof api>,
  onPoll?: (done: number, all: number) => void,
) =>
  time.until(
    pollPatterns({
      client,
      patterns: cachePatterns([0.5, 1, 2, 5], [1, 10]),
      seconds: 60,
      ttlSeconds: 5,
      signal: new AbortController().signal,
      sleep: time.sleep,
      ...(onPoll && { onPoll }),
    }),
  );

test("each pattern's hits are those that arithmetic gives for an entry of five seconds", async () => {
  const time = virtualTime();
  const counts = await poll(time, api(time, 5_000));
  expect(counts.map(({ pattern, polls }) => [pattern.pollers, pattern.intervalSeconds, polls])).toEqual([
    [1, 0.5, 120],
    [1, 1, 60],
    [1, 2, 30],
    [1, 5, 12],
    [10, 0.5, 1_200],
    [10, 1, 600],
    [10, 2, 300],
    [10, 5, 120],
  ]);
  for (const { pattern, polls, hits } of counts)
    expect(
      Math.abs((100 * hits) / polls - 100 * hitRate(5, pattern.intervalSeconds / pattern.pollers)),
    ).toBeLessThanOrEqual(2);
});

test("a cache that keeps twice as long is seen", async () => {
  const time = virtualTime();
  const [, oneSecond] = await poll(time, api(time, 10_000));
  expect((100 * oneSecond!.hits) / oneSecond!.polls).toBeGreaterThan(85);
});

test("each poll is told, with how many there are", async () => {
  const time = virtualTime();
  const told: [number, number][] = [];
  await poll(time, api(time, 0), (done, all) => void told.push([done, all]));
  expect(told.at(-1)).toEqual([2_442, 2_442]);
});

test("a request that fails is an error: its polls would measure something else", async () => {
  const time = virtualTime();
  await expect(poll(time, api(time, 5_000, "failed"))).rejects.toThrow("Request id-0 ended failed; expected completed");
});
