import { LRUCache } from "lru-cache";
import type { Counters } from "../telemetry";

/** Reads that the process keeps for a while. */
export interface ReadCache {
  /**
   * What is kept under `key`, else what `read` gives. Callers at the same time share one read, and its failure. A read
   * that rejects, gives undefined, or gives something that `mayKeep` refuses is not kept. Keys name the caller whose
   * data it is, and what kind of data. All are given the same object: nobody may change it.
   */
  get<T extends object>(
    key: string,
    read: () => Promise<T | undefined>,
    mayKeep?: (value: T) => boolean,
  ): Promise<T | undefined>;
  /** Forgets what is kept under `key`, and does not keep what a read that is under way will give. */
  forget(key: string): void;
}

/** What a cache needs. */
export interface ReadCacheParts {
  /** Milliseconds that a read is kept, from its start. 0: none is kept, and only reads at the same time are shared. */
  readonly ttlMs: number;
  /** The wall clock: a frozen environment's other clocks stand still, and old data would pass for new. */
  readonly nowMs: () => number;
  readonly counters: Counters;
  /** Reads that are kept at most; the least recently used goes first. Default: 1,000. */
  readonly maxEntries?: number;
}

interface Kept {
  readonly value: object;
  readonly readMs: number;
}

/** A cache of one process. Counts a `CacheMiss` for each read that is made and a `CacheHit` for each that is not. */
export function openReadCache({ ttlMs, nowMs, counters, maxEntries = 1_000 }: ReadCacheParts): ReadCache {
  // Its own ttl looks at the clock through a timer, which stands still too, and trusts a clock that was set back.
  const kept = new LRUCache<string, Kept>({ max: maxEntries });
  const reads = new Map<string, Promise<object | undefined>>();
  const find = (key: string) => {
    const found = kept.get(key);
    const ageMs = nowMs() - (found?.readMs ?? -Infinity);
    return ageMs >= 0 && ageMs < ttlMs ? found?.value : undefined;
  };
  const begin = <T extends object>(key: string, read: () => Promise<T | undefined>, mayKeep: (value: T) => boolean) => {
    const readMs = nowMs();
    const isCurrent = () => reads.get(key) === begun;
    const begun: Promise<T | undefined> = Promise.resolve()
      .then(read)
      .then((value) => {
        if (ttlMs > 0 && isCurrent() && value !== undefined && mayKeep(value)) kept.set(key, { value, readMs });
        return value;
      })
      .finally(() => isCurrent() && reads.delete(key));
    reads.set(key, begun);
    return begun;
  };
  return {
    async get<T extends object>(
      key: string,
      read: () => Promise<T | undefined>,
      mayKeep: (value: T) => boolean = () => true,
    ) {
      const found = find(key) ?? reads.get(key);
      counters.add(found === undefined ? "CacheMiss" : "CacheHit");
      return found === undefined ? begin(key, read, mayKeep) : (found as T | Promise<T | undefined>);
    },
    forget(key) {
      kept.delete(key);
      reads.delete(key);
    },
  };
}
