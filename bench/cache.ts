import { CACHE_HEADER } from "../scripts/emulator";
import { AgentApiClient, type ApiResponse } from "../scripts/kit/api-client";
import type { Clock } from "../scripts/gate/gate";
import { beginRequest, completed, agentsVar } from "./agents";
import { setTimeout as sleep } from "node:timers/promises";
import { type BenchFigure, benchResult, type BenchResult } from "./results";
import { hitRate } from "../scripts/cost/traffic";
import type { CommandContext } from "../scripts/kit/context";
import { CALLERS, REGION, type LocalStack } from "../scripts/local/local-stack";

/** How clients poll one request. */
export interface CachePattern {
  /** Seconds between a poller's answer and its next poll. */
  readonly intervalSeconds: number;
  /** Pollers of the same caller, one after the other by equal parts of the interval. */
  readonly pollers: number;
}

export interface PatternCounts {
  readonly pattern: CachePattern;
  readonly polls: number;
  /** Answered by the stage's cache; the others reached a function. */
  readonly hits: number;
}

export interface PatternPolling {
  readonly client: Pick<AgentApiClient, "invoke" | "status">;
  readonly patterns: readonly CachePattern[];
  /** That each pattern polls at least. */
  readonly seconds: number;
  /** Of the stage's cache: the polls are whole lives of an entry. */
  readonly ttlSeconds: number;
  readonly signal: AbortSignal;
  readonly sleep: Clock["sleep"];
  readonly onPoll?: (done: number, all: number) => void;
}

/** Every interval with every number of pollers. */
export function cachePatterns(intervals: readonly number[], pollers: readonly number[]): CachePattern[] {
  return pollers.flatMap((count) => intervals.map((intervalSeconds) => ({ intervalSeconds, pollers: count })));
}

/** Has every pattern poll a request of its own that has ended, all at once, and counts what the cache answered. */
export async function pollPatterns(polling: PatternPolling): Promise<PatternCounts[]> {
  const { client, patterns, onPoll, sleep, signal } = polling;
  const ids = await Promise.all(patterns.map(() => beginRequest(client, "poll me")));
  await Promise.all(ids.map((id) => completed(client, id, (ms) => sleep(ms, signal))));
  // What was asked to see them end is in the cache.
  await sleep(polling.ttlSeconds * 1_000, signal);
  const all = patterns.reduce((sum, pattern) => sum + pattern.pollers * pollsOf(pattern, polling), 0);
  let done = 0;
  const count = () => onPoll?.(++done, all);
  return Promise.all(patterns.map((pattern, index) => pollPattern(pattern, ids[index]!, polling, count)));
}

/** Polls of each poller: whole lives of an entry. */
function pollsOf({ intervalSeconds }: CachePattern, { seconds, ttlSeconds }: PatternPolling): number {
  const aLife = Math.max(1, Math.ceil(ttlSeconds / intervalSeconds - 1e-9));
  return aLife * Math.ceil(seconds / (aLife * intervalSeconds));
}

async function pollPattern(
  pattern: CachePattern,
  id: string,
  polling: PatternPolling,
  count: () => void,
): Promise<PatternCounts> {
  const { client, sleep, signal } = polling;
  const each = pollsOf(pattern, polling);
  const hits = await Promise.all(
    Array.from({ length: pattern.pollers }, async (_, poller) => {
      let found = 0;
      await sleep((poller * pattern.intervalSeconds * 1_000) / pattern.pollers, signal);
      for (let poll = 0; poll < each; poll++) {
        if (poll > 0) await sleep(pattern.intervalSeconds * 1_000, signal);
        if (isHit(await client.status(id))) found++;
        count();
      }
      return found;
    }),
  );
  return { pattern, polls: each * pattern.pollers, hits: hits.reduce((sum, found) => sum + found, 0) };
}

function isHit({ status, headers }: ApiResponse): boolean {
  if (status !== 200) throw new Error(`A poll was answered ${status}; expected 200`);
  return headers.get(CACHE_HEADER) === "hit";
}

/** Seconds that the stage keeps an answer. */
export const TTL_SECONDS = 5;
/** Seconds between a poller's answer and its next poll. */
const INTERVALS = [0.5, 1, 2, 5];
/** Pollers of the same caller at the same request. */
const POLLERS = [1, 10];
/** Seconds that each pattern polls at least: whole lives of an entry, so that no part of one is counted. */
const SECONDS = 40;
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
 * the same deployment, flipped by `cache_enabled`. All patterns poll at once, each a request of its own, which is a
 * cache entry of its own. Exit code 1 where a rate is not the one that arithmetic gives.
 */
