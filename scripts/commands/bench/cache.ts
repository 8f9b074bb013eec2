import { setTimeout as sleep } from "node:timers/promises";
import { hitRate } from "../../judges/cost/traffic";
import { AgentApiClient } from "../../tools/agent-api-client";
import type { CommandContext, CommandResult } from "../context";
import { CALLERS, LocalStack, REGION } from "../local-stack";
import { cachePatterns, pollPatterns, type CachePattern, type PatternCounts } from "./cache-polls";

/** Seconds that the stage keeps an answer. */
export const TTL_SECONDS = 5;
/** Seconds between a poller's answer and its next poll. */
const INTERVALS = [0.5, 1, 2, 5];
/** Pollers of the same caller at the same request. */
const POLLERS = [1, 10];
/** Seconds that each pattern polls at least: whole lives of an entry, so that no part of one is counted. */
const SECONDS = 60;
/** Points that a measured rate may differ from the reckoned one. */
export const MAX_POINTS = 2;
/** Percent of hits that the reports promise. */
const PROMISED = [70, 90];

/** What the polls came to without the cache and with it, by pattern. */
export interface CacheBench {
  readonly off: readonly PatternCounts[];
  readonly on: readonly PatternCounts[];
}

/**
 * How many polls reach a function without the stage's cache and with it, for several intervals and numbers of pollers:
 * the same deployment, flipped by `cache_enabled`. All patterns poll at once, each a request of its own, which is a cache
 * entry of its own. Exit code 1 where a rate is not the one that arithmetic gives.
 */
export async function benchCache(context: CommandContext): Promise<CommandResult> {
  const agents = [{ name: "echo", kind: "scripted", target: "1ms done", phases: [1] }];
  const bench = await LocalStack.with(context, { settings: { agents }, vars: [`cache_ttl_in_seconds=${TTL_SECONDS}`] }, async (stack): Promise<CacheBench> => {
    const on = await measure(context, stack, "with the cache");
    await stack.flip(["cache_enabled=false"]);
    return { on, off: await measure(context, stack, "without") };
  });
  return report(bench);
}

async function measure({ progress, signal }: CommandContext, stack: LocalStack, title: string): Promise<PatternCounts[]> {
  const client = new AgentApiClient(stack.runtime.url, REGION, CALLERS[0]!);
  const patterns = cachePatterns(INTERVALS, POLLERS);
  return progress.step(
    `Poll ${title}`,
    (detail) => pollPatterns({ client, patterns, seconds: SECONDS, ttlSeconds: TTL_SECONDS, signal, sleep: (ms, ended) => sleep(ms, undefined, { signal: ended }), onPoll: (done, all) => void (done % 100 === 0 && detail(`${done} of ${all} polls`)) }),
    (counts) => `${counts.reduce((sum, { polls }) => sum + polls, 0)} polls`,
  );
}

/** What the counts say. */
export function report({ off, on }: CacheBench): CommandResult {
  const rows = on.map((counts, index) => {
    const expected = 100 * expectedRate(counts.pattern);
    const measured = (100 * counts.hits) / counts.polls;
    const without = off[index]!;
    return { ...counts.pattern, polls: counts.polls, hits: counts.hits, measuredPercent: measured, expectedPercent: expected, pollsWithout: without.polls, hitsWithout: without.hits, holds: Math.abs(measured - expected) <= MAX_POINTS && without.hits === 0 };
  });
  const holds = rows.length > 0 && rows.every((row) => row.holds);
  const text = [
    `Polls that reach a function, without the stage's cache and with it (TTL ${TTL_SECONDS} s); each poller waits the interval after each answer; one deployment, flipped by cache_enabled`,
    "       interval  pollers   without      with    hits   arithmetic",
    ...rows.map((row) => `  ${row.holds ? "ok  " : "MISS"} ${`${row.intervalSeconds} s`.padStart(6)} ${String(row.pollers).padStart(9)} ${reached(row.pollsWithout, row.hitsWithout)} ${reached(row.polls, row.hits)} ${row.measuredPercent.toFixed(1).padStart(6)} %  ${row.expectedPercent.toFixed(1).padStart(6)} %`),
    ...PROMISED.map((percent) => `  ${percent} % needs more than a poll every ${longestInterval(percent).toFixed(2)} s at one request, by one poller or by several together`),
  ].join("\n");
  return { exitCode: holds ? 0 : 1, text, json: { bench: "cache", holds, ttlSeconds: TTL_SECONDS, patterns: rows, longestIntervalSeconds: Object.fromEntries(PROMISED.map((percent) => [percent, longestInterval(percent)])) } };
}

const expectedRate = ({ intervalSeconds, pollers }: CachePattern): number => hitRate(TTL_SECONDS, intervalSeconds / pollers);

/** A rate of 1 - 1/n needs n - 1 polls within the life that a miss begins. */
const longestInterval = (percent: number): number => TTL_SECONDS / (Math.ceil(100 / (100 - percent) - 1e-9) - 1);

const reached = (polls: number, hits: number): string => `${polls - hits}/${polls}`.padStart(9);
