/** One more of what an owner may have a day. */
export interface Taking {
  readonly owner: string;
  /** `YYYY-MM-DD`. */
  readonly day: string;
  /** How many there may be, from 1. */
  readonly limit: number;
  /** Epoch seconds from which the count is of no use. */
  readonly expiresAt: number;
}

/** Counts, for each owner and day. Rejects where it cannot be reached. */
export interface QuotaStore {
  /**
   * False where there are as many as may be; nothing is counted then. Of those who race for the last one, one gets it.
   */
  take(taking: Taking, signal?: AbortSignal): Promise<boolean>;
}