export async function benchCache(context: CommandContext, stack: LocalStack): Promise<BenchResult> {
  const vars = [
    agentsVar([{ name: "echo", kind: "scripted", target: "1ms done", phases: [1] }]),
    `cache_ttl_in_seconds=${TTL_SECONDS}`,
  ];
  await stack.flip(vars);
  const on = await measure(context, stack, "with the cache");
  await stack.flip([...vars, "cache_enabled=false"]);
  return report({ on, off: await measure(context, stack, "without") });
}

async function measure(
  { progress, signal }: CommandContext,
  stack: LocalStack,
  title: string,
): Promise<PatternCounts[]> {
  const client = new AgentApiClient(stack.runtime.url, REGION, CALLERS[0]!);
  const patterns = cachePatterns(INTERVALS, POLLERS);
  return progress.step(
    `Poll ${title}`,
    (detail) =>
      pollPatterns({
        client,
        patterns,
        seconds: SECONDS,
        ttlSeconds: TTL_SECONDS,
        signal,
        sleep: (ms, ended) => sleep(ms, undefined, { signal: ended }),
        onPoll: (done, all) => void (done % 100 === 0 && detail(`${done} of ${all} polls`)),
      }),
    (counts) => `${counts.reduce((sum, { polls }) => sum + polls, 0)} polls`,
  );
}

/** What the counts say. */
export function report({ off, on }: CacheBench): BenchResult {
  if (on.length === 0) throw new Error("No pattern was polled; the benchmark cache needs one");
  const rows = on.map((counts, index) => {
    const expected = 100 * expectedRate(counts.pattern);
    const measured = (100 * counts.hits) / counts.polls;
    const without = off[index]!;
    return {
      ...counts.pattern,
      polls: counts.polls,
      hits: counts.hits,
      measuredPercent: measured,
      expectedPercent: expected,
      pollsWithout: without.polls,
      hitsWithout: without.hits,
      holds: Math.abs(measured - expected) <= MAX_POINTS && without.hits === 0,
    };
  });
  const promised = PROMISED.map((percent) => ({
    compares: `longest time between polls of one request that still reaches ${percent} %`,
    measured: `${longestInterval(percent).toFixed(2)} s`,
    limit: "arithmetic",
  }));
  return benchResult("cache", {
    method: `Polls that reach a function, without the stage's cache and with it (TTL ${TTL_SECONDS} s); each poller waits the interval after each answer; ${SECONDS} s at least a pattern; one deployment, flipped by cache_enabled.`,
    figures: [...rows.map(figureOf), ...promised],
    charts: [
      {
        title: "Polls answered by the cache",
        unit: "%",
        kind: "bars",
        categories: rows.map(nameOf),
        series: [
          { name: "arithmetic", values: rows.map(({ expectedPercent }) => round(expectedPercent)) },
          { name: "measured", values: rows.map(({ measuredPercent }) => round(measuredPercent)) },
        ],
      },
    ],
    data: {
      ttlSeconds: TTL_SECONDS,
      patterns: rows,
      longestIntervalSeconds: Object.fromEntries(PROMISED.map((percent) => [percent, longestInterval(percent)])),
    },
  });
}

interface CacheRow extends CachePattern {
  readonly polls: number;
  readonly hits: number;
  readonly measuredPercent: number;
  readonly expectedPercent: number;
  readonly pollsWithout: number;
  readonly hitsWithout: number;
  readonly holds: boolean;
}

const nameOf = ({ intervalSeconds, pollers }: CachePattern): string => `${pollers} x every ${intervalSeconds} s`;

function figureOf(row: CacheRow): BenchFigure {
  const reached = `${row.pollsWithout - row.hitsWithout} of ${row.pollsWithout} / ${row.polls - row.hits} of ${row.polls}`;
  return {
    compares: `polls that reach a function, cache off / on, ${nameOf(row)} (${reached})`,
    measured: `${row.measuredPercent.toFixed(1)} % hits`,
    mustReach: `within ${MAX_POINTS} points`,
    limit: `${row.expectedPercent.toFixed(1)} %`,
    holds: row.holds,
  };
}

const round = (percent: number): number => Math.round(percent * 10) / 10;
const expectedRate = ({ intervalSeconds, pollers }: CachePattern): number =>
  hitRate(TTL_SECONDS, intervalSeconds / pollers);

/** A rate of 1 - 1/n needs n - 1 polls within the life that a miss begins. */
const longestInterval = (percent: number): number => TTL_SECONDS / (Math.ceil(100 / (100 - percent) - 1e-9) - 1);
