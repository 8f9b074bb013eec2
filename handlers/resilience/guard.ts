/**
 * Stands between us and one dependency: lets no more through at once than it should bear, and none while it is down.
 */
export interface Guard {
  /**
   * Runs `work`. Rejects with what `work` rejects with, or at once with {@link DependencyDownError} where the circuit
   * is open or too many wait already.
   */
  run<T>(work: () => Promise<T>): Promise<T>;
}

/** The guard of a dependency, by a name that is safe to log: always the same one for the same name. */
export type Guards = (dependency: string) => Guard;

/**
 * A dependency was not called: it failed too often just now, or too many calls wait for it. The same call may succeed
 * later.
 */
export class DependencyDownError extends Error {
  override readonly name = "DependencyDownError";
}

/**
 * Why a call is aborted whose answer nobody needs any more: as the reason of an `AbortSignal` it says that the
 * dependency did no wrong.
 */
export class NotNeeded extends Error {
  override readonly name = "NotNeededError";
}
