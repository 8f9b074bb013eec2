import type { MetricName } from "./environment";

/** Counts what happens deep down during an invocation, to be told in its one log line. */
export interface Counters {
  /** `by`: 1 where it is not given. */
  add(name: MetricName, by?: number): void;
  /** The counts since the last call, and starts anew. Names that were never counted are left out. */
  take(): Readonly<Partial<Record<MetricName, number>>>;
}

/** Counters of one process: an environment runs one invocation at a time, so what it takes belongs to that one. */
export function openCounters(): Counters {
  let counts: Partial<Record<MetricName, number>> = {};
  return {
    add(name, by = 1) {
      counts[name] = (counts[name] ?? 0) + by;
    },
    take() {
      const taken = counts;
      counts = {};
      return taken;
    },
  };
}
