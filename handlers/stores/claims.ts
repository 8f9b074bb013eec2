import { isTerminal, MAX_ATTEMPTS, type Bid, type Claim, type RequestRecord } from "./requests";

/**
 * How a bid for a request stands. `open`: nothing speaks against it. `won`: it was won before and its answer got lost;
 * its lease still holds. `claimedBy`: the token of the bid that won last.
 */
export function standingOf(request: RequestRecord, claimedBy: string | undefined, bid: Bid): Claim["outcome"] | "open" {
  if (isTerminal(request.status)) return "terminal";
  if (isHeld(request, bid.nowMs)) return claimedBy === bid.token ? "won" : "live";
  if (request.deadlineMs <= bid.nowMs) return "overdue";
  return request.attempt >= MAX_ATTEMPTS ? "exhausted" : "open";
}

/** Whether a worker holds the request at `nowMs`: a lease holds up to its last millisecond. */
export function isHeld({ status, leaseUntilMs }: RequestRecord, nowMs: number): boolean {
  return status === "processing" && leaseUntilMs !== undefined && leaseUntilMs >= nowMs;
}
