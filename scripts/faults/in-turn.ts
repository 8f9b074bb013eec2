/** Runs work with the same key one after the other, in the order given, and all other at once. */
export type InTurn = <T>(key: string | undefined, work: () => Promise<T>) => Promise<T>;

/** Work without a key is never held back; work that rejects holds nobody back. */
export function inTurn(): InTurn {
  const last = new Map<string, Promise<unknown>>();
  return async (key, work) => {
    if (key === undefined) return work();
    const turn = (last.get(key) ?? Promise.resolve()).then(work, work);
    last.set(key, turn);
    try {
      return await turn;
    } finally {
      if (last.get(key) === turn) last.delete(key);
    }
  };
}
