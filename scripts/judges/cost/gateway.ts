import type { PriceBook } from "../prices";
import type { Deployment } from "./deployment";
import type { Traffic } from "./traffic";
import { HOURS_A_MONTH, KB_A_GB, type Usage } from "./usage";

/** Dollars a month of what stands between callers and the front door. */
export interface GatewayCost {
  /** Every call, those that the cache answers too. */
  readonly apiCalls: number;
  /** The cluster's hours, whether anything is cached or not. */
  readonly cache: number;
  /** CloudFront's requests, what it sends to viewers, and what it sends to the API. */
  readonly distribution: number;
  /** Data from the API to callers; CloudFront fetches it free of charge and bills its own. */
  readonly transfer: number;
}

/** Headers and the JSON around prompt and answer of one call. */
const ENVELOPE_KB = 1;

export function gatewayCost(deployment: Deployment, usage: Usage, traffic: Traffic, book: PriceBook): GatewayCost {
  const outGB = outKB(usage, traffic) / KB_A_GB;
  return {
    apiCalls: book.cost("apiCall", traffic.apiCalls),
    cache: deployment.cacheClusterGB === null ? 0 : book.cost(`cacheHour_${deployment.cacheClusterGB}`, HOURS_A_MONTH),
    distribution: deployment.cloudfrontEnabled ? distributionCost(usage, traffic, outGB, book) : 0,
    transfer: deployment.cloudfrontEnabled ? 0 : book.cost("internetOut", outGB),
  };
}

function distributionCost(usage: Usage, traffic: Traffic, outGB: number, book: PriceBook): number {
  const toOriginGB = (traffic.apiCalls * ENVELOPE_KB + traffic.requests * usage.prompt_kb) / KB_A_GB;
  return (
    book.cost("distributionRequest", traffic.calls) +
    book.cost("distributionOut", outGB) +
    book.cost("distributionToOrigin", toOriginGB)
  );
}

/** What callers are sent: every call its envelope, each caller's last poll the answer. */
const outKB = (usage: Usage, traffic: Traffic): number =>
  traffic.calls * ENVELOPE_KB + Math.min(traffic.polls, traffic.requests * usage.pollers) * usage.answer_kb;
