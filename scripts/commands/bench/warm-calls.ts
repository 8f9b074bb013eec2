import type { ColdStart } from "./cold-process";
import { WarmFunction } from "./warm-function";

/** Calls of a function before the next one's turn: a busy moment of the machine meets all. */
const TURN = 50;
/** Calls before it counts: the optimizing compiler has done its work. */
const WARM_UP = 300;

/** How warm functions are measured. */
export interface WarmOptions {
  /** Of each function. */
  readonly calls: number;
  readonly signal: AbortSignal;
  readonly detail: (text: string) => void;
}

/**
 * Starts every function, calls them in turn, and ends them.
 * @returns the times of the answers in milliseconds, in the functions' order
 */
export async function measureWarm(
  starts: readonly ColdStart[],
  { calls, signal, detail }: WarmOptions,
): Promise<number[][]> {
  const functions: WarmFunction[] = [];
  try {
    for (const start of starts) functions.push(await WarmFunction.open(start));
    for (const each of functions) for (let call = 0; call < Math.min(WARM_UP, calls); call++) await each.call();
    const times = functions.map((): number[] => []);
    for (let done = 0; done < calls; done += TURN) {
      detail(`${done} of ${calls} calls of each of ${functions.length}`);
      for (const [index, each] of functions.entries()) {
        signal.throwIfAborted();
        for (let call = 0; call < Math.min(TURN, calls - done); call++) times[index]!.push(await each.call());
      }
    }
    return times;
  } finally {
    await Promise.all(functions.map((each) => each.close()));
  }
}
