import type { RehearsalRelease } from "./releases";

/** One thing that happened while a version was released. */
export interface RehearsalEvent {
  /** Milliseconds since the callers began, real. */
  readonly atMs: number;
  /** Percent of the traffic that the new version has from then on. */
  readonly weight: number;
  readonly says: string;
}

/** How the command that releases ended. */
export interface ReleaseResult {
  readonly exitCode: number;
  readonly events: readonly RehearsalEvent[];
}

/** Brings a new version to callers, step by step, and decides by itself how that ends. */
export interface ReleasePort {
  release(release: RehearsalRelease): Promise<ReleaseResult>;
}
