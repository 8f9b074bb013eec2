import { countAbove, mean, quantile, countWithin, type Sorted } from "../kit/quantiles";
import type { RunSamples } from "./samples";

/** What runs are told apart by. */
export const SPLITS = ["start", "memory_size", "version", "function"] as const;
export type SplitKind = (typeof SPLITS)[number];

/** The runs that have one thing in common. */
export interface Split {
  readonly by: SplitKind;
  /** `cold`, `warm`; a size in MiB; a version; a function. */
  readonly key: string;
  readonly count: number;
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly maxMs: number;
  readonly overThresholdPercent: number;
  /** Share of them above the boundary between the modes; null where there is no boundary. */
  readonly slowModePercent: number | null;
}

/** More keys than these of one kind make no table that anybody reads. */
const MAX_KEYS = 12;

/**
 * Splits runs wherever the lines know of two things or more: cold or warm, memory size, version, function.
 * @param splitMs boundary between the modes, or null
 */
export function splitRuns(samples: RunSamples, thresholdMs: number, splitMs: number | null): Split[] {
  return SPLITS.flatMap((by) => {
    const keys = new Map<string, number>();
    const counts: number[] = [];
    // Which key each run has, as a number from 1: the runs are gone through once a key, and numbers compare fast.
    const codes = new Uint16Array(samples.count);
    for (let index = 0; index < codes.length; index++) {
      const key = keyOf(samples, by, index);
      if (key === undefined) continue;
      const code = keys.get(key) ?? keys.size + 1;
      if (code > keys.size) keys.set(key, code);
      counts[code] = (counts[code] ?? 0) + 1;
      codes[index] = code;
    }
    if (keys.size < 2) return [];
    const largest = [...keys]
      .sort(([leftKey, left], [rightKey, right]) => counts[right]! - counts[left]! || byText(leftKey, rightKey))
      .slice(0, MAX_KEYS);
    return largest
      .sort(([left], [right]) => byText(left, right))
      .map(([key, code]) => ({
        by,
        key,
        ...figuresOf(durationsOf(samples, codes, code, counts[code]!), thresholdMs, splitMs),
      }));
  });
}

function durationsOf({ durationMs }: RunSamples, codes: Uint16Array, code: number, count: number): Float64Array {
  const sorted = new Float64Array(count);
  for (let index = 0, at = 0; at < count; index++) if (codes[index] === code) sorted[at++] = durationMs[index]!;
  return sorted.sort();
}

function keyOf(samples: RunSamples, by: SplitKind, index: number): string | undefined {
  if (by === "start") return samples.isColdAt(index) ? "cold" : "warm";
  if (by === "memory_size") return samples.sizeTextAt(index);
  return samples.nameAt(by, index);
}

function figuresOf(sorted: Float64Array, thresholdMs: number, splitMs: number | null) {
  return {
    count: sorted.length,
    meanMs: mean(sorted),
    p50Ms: quantile(sorted, 0.5),
    p95Ms: quantile(sorted, 0.95),
    maxMs: quantile(sorted, 1),
    overThresholdPercent: (countAbove(sorted, thresholdMs) / sorted.length) * 100,
    slowModePercent: splitMs === null ? null : (countAbove(sorted, splitMs) / sorted.length) * 100,
  };
}

/** Numbers by their value, and everything else by its characters: the same in every locale. */
function byText(left: string, right: string): number {
  const [first, second] = [Number(left), Number(right)];
  if (!Number.isNaN(first) && !Number.isNaN(second)) return first - second;
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Many runs that took almost the same round time. */
export interface Cluster {
  /** The round time, or the largest one. */
  readonly atMs: number;
  readonly kind: "round" | "largest";
  readonly count: number;
  /** How many there would be if it were as crowded as around it. */
  readonly expected: number;
}

/**
 * Time-outs that people and libraries choose: 29 s is API Gateway's, 123 s what a stale connection took in the reports.
 */
const ROUND_MS = [1, 2, 3, 5, 10, 15, 20, 29, 30, 45, 60, 90, 120, 150, 180, 240, 300, 420, 600, 900].map(
  (seconds) => seconds * 1_000,
);

/** A time-out ends at its time or a little after it. */
const BEFORE = 0.005;
const AFTER = 0.015;
/** What lies from here to there on either side shows how crowded it is around. */
const NEAR = 0.03;
const FAR = 0.11;
const MIN_COUNT = 3;
const MIN_SHARE = 0.005;
const MIN_TIMES_EXPECTED = 4;

/**
 * Finds durations that stand close together at a round time, or at the largest one: what a time-out of something that
 * is waited for looks like. At least 3 runs and 0.5 % of all, and four times as many as around them would suggest.
 * @param sortedMs in ascending order
 */
export function findClusters(sortedMs: Sorted): Cluster[] {
  const largest = sortedMs[sortedMs.length - 1];
  if (largest === undefined) return [];
  const round = ROUND_MS.flatMap((atMs) => clusterAt(sortedMs, "round", atMs, AFTER));
  // The largest value is where the cluster ends, so nothing is after it.
  const known = round.some(({ atMs }) => largest >= atMs * (1 - BEFORE) && largest <= atMs * (1 + AFTER));
  return known ? round : [...round, ...clusterAt(sortedMs, "largest", largest, 0)];
}

function clusterAt(sortedMs: Sorted, kind: Cluster["kind"], atMs: number, after: number): Cluster[] {
  const within = (from: number, to: number) => countWithin(sortedMs, atMs * from, atMs * to);
  const count = within(1 - BEFORE, 1 + after);
  if (count < Math.max(MIN_COUNT, MIN_SHARE * sortedMs.length)) return [];
  const side = FAR - NEAR;
  const around = within(1 - FAR, 1 - NEAR) + (kind === "round" ? within(1 + NEAR, 1 + FAR) : 0);
  const expected = (around * (BEFORE + after)) / (kind === "round" ? 2 * side : side);
  return count >= MIN_TIMES_EXPECTED * (expected + 0.5) ? [{ atMs, kind, count, expected }] : [];
}
