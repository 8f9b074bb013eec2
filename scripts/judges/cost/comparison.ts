import { PriceBook } from "../prices";
import { PART_NAMES, type Bill, type PartName } from "./bill";
import { gb } from "./compute";
import { openReadUnits } from "./database";
import type { Deployment } from "./deployment";
import { tokenCost } from "./tokens";
import { ceilMs } from "./traffic";
import { DAYS_A_MONTH, HOURS_A_MONTH, KB_A_GB, type Usage } from "./usage";

/** How an amount differs from another, in dollars. */
export interface Difference {
  readonly beforeUsd: number;
  readonly afterUsd: number;
  /** Below zero where the second is cheaper. */
  readonly differenceUsd: number;
  /** Of the first; null where that is nothing. */
  readonly differencePercent: number | null;
}

/** How two bills of the same requests differ. */
export interface BillDifference {
  readonly parts: Readonly<Record<PartName, Difference>>;
  /** Without the models' tokens, which no setting changes. */
  readonly infrastructure: Difference;
  readonly total: Difference;
}

/** Two bills of the same requests, by part and in total. Throws where the requests differ. */
export function compareBills(before: Bill, after: Bill): BillDifference {
  if (before.requests !== after.requests)
    throw new Error(
      `The bills are of ${before.requests} and of ${after.requests} requests; allowed: two of the same number`,
    );
  const parts = Object.fromEntries(
    PART_NAMES.map((part) => [part, differenceOf(before.parts[part], after.parts[part])]),
  ) as Record<PartName, Difference>;
  const infrastructure = differenceOf(before.totalUsd - before.parts.tokens, after.totalUsd - after.parts.tokens);
  return { parts, infrastructure, total: differenceOf(before.totalUsd, after.totalUsd) };
}

function differenceOf(beforeUsd: number, afterUsd: number): Difference {
  const differenceUsd = afterUsd - beforeUsd;
  return {
    beforeUsd,
    afterUsd,
    differenceUsd,
    differencePercent: beforeUsd === 0 ? null : (differenceUsd / beforeUsd) * 100,
  };
}

/** What the cache's cluster costs, and what it must save to be worth it. */
export interface CacheBreakEven {
  /** Dollars a month of the cluster. */
  readonly clusterUsd: number;
  /**
   * Dollars that one poll less at the front door saves: its GB-s on demand, request, read and log. The API call is
   * billed either way.
   */
  readonly savedACallUsd: number;
  /** Polls a month that the cache must answer to pay for the cluster. */
  readonly callsToPay: number;
  /**
   * The same if every answered call saved a run of the agents too. Status polls never do: no model is asked for a poll.
   */
  readonly callsToPayIfModelWereCalled: number;
}

/** Null where there is no cluster. */
export function cacheBreakEven(deployment: Deployment, usage: Usage): CacheBreakEven | null {
  if (deployment.cacheClusterGB === null) return null;
  const book = new PriceBook(deployment.region);
  const clusterUsd = book.cost(`cacheHour_${deployment.cacheClusterGB}`, HOURS_A_MONTH);
  const logGB = usage.front_door_log_kb / KB_A_GB;
  const seconds = (ceilMs(usage.front_door_ms) + usage.front_door_cold_start_share * usage.front_door_init_ms) / 1_000;
  const savedACallUsd =
    book.cost(`lambdaGbSecond_${deployment.architecture}`, seconds * gb(deployment.frontDoorMemoryMiB)) +
    book.cost("lambdaRequest", 1) +
    book.cost("dynamoRead", openReadUnits(usage)) +
    book.cost("logIn", logGB) +
    book.cost("logStored", (logGB * deployment.logRetentionDays) / DAYS_A_MONTH);
  const agentCalls = usage.agents_per_phase * usage.phases;
  const modelUsd = tokenCost(agentCalls * usage.input_tokens, agentCalls * usage.output_tokens, usage);
  return {
    clusterUsd,
    savedACallUsd,
    callsToPay: callsToPay(clusterUsd, savedACallUsd),
    callsToPayIfModelWereCalled: callsToPay(clusterUsd, savedACallUsd + modelUsd),
  };
}

/** Calls that pay for `clusterUsd` at `savedUsd` each, in whole calls. Throws where a call saves nothing. */
export function callsToPay(clusterUsd: number, savedUsd: number): number {
  if (!(savedUsd > 0)) throw new Error(`A call saves ${savedUsd} dollars; allowed: more than 0`);
  return Math.ceil(clusterUsd / savedUsd - 1e-9);
}
