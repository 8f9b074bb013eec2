import { count, counted, percent, roundSeconds, seconds } from "../kit/figures";
import { type RunAnalysis, NEAR_FULL_PERCENT, usualSize } from "./analysis";
import { SPLITS, type Cluster } from "./splits";

/** How far the evidence goes. A hypothesis fits the figures, and they do not show it. */
export const STRENGTHS = ["strong", "moderate", "hypothesis"] as const;
export type Strength = (typeof STRENGTHS)[number];

/** Why runs may be slow or fail. */
export interface Cause {
  readonly id: CauseId;
  /** In a few words, for a heading. */
  readonly name: string;
  /** One or two sentences with the figures that speak for it. */
  readonly evidence: string;
  readonly strength: Strength;
  /** What to do to be sure. */
  readonly next: string;
}

/** In the order of equal strength: what kills runs before what slows them. */
const IDS = [
  "function_timeout",
  "errors",
  "memory_pressure",
  "stale_connection",
  "dependency_timeout",
  "what_differs",
  "cold_starts",
  "two_kinds",
  "sequential_agents",
  "cpu_share",
] as const;
export type CauseId = (typeof IDS)[number];

/** Below this size a function has less than one vCPU (AWS Lambda developer guide, read 2026-08). */
export const ONE_VCPU_MIB = 1_769;
/** `timeout_seconds` of an agent where nobody sets it: no single agent takes longer. */
const AGENT_TIMEOUT_MS = 60_000;
/** What a call over a connection that died while idle took in the reports: 123 s. */
const STALE_FROM_MS = 115_000;
const STALE_TO_MS = 130_000;
/** A median above it is long enough to ask whether the CPU is the reason. */
const LONG_MS = 10_000;
/** Between the shares of the slow mode: more than this, and one thing explains most of the two modes. */
const MIN_DIFFERENCE_PERCENT = 70;
const COLD_WARNING_PERCENT = 20;
const COLD_CRITICAL_PERCENT = 40;

/** Likely causes, those with the strongest evidence first. */
export function findCauses(analysis: RunAnalysis): Cause[] {
  const found = [
    ownTimeout,
    errors,
    memoryPressure,
    staleConnection,
    dependencyTimeout,
    whatDiffers,
    coldStarts,
    twoKinds,
    sequentialAgents,
    cpuShare,
  ].flatMap((judge) => judge(analysis));
  return found.sort(
    (left, right) =>
      STRENGTHS.indexOf(left.strength) - STRENGTHS.indexOf(right.strength) ||
      IDS.indexOf(left.id) - IDS.indexOf(right.id),
  );
}

function ownTimeout({ endings, count: runs }: RunAnalysis): Cause[] {
  if (endings.timeoutMs === null) return [];
  return [
    {
      id: "function_timeout",
      name: "The function's own time-out",
      strength: "strong",
      evidence: `${counted(endings.timeouts, "run")} of ${count(runs)} ended by time-out, at ${seconds(endings.timeoutMs)} (the middle one).`,
      next: "See what they waited for; a longer time-out helps only what would have ended.",
    },
  ];
}

function errors({ endings, count: runs }: RunAnalysis): Cause[] {
  if (endings.errors === 0) return [];
  const types = endings.errorTypes.map(({ name, count: times }) => `${name} ${count(times)}`).join(", ");
  return [
    {
      id: "errors",
      name: "Runs that failed",
      strength: "strong",
      evidence: `${counted(endings.errors, "run")} of ${count(runs)} ended by an error${types === "" ? "" : ` (${types})`}.`,
      next: "Read the log of one of them; a run that is killed for its memory says Runtime.OutOfMemory or Runtime.ExitError.",
    },
  ];
}

/** Strong where the typical run is close to the limit, not only the worst. */
function memoryPressure({ memory }: RunAnalysis): Cause[] {
  const tight = memory.sizes.filter(({ nearFull }) => nearFull > 0);
  if (tight.length === 0) return [];
  const worst = tight.reduce((left, right) => (right.maxPercent > left.maxPercent ? right : left));
  return [
    {
      id: "memory_pressure",
      name: `Memory of ${worst.sizeMiB} MB is nearly used up`,
      strength:
        worst.usedP50MiB * 100 >= NEAR_FULL_PERCENT * worst.sizeMiB || worst.maxPercent >= 95 ? "strong" : "moderate",
      evidence: `${count(worst.nearFull)} of the ${counted(worst.count, "run")} with ${worst.sizeMiB} MB used ${NEAR_FULL_PERCENT} % of it or more: at most ${worst.usedMaxMiB} MB (${percent(worst.maxPercent)}), the middle one ${worst.usedP50MiB.toFixed(0)} MB. That close to its limit a process spends its time collecting garbage, and what needs a little more is killed.`,
      next: "Raise memory_size, and analyze the next runs: the durations beside each other show what it was worth.",
    },
  ];
}

