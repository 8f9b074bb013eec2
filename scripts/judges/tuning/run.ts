/** One run at one size, as a tuner takes it. */
export interface TuningRun {
  /** Size of the function; what Lambda calls MB is MiB. */
  readonly memoryMiB: number;
  /** Time of the handler; INIT is apart. Of a failed run whatever it took. */
  readonly durationMs: number;
  /** INIT or restore; null where the environment was warm. */
  readonly initMs: number | null;
  /** Milliseconds billed; null where they were not told. */
  readonly billedMs: number | null;
  /** Most that the environment had used by the end of the run; null where it was not told. */
  readonly usedMiB: number | null;
  /** Why it failed, in a few words; null where it did not. */
  readonly failure: string | null;
}

/**
 * Milliseconds that a run is billed: INIT counts (since 2025-08-01, for all packages), and a part of a millisecond is a
 * whole one.
 */
export function billedMsOf({ durationMs, initMs, billedMs }: TuningRun): number {
  return Math.max(billedMs ?? 0, Math.ceil(durationMs + (initMs ?? 0)));
}
