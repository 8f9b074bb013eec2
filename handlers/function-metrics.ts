import type { Counters } from "./counters";
import type { Measured } from "./telemetry";

/** What a process counts of itself. */
export interface FunctionCounts {
  /** 1 in the first request of the process, else 0. */
  readonly coldStart: () => number;
  readonly counters: Counters;
  /** Percent of the function's memory that the process has had at most; undefined where that is not known. */
  readonly memoryUsedPercent: () => number | undefined;
}

/**
 * The most that a process has had in memory, in percent of its function's.
 * @param memoryMiB the function's memory, as Lambda tells it in AWS_LAMBDA_FUNCTION_MEMORY_SIZE; undefined or no
 * positive number = not known
 * @param peakKiB the process's peak resident memory
 */
export function openMemoryUse(memoryMiB: string | undefined, peakKiB: () => number): () => number | undefined {
  const limitKiB = Number(memoryMiB ?? "") * 1024;
  return () => (limitKiB > 0 ? Math.round((1_000 * peakKiB()) / limitKiB) / 10 : undefined);
}

/**
 * Gives 1 with the first call, and 0 with each after it. A heartbeat calls it too and drops what it gives: the request
 * after it is not cold.
 */
export function openColdStart(): () => number {
  let next = 1;
  return () => {
    const cold = next;
    next = 0;
    return cold;
  };
}

/** The counts since the last time and the memory so far, by `Function`. */
export function measureFunction(
  name: "api" | "worker",
  { coldStart, counters, memoryUsedPercent }: FunctionCounts,
): Measured {
  const memory = memoryUsedPercent();
  return {
    metrics: { ...counters.take(), ColdStart: coldStart(), ...(memory !== undefined && { MemoryUsed: memory }) },
    dimensions: { Function: name },
  };
}
