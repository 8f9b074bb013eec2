import { QuotaExceededError } from "./errors";
import type { QuotaStore } from "./stores/quotas";

const DAY_MS = 86_400_000;

/** Lets an owner begin one request more, or rejects with {@link QuotaExceededError}. */
export type CallerQuota = (owner: string, signal: AbortSignal) => Promise<void>;

export interface QuotaParts {
  readonly store: QuotaStore;
  /** Requests that each owner may begin a day, in UTC; 0 = any number, and nothing is counted. */
  readonly perDay: number;
  readonly nowMs: () => number;
}

/**
 * Counts what each owner begins, so that nobody spends all of the agents' money. Repetitions under a key count too:
 * whether they are such is known only later. A count whose answer gets lost may count twice; none is forgotten.
 */
export function callerQuota({ store, perDay, nowMs }: QuotaParts): CallerQuota {
  return async (owner, signal) => {
    if (perDay === 0) return;
    const now = nowMs();
    const day = new Date(now).toISOString().slice(0, 10);
    const midnightMs = Date.parse(day) + DAY_MS;
    // A day longer than it counts, as clocks differ.
    if (await store.take({ owner, day, limit: perDay, expiresAt: (midnightMs + DAY_MS) / 1_000 }, signal)) return;
    throw new QuotaExceededError(
      `Each caller may begin ${perDay} requests a day (UTC), and this one has. Send it again after midnight.`,
      Math.ceil((midnightMs - now) / 1_000),
    );
  };
}
