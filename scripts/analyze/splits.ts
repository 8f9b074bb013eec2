import { countAbove, countWithin, mean, quantile, type Sorted } from "../kit/quantiles";
import type { RunSamples } from "./samples";

/** Properties that runs are split by. */
export const SPLITS = ["start", "memory_size", "version", "function"] as const;
export type SplitKind = (typeof SPLITS)[number];

/** The runs that have one property in common. */
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
  /** Percentage above the boundary between the modes; null where there is no boundary. */
  readonly slowModePercent: number | null;
}

/** Bounds that the runs of a split are compared with. */
interface SplitBounds {
  readonly thresholdMs: number;
  /** Boundary between the modes, or null. */
  readonly splitMs: number | null;
}

/** Nobody reads a table with more keys of one kind. */
const MAX_KEYS = 12;

/** Splits runs by every property of which the lines have two values or more. */
export function splitRuns(samples: RunSamples, bounds: SplitBounds): Split[] {
  return SPLITS.flatMap((by) => {
    const groups = groupDurations(samples, by);
    if (groups.size < 2) return [];
    return [...groups]
      .sort(([leftKey, left], [rightKey, right]) => right.length - left.length || compareKeys(leftKey, rightKey))
      .slice(0, MAX_KEYS)
      .sort(([left], [right]) => compareKeys(left, right))
      .map(([key, durations]) => ({ by, key, ...summarizeSplit(durations, bounds) }));
  });
}

function groupDurations(samples: RunSamples, by: SplitKind): Map<string, number[]> {
  const { durationMs } = samples;
  const groups = new Map<string, number[]>();
  for (let index = 0; index < samples.count; index++) {
    const key = readKey(samples, by, index);
    if (key === undefined) continue;
    const group = groups.get(key);
    if (group) group.push(durationMs[index]!);
    else groups.set(key, [durationMs[index]!]);
  }
  return groups;
}

function readKey(samples: RunSamples, by: SplitKind, index: number): string | undefined {
  if (by === "start") return samples.isColdAt(index) ? "cold" : "warm";
  if (by === "memory_size") return String(samples.sizeMiB[index]!);
  return samples.nameAt(by, index);
}

function summarizeSplit(
  durations: readonly number[],
  { thresholdMs, splitMs }: SplitBounds,
): Omit<Split, "by" | "key"> {
  const sorted = Float64Array.from(durations).sort();
  const computePercent = (boundMs: number) => (countAbove(sorted, boundMs) / sorted.length) * 100;
  return {
    count: sorted.length,
    meanMs: mean(sorted),
    p50Ms: quantile(sorted, 0.5),
    p95Ms: quantile(sorted, 0.95),
    maxMs: quantile(sorted, 1),
    overThresholdPercent: computePercent(thresholdMs),
    slowModePercent: splitMs === null ? null : computePercent(splitMs),
  };
}

/** Orders numbers by their value, and other keys by their characters, so that the order is the same in every locale. */
function compareKeys(left: string, right: string): number {
  const [first, second] = [Number(left), Number(right)];
  if (!Number.isNaN(first) && !Number.isNaN(second)) return first - second;
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Many runs that took almost the same time. */
export interface Cluster {
  /** The round time, or the largest one. */
  readonly atMs: number;
  readonly kind: "round" | "largest";
  readonly count: number;
  /** Runs that the density around the cluster suggests. */
  readonly expected: number;
}

/** Common time-outs: 29 s is API Gateway's, and 123 s is what a stale connection took in the reports. */
const ROUND_MS = [1, 2, 3, 5, 10, 15, 20, 29, 30, 45, 60, 90, 120, 150, 180, 240, 300, 420, 600, 900].map(
  (seconds) => seconds * 1_000,
);

/** A time-out ends at its time or slightly later; shares of that time. */
const BEFORE = 0.005;
const AFTER = 0.015;
/** The density is measured on either side between these shares of the time. */
const NEAR = 0.03;
const FAR = 0.11;
const MIN_COUNT = 3;
const MIN_SHARE = 0.005;
const MIN_TIMES_EXPECTED = 4;

/**
 * Finds durations that are crowded at a round time or at the largest one, as the time-out of a dependency makes them.
 * It takes at least 3 runs, 0.5 % of all, and four times as many as the density around them suggests.
 * @param sortedMs in ascending order
 */
export function findClusters(sortedMs: Sorted): Cluster[] {
  const largest = sortedMs[sortedMs.length - 1];
  if (largest === undefined) return [];
  const round = ROUND_MS.flatMap((atMs) => findClusterAt(sortedMs, atMs, "round"));
  const isKnown = round.some(({ atMs }) => largest >= atMs * (1 - BEFORE) && largest <= atMs * (1 + AFTER));
  return isKnown ? round : [...round, ...findClusterAt(sortedMs, largest, "largest")];
}

function findClusterAt(sortedMs: Sorted, atMs: number, kind: Cluster["kind"]): Cluster[] {
  const countBetween = (from: number, to: number) => countWithin(sortedMs, atMs * from, atMs * to);
  // No run is longer than the largest, so a cluster there has one side only.
  const [after, sides] = kind === "round" ? [AFTER, 2] : [0, 1];
  const count = countBetween(1 - BEFORE, 1 + after);
  if (count < Math.max(MIN_COUNT, MIN_SHARE * sortedMs.length)) return [];
  const neighbours = countBetween(1 - FAR, 1 - NEAR) + (sides === 2 ? countBetween(1 + NEAR, 1 + FAR) : 0);
  const expected = (neighbours * (BEFORE + after)) / (sides * (FAR - NEAR));
  return count >= MIN_TIMES_EXPECTED * (expected + 0.5) ? [{ atMs, kind, count, expected }] : [];
}
