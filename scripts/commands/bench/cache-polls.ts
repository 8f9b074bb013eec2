import { CACHE_HEADER } from "../../local";
import type { AgentApiClient, ApiResponse } from "../../tools/agent-api-client";
import type { Clock } from "../verify/gate";
import { beginRequest, completed } from "./requests";

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
