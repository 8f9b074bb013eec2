/** Draws from one source of random numbers, so that the same seed draws the same. */
export interface Draw {
  /** From 0 to below `below`. */
  integer(below: number): number;
  pick<T>(list: readonly T[]): T;
  /** True in that share of the draws, 0 to 1. */
  chance(share: number): boolean;
}

/** @param random numbers from 0 to below 1 */
export function drawFrom(random: () => number): Draw {
  const integer = (below: number) => Math.floor(random() * below);
  return {
    integer,
    pick: <T>(list: readonly T[]): T => {
      if (list.length === 0) throw new Error("There is nothing to draw from: the list is empty. Give at least one.");
      return list[integer(list.length)]!;
    },
    chance: (share) => random() < share,
  };
}
