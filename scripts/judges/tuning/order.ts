/** One invocation of a measuring. */
export interface Turn {
  readonly memoryMiB: number;
  /** From 0; the first of a size is cold. The same number is given the same payload at every size. */
  readonly round: number;
}

/** Failures after which a size is asked no more, where it has failed more often than not. */
const ENOUGH_FAILURES = 3;

/**
 * The order of a measuring: a run of each size, then the next of each. What is slow for an hour, such as an agent, is
 * so for all sizes.
 */
export function turnsOf(sizesMiB: readonly number[], runsEach: number): Turn[] {
  return Array.from({ length: runsEach + 1 }, (_, round) => sizesMiB.map((memoryMiB) => ({ memoryMiB, round }))).flat();
}

/** Whether a size is not worth another run: it fails, and each further failure is paid as well. */
export function isHopeless(runs: readonly { readonly failure: string | null }[]): boolean {
  const failed = runs.filter(({ failure }) => failure !== null).length;
  return failed >= ENOUGH_FAILURES && failed > runs.length / 2;
}
