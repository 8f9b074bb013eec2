import { HOME_REGION, PriceBook } from "../prices";
import { gb } from "./compute";
import type { Architecture } from "./deployment";
import { tokenCost } from "./tokens";
import type { Usage } from "./usage";

/** What the reports say a request cost before and after, in dollars. */
export const REPORTED = { beforeUsd: 0.51, afterUsd: 0.15 } as const;

/** One run of one function. */
export interface Run {
  readonly what: string;
  readonly seconds: number;
  readonly memoryMiB: number;
  readonly architecture: Architecture;
}

/** The most that a request can cost in Lambda, and what the reports' own figures come to. */
export const REPORTED_RUNS: readonly Run[] = [
  { what: "longest run, most memory, x86", seconds: 900, memoryMiB: 10_240, architecture: "x86_64" },
  { what: "longest run, 3,072 MiB, arm64", seconds: 900, memoryMiB: 3_072, architecture: "arm64" },
  { what: "the reports' 420 s at 1,024 MiB, x86", seconds: 420, memoryMiB: 1_024, architecture: "x86_64" },
  { what: "the reports' 60 s at 3,072 MiB, arm64", seconds: 60, memoryMiB: 3_072, architecture: "arm64" },
];

/** Dollars of a run: its GB-s and its request. */
export function runCost(
  { seconds, memoryMiB, architecture }: Omit<Run, "what">,
  book: PriceBook = new PriceBook(HOME_REGION),
): number {
  return book.cost(`lambdaGbSecond_${architecture}`, seconds * gb(memoryMiB)) + book.cost("lambdaRequest", 1);
}

/** Where the reported saving can and cannot come from, in dollars a request. */
export interface ReportedArithmetic {
  readonly savingUsd: number;
  readonly runs: readonly (Run & { readonly usd: number; readonly percentOfBefore: number })[];
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
  const runs = REPORTED_RUNS.map((run) => ({
    ...run,
    usd: runCost(run),
    percentOfBefore: (runCost(run) / REPORTED.beforeUsd) * 100,
  }));
  const most = Math.max(...runs.map(({ usd }) => usd));
  const agentCalls = usage.agents_per_phase * usage.phases;
  return {
    savingUsd: REPORTED.beforeUsd - REPORTED.afterUsd,
    runs,
    notLambdaUsd: REPORTED.beforeUsd - most,
    fasterRunSavesUsd: runs[2]!.usd - runs[3]!.usd,
    tokensUsd: tokenCost(agentCalls * usage.input_tokens, agentCalls * usage.output_tokens, usage),
  };
}
