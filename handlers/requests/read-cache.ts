import { LRUCache } from "lru-cache";
import type { Counters } from "../telemetry";

/** Reads that the process keeps for a while. */
export interface ReadCache {
  /**
   * Returns what is cached under `key`, or else what `read` gives. Concurrent callers share one read and its failure. A
   * value is not cached if `read` rejects or gives undefined, or if `mayKeep` refuses it. A key must name the caller
   * whose data it is. All callers receive the same object, which nobody may change.
   */
  get<T extends object>(
    key: string,
    read: () => Promise<T | undefined>,
    mayKeep?: (value: T) => boolean,
  ): Promise<T | undefined>;
  /** Removes what is cached under `key`. What a pending read will give is not cached either. */
  forget(key: string): void;
}

/** What a cache needs. */
export interface ReadCacheParts {
  /** Milliseconds that a value is cached, from the start of its read. 0: only concurrent reads are shared. */
  readonly ttlMs: number;
  /** The wall clock. Other clocks stand still while the environment is frozen, and would make old data look new. */
  readonly nowMs: () => number;
  readonly counters: Counters;
  /** Number of values; the least recently used is dropped first. Default: 1,000. */
  readonly maxEntries?: number;
}

interface Entry {
  readonly value: object;
  readonly readMs: number;
}

/** Opens a cache of one process. It counts a `CacheMiss` for each read that is made and a `CacheHit` for others. */
export function openReadCache({ ttlMs, nowMs, counters, maxEntries = 1_000 }: ReadCacheParts): ReadCache {
  // The library's own ttl reads the clock through a timer, which also stands still, and trusts a clock that was set
  // back.
  const entries = new LRUCache<string, Entry>({ max: maxEntries });
  const pendingReads = new Map<string, Promise<object | undefined>>();
  const findFresh = (key: string) => {
    const entry = entries.get(key);
    const ageMs = nowMs() - (entry?.readMs ?? -Infinity);
    return ageMs >= 0 && ageMs < ttlMs ? entry?.value : undefined;
  };
  const startRead = <T extends object>(
    key: string,
    read: () => Promise<T | undefined>,
    mayKeep: (value: T) => boolean,
  ) => {
    const readMs = nowMs();
    const isCurrent = () => pendingReads.get(key) === pending;
    const pending: Promise<T | undefined> = Promise.resolve()
      .then(read)
      .then((value) => {
        if (ttlMs > 0 && isCurrent() && value !== undefined && mayKeep(value)) entries.set(key, { value, readMs });
        return value;
      })
      .finally(() => isCurrent() && pendingReads.delete(key));
    pendingReads.set(key, pending);
    return pending;
  };
  return {
    async get<T extends object>(
      key: string,
      read: () => Promise<T | undefined>,
      mayKeep: (value: T) => boolean = () => true,
    ) {
      const found = findFresh(key) ?? pendingReads.get(key);
      counters.add(found === undefined ? "CacheMiss" : "CacheHit");
      return found === undefined ? startRead(key, read, mayKeep) : (found as T | Promise<T | undefined>);
    },
    forget(key) {
      entries.delete(key);
      pendingReads.delete(key);
    },
  };
}
