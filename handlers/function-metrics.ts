import type { Counters } from "./counters";
import type { Measured } from "./telemetry";

/** What a process counts of itself. */
export interface FunctionCounts {
  /** 1 in the first request of the process, else 0. */
  readonly coldStart: () => number;
  readonly counters: Counters;
}

/** Gives 1 with the first call, and 0 with each after it. A heartbeat calls it too and drops what it gives: the request after it is not cold. */
export function openColdStart(): () => number {
  let next = 1;
  return () => {
    const cold = next;
    next = 0;
    return cold;
  };
}

/** The counts since the last time, by `Function`. */
export function measureFunction(name: "api" | "worker", { coldStart, counters }: FunctionCounts): Measured {
  return { metrics: { ...counters.take(), ColdStart: coldStart() }, dimensions: { Function: name } };
}
