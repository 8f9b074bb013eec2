import { PriceBook, HOME_REGION } from "./prices";
import { monthlyBill, PART_NAMES, type Bill, runTokensCost, type PartName } from "./bill";
import { gb, runCost, type Run } from "./compute";
import { openReadUnits } from "./database";
import { plannedDeployment, type Deployment } from "./deployment";
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
interface BillDifference {
  readonly parts: Readonly<Record<PartName, Difference>>;
  /** Without the models' tokens, which no setting changes. */
  readonly infrastructure: Difference;
  readonly total: Difference;
}

/** Compares two bills of the same requests, by part and in total. */
export function compareBills(before: Bill, after: Bill): BillDifference {
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

/** What a plan does to the bill. */
export interface PlanCost {
  /** As it is now, by volume; empty where nothing is applied yet. */
  readonly before: readonly Bill[];
  /** After the apply, by volume. */
  readonly after: readonly Bill[];
  /** By volume; empty where nothing is applied yet. */
  readonly differences: readonly BillDifference[];
  /** What was taken for values that are known after the apply. */
  readonly unknown: readonly string[];
}

/**
 * Reckons a month before and after a plan, from the state that it was made on and what it plans.
 * Throws where the plan is of another stack or destroys it.
 * @param volumes requests a month
 */
export function planCost(plan: unknown, usage: Usage, volumes: readonly number[]): PlanCost {
  const { deployment, unknown } = plannedDeployment(plan);
  const after = volumes.map((requests) => monthlyBill(deployment, usage, requests));
  const before = isDeployed(plan)
    ? volumes.map((requests) => monthlyBill(plannedDeployment(priorState(plan)).deployment, usage, requests))
    : [];
  return { before, after, differences: before.map((bill, index) => compareBills(bill, after[index]!)), unknown };
}

const priorState = (plan: unknown): unknown => (plan as { prior_state?: unknown }).prior_state;

/** An apply that was cut short before its outputs has none to read the settings from. */
function isDeployed(plan: unknown): boolean {
  const state = priorState(plan) as { values?: { outputs?: Readonly<Record<string, unknown>> } } | undefined;
  return state?.values?.outputs?.["settings"] !== undefined;
}

/** What the cache's cluster costs, and what it must save to be worth it. */
interface CacheBreakEven {
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
  return {
    clusterUsd,
    savedACallUsd,
    callsToPay: callsToPay(clusterUsd, savedACallUsd),
    callsToPayIfModelWereCalled: callsToPay(clusterUsd, savedACallUsd + runTokensCost(usage)),
  };
}

/** Whole calls that pay for `clusterUsd` at `savedUsd` each. */
export const callsToPay = (clusterUsd: number, savedUsd: number): number => Math.ceil(clusterUsd / savedUsd - 1e-9);

/** What the reports say a request cost before and after, in dollars. */
export const REPORTED = { beforeUsd: 0.51, afterUsd: 0.15 } as const;

type NamedRun = Run & { readonly what: string };

/** The most that a request can cost in Lambda, and what the reports' own figures come to. */
const REPORTED_RUNS: readonly NamedRun[] = [
  { what: "longest run, most memory, x86", seconds: 900, memoryMiB: 10_240, architecture: "x86_64" },
  { what: "longest run, 3,072 MiB, arm64", seconds: 900, memoryMiB: 3_072, architecture: "arm64" },
  { what: "the reports' 420 s at 1,024 MiB, x86", seconds: 420, memoryMiB: 1_024, architecture: "x86_64" },
  { what: "the reports' 60 s at 3,072 MiB, arm64", seconds: 60, memoryMiB: 3_072, architecture: "arm64" },
];

/** Where the reported saving can and cannot come from, in dollars a request. */
interface ReportedArithmetic {
  readonly savingUsd: number;
  readonly runs: readonly (NamedRun & { readonly usd: number; readonly percentOfBefore: number })[];
  /** What of the reported first figure cannot be Lambda even at its most. */
  readonly notLambdaUsd: number;
  /**
   * What the reports' slow run less their fast one saves in Lambda, the agents all at once among it; below zero where
   * more memory costs more than the time saves.
   */
  readonly fasterRunSavesUsd: number;
  /**
   * Tokens of one request with this usage: the same before and after, as every agent is asked once a phase either way.
   */
  readonly tokensUsd: number;
}

/** The arithmetic, from the prices and the usage. */
export function reportedArithmetic(usage: Usage): ReportedArithmetic {
  const book = new PriceBook(HOME_REGION);
  const runs = REPORTED_RUNS.map((run) => ({
    ...run,
    usd: runCost(run, book),
    percentOfBefore: (runCost(run, book) / REPORTED.beforeUsd) * 100,
  }));
  const most = Math.max(...runs.map(({ usd }) => usd));
  return {
    savingUsd: REPORTED.beforeUsd - REPORTED.afterUsd,
    runs,
    notLambdaUsd: REPORTED.beforeUsd - most,
    fasterRunSavesUsd: runs[2]!.usd - runs[3]!.usd,
    tokensUsd: runTokensCost(usage),
  };
}