function staleConnection({ clusters, modality, count: runs }: RunAnalysis): Cause[] {
  const stale = (ms: number) => ms >= STALE_FROM_MS && ms <= STALE_TO_MS;
  const cluster = clusters.find(({ atMs }) => stale(atMs));
  const mode =
    modality.verdict === "two"
      ? modality.modes.find(({ centreMs, logDeviation }) => stale(centreMs) && logDeviation < 0.1)
      : undefined;
  if (!cluster && !mode) return [];
  const seen = cluster
    ? `${counted(cluster.count, "run")} of ${count(runs)} took about ${roundSeconds(cluster.atMs)}`
    : `A mode at ${seconds(mode!.centreMs)} holds ${percent(mode!.sharePercent)} of the runs, and is narrow`;
  return [
    {
      id: "stale_connection",
      name: "A connection that died while idle",
      strength: "moderate",
      evidence: `${seen}: what a call over a connection that the network dropped takes until TCP gives up (123 s in the reports).`,
      next: "Look whether these runs come after a pause; NAT gateways forget a connection after 350 s.",
    },
  ];
}

function dependencyTimeout(analysis: RunAnalysis): Cause[] {
  const own = analysis.endings.timeoutMs;
  const clusters = analysis.clusters.filter(
    ({ atMs }) => (own === null || Math.abs(atMs / own - 1) > 0.02) && !(atMs >= STALE_FROM_MS && atMs <= STALE_TO_MS),
  );
  if (clusters.length === 0) return [];
  return [
    {
      id: "dependency_timeout",
      name: "A time-out of something that is waited for",
      strength: "moderate",
      evidence: `${clusters.map((cluster) => describeCluster(cluster)).join("; ")}.`,
      next: "Find the call that ends then: the status of a request has each agent's duration and ending.",
    },
  ];
}

function describeCluster({ atMs, kind, count: runs, expected }: Cluster): string {
  const where =
    kind === "round"
      ? `within ${percent(0.5)} before and ${percent(1.5)} after ${roundSeconds(atMs)}`
      : `within ${percent(0.5)} of the largest, ${seconds(atMs)}`;
  return `${counted(runs, "run")} ended ${where}, where ${expected.toFixed(1)} would be expected from their neighbours`;
}

/** A mode whose runs are nearly all of one version, size or function, or nearly all cold, is explained by that. */
function whatDiffers({ splits, modality, count: runs }: RunAnalysis): Cause[] {
  if (modality.verdict !== "two") return [];
  for (const by of SPLITS) {
    const parts = splits.filter((split) => split.by === by && split.count >= Math.max(5, runs / 50));
    const ordered = [...parts].sort((left, right) => left.slowModePercent! - right.slowModePercent!);
    const [fast, slow] = [ordered[0], ordered[ordered.length - 1]];
    if (!fast || !slow || slow.slowModePercent! - fast.slowModePercent! < MIN_DIFFERENCE_PERCENT) continue;
    const what = by === "start" ? "cold or warm start" : by.replace("_", " ");
    return [
      {
        id: "what_differs",
        name: `The two modes differ by ${what}`,
        strength: "strong",
        evidence: `Of the runs of ${what} ${slow.key}, ${percent(slow.slowModePercent!)} are in the slow mode; of ${fast.key}, ${percent(fast.slowModePercent!)}.`,
        next: `Compare the two: ${fast.key} has a P50 of ${seconds(fast.p50Ms)}, ${slow.key} one of ${seconds(slow.p50Ms)}.`,
      },
    ];
  }
  return [];
}

