import { countWithin, type Sorted } from "../statistics/quantiles";

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
