import { setTimeout as sleep } from "node:timers/promises";
import { hitRate } from "../scripts/cost/traffic";
import { CACHE_HEADER } from "../scripts/emulator";
import { AgentApiClient } from "../scripts/kit/api-client";
import type { CommandContext } from "../scripts/kit/context";
import { CALLERS, REGION, type LocalStack } from "../scripts/local/local-stack";
import { agentsSetting, awaitResult, beginRequest, ECHO } from "./requests";
import { type BenchFigure, benchResult, type BenchResult } from "./results";

/** Seconds that the stage keeps an answer. */
const TTL_SECONDS = 5;
/** Seconds between a poller's answer and its next poll. */
const INTERVALS_SECONDS = [0.5, 1, 2, 5];
/** Pollers of the same caller at the same request, which start one after the other by equal parts of the interval. */
const POLLERS = [1, 10];
/** Seconds that each pattern polls at least. */
const DURATION_SECONDS = 40;
/** Points that a measured rate may differ from the calculated one. */
const MAX_POINTS = 2;
/** Percentages of hits for which the longest interval is calculated. */
const PROMISED_PERCENTS = [70, 90];

/** How clients poll one request. */
interface Pattern {
  readonly intervalSeconds: number;
  readonly pollers: number;
}

/** What the polls of one pattern were answered by. */
interface PatternCounts extends Pattern {
  readonly polls: number;
  /** Polls that the stage's cache answered; the others reached a function. */
  readonly hits: number;
}

const PATTERNS: readonly Pattern[] = POLLERS.flatMap((pollers) =>
  INTERVALS_SECONDS.map((intervalSeconds) => ({ intervalSeconds, pollers })),
);

/**
 * Counts the polls that reach a function with the stage's cache and without it, on the same deployment, flipped by
 * `cache_enabled`. Exit code 1 where a rate is not the calculated one.
 */
export async function benchCache(context: CommandContext, stack: LocalStack): Promise<BenchResult> {
  const vars = [agentsSetting([ECHO]), `cache_ttl_in_seconds=${TTL_SECONDS}`];
  await stack.flip(vars);
  const on = await context.progress.step("Poll with the cache", () => pollPatterns(stack, context.signal));
  await stack.flip([...vars, "cache_enabled=false"]);
  const off = await context.progress.step("Poll without the cache", () => pollPatterns(stack, context.signal));
  return judgeCache({ on, off });
}

/** Runs all patterns at once, each with a request of its own, which is a cache entry of its own. */
async function pollPatterns(stack: LocalStack, signal: AbortSignal): Promise<PatternCounts[]> {
  const client = new AgentApiClient(stack.runtime.url, REGION, CALLERS[0]!);
  const pause = (ms: number) => sleep(ms, undefined, { signal });
  const ids = await Promise.all(PATTERNS.map(() => beginRequest(client, "poll me")));
  await Promise.all(ids.map((id) => awaitResult(client, id, pause)));
  // The polls above have filled the cache.
  await pause(TTL_SECONDS * 1_000);
  return Promise.all(
    PATTERNS.map(async (pattern, index) => {
      const { pollers, intervalSeconds } = pattern;
      const intervalMs = intervalSeconds * 1_000;
      const polls = pollsPerPoller(intervalSeconds);
      const hits = await Promise.all(
        Array.from({ length: pollers }, async (_, poller) => {
          let found = 0;
          await pause((poller * intervalMs) / pollers);
          for (let poll = 0; poll < polls; poll++) {
            if (poll > 0) await pause(intervalMs);
            const { status, headers } = await client.status(ids[index]!);
            if (status !== 200) throw new Error(`A poll was answered ${status}; expected 200`);
            if (headers.get(CACHE_HEADER) === "hit") found += 1;
          }
          return found;
        }),
      );
      return { ...pattern, polls: polls * pollers, hits: hits.reduce((sum, found) => sum + found, 0) };
    }),
  );
}

/** Polls over whole lives of a cache entry, so that no part of a life is counted. */
function pollsPerPoller(intervalSeconds: number): number {
  const pollsOfLife = Math.max(1, Math.ceil(TTL_SECONDS / intervalSeconds - 1e-9));
  return pollsOfLife * Math.ceil(DURATION_SECONDS / (pollsOfLife * intervalSeconds));
}

/** Compares the rates that were measured with the cache, and without it, with the calculated ones. */
export function judgeCache({ on, off }: Readonly<Record<"on" | "off", readonly PatternCounts[]>>): BenchResult {
  const rows = on.map(({ hits, polls, pollers, intervalSeconds }, index) => {
    const measuredPercent = (100 * hits) / polls;
    const expectedPercent = 100 * hitRate(TTL_SECONDS, intervalSeconds / pollers);
    const { polls: pollsOff, hits: hitsOff } = off[index]!;
    return {
      name: `${pollers} x every ${intervalSeconds} s`,
      reached: `${pollsOff - hitsOff} of ${pollsOff} / ${polls - hits} of ${polls}`,
      measuredPercent,
      expectedPercent,
      holds: Math.abs(measuredPercent - expectedPercent) <= MAX_POINTS && hitsOff === 0,
    };
  });
  return benchResult("cache", {
    method:
      `Polls that reach a function, without the stage's cache and with it (TTL ${TTL_SECONDS} s); each poller waits ` +
      `the interval after each answer; ${DURATION_SECONDS} s at least a pattern; one deployment, flipped by ` +
      "cache_enabled.",
    figures: [
      ...rows.map(
        ({ name, reached, measuredPercent, expectedPercent, holds }): BenchFigure => ({
          compares: `polls that reach a function, cache off / on, ${name} (${reached})`,
          measured: `${measuredPercent.toFixed(1)} % hits`,
          mustReach: `within ${MAX_POINTS} points`,
          limit: `${expectedPercent.toFixed(1)} %`,
          holds,
        }),
      ),
      ...PROMISED_PERCENTS.map((percent) => ({
        compares: `longest time between polls of one request that still reaches ${percent} %`,
        measured: `${longestIntervalSeconds(percent).toFixed(2)} s`,
        limit: "arithmetic",
      })),
    ],
    data: { ttlSeconds: TTL_SECONDS, patterns: rows },
  });
}

/** A rate of 1 - 1/n needs n - 1 polls within the life that a miss begins. */
const longestIntervalSeconds = (percent: number): number => TTL_SECONDS / (Math.ceil(100 / (100 - percent) - 1e-9) - 1);
