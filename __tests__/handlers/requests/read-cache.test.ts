import fc from "fast-check";
import { openCounters } from "../../../handlers/telemetry";
import { openReadCache } from "../../../handlers/requests/read-cache";
import { NOW_MS } from "../fixtures";

const TTL_MS = 5_000;

function setUp({ ttlMs = TTL_MS, maxEntries = 1_000 } = {}) {
  const clock = { nowMs: NOW_MS };
  const counters = openCounters();
  const cache = openReadCache({ ttlMs, nowMs: () => clock.nowMs, counters, maxEntries });
  let reads = 0;
  const read = jest.fn(async () => ({ read: ++reads }));
  return { cache, clock, counters, read };
}

test("a read is kept until it is as old as the time allows, counted from its start", async () => {
  const { cache, clock, counters, read } = setUp();
  await cache.get("a", async () => {
    clock.nowMs += 1_000;
    return read();
  });
  clock.nowMs = NOW_MS + TTL_MS - 1;
  expect(await cache.get("a", read)).toEqual({ read: 1 });
  clock.nowMs = NOW_MS + TTL_MS;
  expect(await cache.get("a", read)).toEqual({ read: 2 });
  expect(counters.take()).toEqual({ CacheMiss: 2, CacheHit: 1 });
});

test("the wall clock alone counts: what was kept before a freeze is not used after it, though no timer ran", async () => {
  const { cache, clock, read } = setUp();
  await cache.get("a", read);
  await cache.get("a", read);
  clock.nowMs += 1_800_000;
  expect(await cache.get("a", read)).toEqual({ read: 2 });
});

test("a clock that was set back makes what is kept too old", async () => {
  const { cache, clock, read } = setUp();
  await cache.get("a", read);
  clock.nowMs -= 1;
  expect(await cache.get("a", read)).toEqual({ read: 2 });
});

test("callers at the same time share one read, and its failure, which is not kept", async () => {
  const { cache, counters, read } = setUp();
  read.mockRejectedValueOnce(new Error("no network"));
  const both = await Promise.allSettled([cache.get("a", read), cache.get("a", read)]);
  expect(both).toMatchObject([{ reason: { message: "no network" } }, { reason: { message: "no network" } }]);
  expect(read).toHaveBeenCalledTimes(1);
  expect(counters.take()).toEqual({ CacheMiss: 1, CacheHit: 1 });
  expect(await cache.get("a", read)).toEqual({ read: 1 });
});

test("a read that throws before it gives a promise is a failure like any other", async () => {
  const { cache, read } = setUp();
  const broken = () => {
    throw new Error("it never began");
  };
  await expect(cache.get("a", broken)).rejects.toThrow("it never began");
  expect(await cache.get("a", read)).toEqual({ read: 1 });
});

test("nothing found and what may not be kept is read again", async () => {
  const { cache, read } = setUp();
  expect(await cache.get("a", async () => undefined)).toBeUndefined();
  await cache.get("a", read, ({ read: number }) => number > 1);
  expect(await cache.get("a", read, ({ read: number }) => number > 1)).toEqual({ read: 2 });
  expect(await cache.get("a", read)).toEqual({ read: 2 });
});

test("with no time nothing is kept, and reads at the same time are still shared", async () => {
  const { cache, read } = setUp({ ttlMs: 0 });
  expect(await Promise.all([cache.get("a", read), cache.get("a", read)])).toEqual([{ read: 1 }, { read: 1 }]);
  expect(await cache.get("a", read)).toEqual({ read: 2 });
});

test("what is forgotten is read again; a read that was under way is not kept, and not shared with who asks after", async () => {
  const { cache, read } = setUp();
  await cache.get("a", read);
  cache.forget("a");
  let answer: (value: { read: number }) => void = () => undefined;
  const old = cache.get("a", () => new Promise<{ read: number }>((resolve) => (answer = resolve)));
  await new Promise(setImmediate);
  cache.forget("a");
  const fresh = cache.get("a", read);
  answer({ read: 0 });
  expect(await Promise.all([old, fresh])).toEqual([{ read: 0 }, { read: 2 }]);
  expect(await cache.get("a", read)).toEqual({ read: 2 });
});

test("beyond its limit the least recently used goes", async () => {
  const { cache, read } = setUp({ maxEntries: 2 });
  for (const key of ["a", "b", "a", "c"]) await cache.get(key, read);
  read.mockClear();
  for (const key of ["a", "c"]) await cache.get(key, read);
  expect(read).not.toHaveBeenCalled();
  await cache.get("b", read);
  expect(read).toHaveBeenCalledTimes(1);
});

test("in whatever order reads end, are forgotten and grow old, a caller is given its own data, no older than allowed and than the last time it was forgotten", async () => {
  const step = fc.oneof(
    fc.record({
      do: fc.constant("get" as const),
      owner: fc.constantFrom("alice", "bob"),
      id: fc.constantFrom("1", "2"),
      fails: fc.boolean(),
    }),
    fc.record({
      do: fc.constant("forget" as const),
      owner: fc.constantFrom("alice", "bob"),
      id: fc.constantFrom("1", "2"),
    }),
    fc.record({ do: fc.constant("wait" as const), ms: fc.integer({ min: 0, max: 2 * TTL_MS }) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.array(step, { minLength: 2, maxLength: 20 }), async (scheduler, steps) => {
      const { cache, clock } = setUp();
      const forgotten = new Map<string, number>();
      const underWay = new Set<object>();
      let order = 0;
      const gets: Promise<void>[] = [];
      const perform = async (next: (typeof steps)[number]) => {
        if (next.do === "wait") return void (clock.nowMs += next.ms);
        const key = `${next.owner} ${next.id}`;
        if (next.do === "forget") {
          forgotten.set(key, (order += 1));
          return cache.forget(key);
        }
        const read = async () => {
          const value = { key, order: (order += 1), readMs: clock.nowMs };
          underWay.add(value);
          await scheduler.schedule(Promise.resolve());
          underWay.delete(value);
          if (next.fails) throw new Error("no network");
          return value;
        };
        const [askedMs, forgottenBefore, shared] = [clock.nowMs, forgotten.get(key) ?? 0, new Set(underWay)];
        gets.push(
          cache.get(key, read).then(
            (value) => {
              if (value === undefined) throw new Error("Nothing was read");
              expect(value.key).toBe(key);
              expect(value.order).toBeGreaterThan(forgottenBefore);
              // One that was under way already is shared, however long it takes.
              if (!shared.has(value)) expect(value.readMs).toBeGreaterThan(askedMs - TTL_MS);
            },
            (error: Error) => expect(error.message).toBe("no network"),
          ),
        );
      };
      scheduler.scheduleSequence(steps.map((next) => ({ builder: () => perform(next), label: next.do })));
      await scheduler.waitIdle();
      await Promise.all(gets);
    }),
    { numRuns: 200 },
  );
});
