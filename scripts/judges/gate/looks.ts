/** Chance to fail a service that is exactly at its target. It holds for each KPI, however often a gate looks. */
export const FALSE_ABORT_SHARE = 0.005;

/** How often a gate has looked at the same growing evidence. */
export interface Looks {
  /** From 1. */
  readonly look: number;
  /** Whether there may be more: a gate that waits. */
  readonly repeated: boolean;
}

/**
 * Chance of a false abort that this look may spend. Who looks often at growing evidence sees chance cross a fixed bound
 * sooner or later; so the k-th look spends a 1 / (k (k + 1)) of the whole, and all looks together, however many they
 * are, no more than the whole (union bound: it does not matter how the looks depend on each other).
 */
export function spentAt({ look, repeated }: Looks): number {
  if (!(Number.isInteger(look) && look >= 1)) throw new Error(`The look is ${look}; allowed: a whole number from 1.`);
  return repeated ? FALSE_ABORT_SHARE / (look * (look + 1)) : FALSE_ABORT_SHARE;
}
