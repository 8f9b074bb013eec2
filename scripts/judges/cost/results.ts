import type { PriceBook } from "../prices";
import { finalReads, INLINE_RESULT_KB } from "./database";
import type { Deployment } from "./deployment";
import type { Traffic } from "./traffic";
import { DAYS_A_MONTH, KB_A_GB, type Usage } from "./usage";

/**
 * Dollars a month of results that are too large for a record: one PUT a run, one GET a poll that finds the end, and
 * their storage until they expire.
 */
export function resultsCost(deployment: Deployment, usage: Usage, traffic: Traffic, book: PriceBook): number {
  if (usage.answer_kb <= INLINE_RESULT_KB) return 0;
  const stored = ((traffic.runs * deployment.requestRetentionDays) / DAYS_A_MONTH) * (usage.answer_kb / KB_A_GB);
  return (
    book.cost("objectPut", traffic.runs) +
    book.cost("objectGet", finalReads(usage, traffic)) +
    book.cost("objectStorage", stored)
  );
}