function coldStarts({ cold, splits }: RunAnalysis): Cause[] {
  const [first, warm] = ["cold", "warm"].map((key) =>
    splits.find((split) => split.by === "start" && split.key === key),
  );
  if (cold.initP50Ms === null || cold.percent <= COLD_WARNING_PERCENT) return [];
  const beside = first ? ` against a P50 of ${seconds(first.p50Ms)} of their handlers` : "";
  const slower =
    first && warm && first.count >= 5 && warm.count >= 5 ? ` Warm runs have a P50 of ${seconds(warm.p50Ms)}.` : "";
  return [
    {
      id: "cold_starts",
      name: "Cold starts",
      strength: cold.percent > COLD_CRITICAL_PERCENT ? "strong" : "moderate",
      evidence: `${percent(cold.percent)} of the runs started their environment (above ${COLD_WARNING_PERCENT} %): ${seconds(cold.initP50Ms)} of init${beside}.${slower}`,
      next: "Init of an environment that was provisioned ahead is in the log as well: it made no caller wait.",
    },
  ];
}

function twoKinds(analysis: RunAnalysis): Cause[] {
  const {
    modality: { verdict, modes, splitMs, sarle, deltaBic, ashmanD },
  } = analysis;
  const [fast, slow] = modes;
  if (verdict !== "two" || !fast || !slow || whatDiffers(analysis).length > 0 || slowModeIsTimeouts(analysis))
    return [];
  return [
    {
      id: "two_kinds",
      name: "Two kinds of request: a fast path and a complex path",
      strength: "moderate",
      evidence: `Two modes: ${percent(fast.sharePercent)} of the runs around ${seconds(fast.centreMs)} and ${percent(slow.sharePercent)} around ${seconds(slow.centreMs)}, parted at ${seconds(splitMs!)} (Sarle ${sarle!.toFixed(2)} > 0.56; difference of BIC ${deltaBic!.toFixed(0)} > 10; Ashman's D ${ashmanD!.toFixed(1)} > 2). Nothing else in the lines tells them apart.`,
      next: "Look at what requests on either side ask for; the simple ones can have a light function of their own.",
    },
  ];
}

/** A slow mode that is mostly runs which waited for a time-out is no kind of request. */
function slowModeIsTimeouts({
  modality: { modes, splitMs },
  clusters,
  endings: { timeoutMs, timeouts },
  count: runs,
}: RunAnalysis): boolean {
  const own = timeoutMs !== null && timeoutMs > splitMs! ? timeouts : 0;
  const clustered = clusters.filter(({ atMs }) => atMs > splitMs!).reduce((sum, cluster) => sum + cluster.count, 0);
  return Math.max(own, clustered) >= (runs * modes[1]!.sharePercent) / 200;
}

function sequentialAgents({ percentiles, overThreshold }: RunAnalysis): Cause[] {
  const p50 = percentiles.find(({ percentile }) => percentile === 50)!.valueMs;
  if (p50 <= 2 * AGENT_TIMEOUT_MS) return [];
  return [
    {
      id: "sequential_agents",
      name: "Agents that run one after the other",
      strength: "hypothesis",
      evidence: `Half of the runs took longer than ${seconds(p50)}, and ${percent(overThreshold.percent)} longer than ${roundSeconds(overThreshold.thresholdMs)}; two phases of agents that run at once, each with the default time-out of ${roundSeconds(AGENT_TIMEOUT_MS)}, take ${roundSeconds(2 * AGENT_TIMEOUT_MS)} at most. REPORT lines do not show agents.`,
      next: "Add up the durations of a request's agents, which its status has: where the sum is the run's duration, they ran one after the other.",
    },
  ];
}

function cpuShare(analysis: RunAnalysis): Cause[] {
  const { sizeMiB } = usualSize(analysis.memory);
  const p50 = analysis.percentiles.find(({ percentile }) => percentile === 50)!.valueMs;
  if (sizeMiB >= ONE_VCPU_MIB || p50 < LONG_MS) return [];
  return [
    {
      id: "cpu_share",
      name: "A small share of a CPU",
      strength: "hypothesis",
      evidence: `${sizeMiB} MB are ${(sizeMiB / ONE_VCPU_MIB).toFixed(2)} of a vCPU (${count(ONE_VCPU_MIB)} MB are one), and the P50 is ${seconds(p50)}. REPORT lines do not show CPU: a run that waits for agents is no faster with more of it.`,
      next: "Measure two sizes side by side.",
    },
  ];
}
