import { ONE_VCPU_MIB } from "../../stacks/contract/fixed";
import { count, counted, percent, roundSeconds, seconds } from "../kit/figures";
import { findPercentile, findUsualSize, NEAR_FULL_PERCENT, type RunAnalysis } from "./analysis";
import type { Cluster } from "./distribution";
import { SPLITS } from "./samples";

/** How far the evidence goes. A hypothesis fits the figures, which do not prove it. */
const STRENGTHS = ["strong", "moderate", "hypothesis"] as const;
type Strength = (typeof STRENGTHS)[number];

/** Why runs may be slow or fail. */
export interface Cause {
  readonly id: CauseId;
  /** In a few words, for a heading. */
  readonly name: string;
  /** One or two sentences with the figures that support it. */
  readonly evidence: string;
  readonly strength: Strength;
  /** What to do to be sure. */
  readonly next: string;
}

/** Evidence for a cause. `name` and `next` replace those of {@link CAUSES} where they have figures. */
type Finding = Pick<Cause, "strength" | "evidence"> & Partial<Pick<Cause, "name" | "next">>;

interface PossibleCause extends Pick<Cause, "name" | "next"> {
  readonly find: (analysis: RunAnalysis) => Finding | undefined;
}

/** In the order of causes with equal strength: what ends runs comes before what slows them. */
const CAUSES = {
  function_timeout: {
    name: "The function's own time-out",
    next: "See what they waited for; a longer time-out helps only what would have ended.",
    find: findOwnTimeout,
  },
  errors: {
    name: "Runs that failed",
    next:
      "Read the log of one of them; a run that is killed for its memory says Runtime.OutOfMemory or " +
      "Runtime.ExitError.",
    find: findErrors,
  },
  memory_pressure: {
    name: "Memory is nearly used up",
    next: "Raise memory_size, and analyze the next runs: the durations beside each other show what it was worth.",
    find: findMemoryPressure,
  },
  stale_connection: {
    name: "A connection that died while idle",
    next: "Look whether these runs come after a pause; NAT gateways forget a connection after 350 s.",
    find: findStaleConnection,
  },
  dependency_timeout: {
    name: "A time-out of something that is waited for",
    next: "Find the call that ends then: the status of a request has each agent's duration and ending.",
    find: findDependencyTimeout,
  },
  what_differs: {
    name: "The two modes differ in one property",
    next: "Compare the two.",
    find: findDifference,
  },
  cold_starts: {
    name: "Cold starts",
    next: "Init of an environment that was provisioned ahead is in the log as well: it made no caller wait.",
    find: findColdStarts,
  },
  two_kinds: {
    name: "Two kinds of request: a fast path and a complex path",
    next: "Look at what requests on either side ask for; the simple ones can have a light function of their own.",
    find: findTwoKinds,
  },
  sequential_agents: {
    name: "Agents that run one after the other",
    next:
      "Add up the durations of a request's agents, which its status has: where the sum is the run's duration, they " +
      "ran one after the other.",
    find: findSequentialAgents,
  },
  cpu_share: {
    name: "A small share of a CPU",
    next: "Measure two sizes side by side.",
    find: findSmallCpuShare,
  },
} as const satisfies Readonly<Record<string, PossibleCause>>;
export type CauseId = keyof typeof CAUSES;

/** Default of an agent's `timeout_seconds`: by default no single agent takes longer. */
const AGENT_TIMEOUT_MS = 60_000;
/** Around 123 s, which is what a call over a connection that had died while idle took in the reports. */
const isStale = (ms: number): boolean => ms >= 115_000 && ms <= 130_000;
/** A longer median raises the question whether the CPU is the reason. */
const LONG_MS = 10_000;
/** Where the shares of the slow mode differ by more, one property explains most of the two modes. */
const MIN_DIFFERENCE_PERCENT = 70;
const COLD_WARNING_PERCENT = 20;
const COLD_CRITICAL_PERCENT = 40;

/** Finds likely causes, those with the strongest evidence first. */
export function findCauses(analysis: RunAnalysis): Cause[] {
  const causes = (Object.keys(CAUSES) as CauseId[]).flatMap((id): Cause[] => {
    const { name, next, find }: PossibleCause = CAUSES[id];
    const finding = find(analysis);
    return finding ? [{ id, name, next, ...finding }] : [];
  });
  return causes.sort((left, right) => STRENGTHS.indexOf(left.strength) - STRENGTHS.indexOf(right.strength));
}

function findOwnTimeout({ endings, count: runs }: RunAnalysis): Finding | undefined {
  if (endings.timeoutMs === null) return undefined;
  const evidence =
    `${counted(endings.timeouts, "run")} of ${count(runs)} ended by time-out, at ${seconds(endings.timeoutMs)} ` +
    "(the middle one).";
  return { strength: "strong", evidence };
}

function findErrors({ endings, count: runs }: RunAnalysis): Finding | undefined {
  if (endings.errors === 0) return undefined;
  const types = endings.errorTypes.map(({ name, count: times }) => `${name} ${count(times)}`).join(", ");
  const evidence = `${counted(endings.errors, "run")} of ${count(runs)} ended by an error`;
  return { strength: "strong", evidence: `${evidence}${types === "" ? "" : ` (${types})`}.` };
}

/** Strong where the typical run is close to the limit, and not only the worst. */
function findMemoryPressure({ memory }: RunAnalysis): Finding | undefined {
  const [worst] = memory.sizes
    .filter(({ nearFull }) => nearFull > 0)
    .sort((left, right) => right.maxPercent - left.maxPercent);
  if (!worst) return undefined;
  const { sizeMiB, usedP50MiB, usedMaxMiB, maxPercent } = worst;
  return {
    name: `Memory of ${sizeMiB} MB is nearly used up`,
    strength: usedP50MiB * 100 >= NEAR_FULL_PERCENT * sizeMiB || maxPercent >= 95 ? "strong" : "moderate",
    evidence:
      `${count(worst.nearFull)} of the ${counted(worst.count, "run")} with ${sizeMiB} MB used ${NEAR_FULL_PERCENT} % ` +
      `of it or more: at most ${usedMaxMiB} MB (${percent(maxPercent)}), the middle one ${usedP50MiB.toFixed(0)} MB. ` +
      "That close to its limit a process spends its time collecting garbage, and what needs a little more is killed.",
  };
}

function findStaleConnection({ clusters, modality, count: runs }: RunAnalysis): Finding | undefined {
  const cluster = clusters.find(({ atMs }) => isStale(atMs));
  const mode =
    modality.verdict === "two"
      ? modality.modes.find(({ centreMs, logDeviation }) => isStale(centreMs) && logDeviation < 0.1)
      : undefined;
  const runsText = cluster
    ? `${counted(cluster.count, "run")} of ${count(runs)} took about ${roundSeconds(cluster.atMs)}`
    : mode && `A mode at ${seconds(mode.centreMs)} holds ${percent(mode.sharePercent)} of the runs, and is narrow`;
  if (runsText === undefined) return undefined;
  const evidence =
    `${runsText}: what a call over a connection that the network dropped takes until TCP gives up ` +
    "(123 s in the reports).";
  return { strength: "moderate", evidence };
}

function findDependencyTimeout({ endings, clusters }: RunAnalysis): Finding | undefined {
  const ownMs = endings.timeoutMs;
  const unexplained = clusters.filter(
    ({ atMs }) => (ownMs === null || Math.abs(atMs / ownMs - 1) > 0.02) && !isStale(atMs),
  );
  if (unexplained.length === 0) return undefined;
  return { strength: "moderate", evidence: `${unexplained.map(describeCluster).join("; ")}.` };
}

function describeCluster({ atMs, kind, count: runs, expected }: Cluster): string {
  const place =
    kind === "round"
      ? `within ${percent(0.5)} before and ${percent(1.5)} after ${roundSeconds(atMs)}`
      : `within ${percent(0.5)} of the largest, ${seconds(atMs)}`;
  return `${counted(runs, "run")} ended ${place}, where ${expected.toFixed(1)} would be expected from their neighbours`;
}

/** A mode is explained where nearly all of its runs, and few others, have the same version, size, function or start. */
function findDifference({ splits, modality, count: runs }: RunAnalysis): Finding | undefined {
  if (modality.verdict !== "two") return undefined;
  for (const by of SPLITS) {
    const ordered = splits
      .filter((split) => split.by === by && split.count >= Math.max(5, runs / 50))
      .map((split) => ({ ...split, slowPercent: split.slowModePercent ?? 0 }))
      .sort((left, right) => left.slowPercent - right.slowPercent);
    const [fast, slow] = [ordered[0], ordered.at(-1)];
    if (!fast || !slow || slow.slowPercent - fast.slowPercent < MIN_DIFFERENCE_PERCENT) continue;
    const property = by === "start" ? "cold or warm start" : by.replace("_", " ");
    return {
      name: `The two modes differ by ${property}`,
      strength: "strong",
      evidence:
        `Of the runs of ${property} ${slow.key}, ${percent(slow.slowPercent)} are in the slow mode; ` +
        `of ${fast.key}, ${percent(fast.slowPercent)}.`,
      next:
        `Compare the two: ${fast.key} has a P50 of ${seconds(fast.p50Ms)}, ` +
        `${slow.key} one of ${seconds(slow.p50Ms)}.`,
    };
  }
  return undefined;
}

function findColdStarts({ cold, splits }: RunAnalysis): Finding | undefined {
  if (cold.initP50Ms === null || cold.percent <= COLD_WARNING_PERCENT) return undefined;
  const findStart = (key: string) => splits.find((split) => split.by === "start" && split.key === key);
  const [first, warm] = [findStart("cold"), findStart("warm")];
  const handlers = first ? ` against a P50 of ${seconds(first.p50Ms)} of their handlers` : "";
  const warmRuns =
    first && warm && first.count >= 5 && warm.count >= 5 ? ` Warm runs have a P50 of ${seconds(warm.p50Ms)}.` : "";
  return {
    strength: cold.percent > COLD_CRITICAL_PERCENT ? "strong" : "moderate",
    evidence:
      `${percent(cold.percent)} of the runs started their environment (above ${COLD_WARNING_PERCENT} %): ` +
      `${seconds(cold.initP50Ms)} of init${handlers}.${warmRuns}`,
  };
}

function findTwoKinds(analysis: RunAnalysis): Finding | undefined {
  const { verdict, modes, splitMs, sarle, deltaBic, ashmanD } = analysis.modality;
  const [fast, slow] = modes;
  const isFitted = fast && slow && splitMs !== null && sarle !== null && deltaBic !== null && ashmanD !== null;
  if (verdict !== "two" || !isFitted || findDifference(analysis)) return undefined;
  if (countTimeouts(analysis, splitMs) >= (analysis.count * slow.sharePercent) / 200) return undefined;
  return {
    strength: "moderate",
    evidence:
      `Two modes: ${percent(fast.sharePercent)} of the runs around ${seconds(fast.centreMs)} and ` +
      `${percent(slow.sharePercent)} around ${seconds(slow.centreMs)}, parted at ${seconds(splitMs)} ` +
      `(Sarle ${sarle.toFixed(2)} > 0.56; difference of BIC ${deltaBic.toFixed(0)} > 10; ` +
      `Ashman's D ${ashmanD.toFixed(1)} > 2). Nothing else in the lines tells them apart.`,
  };
}

/** Counts the runs of the slow mode that waited for a time-out: where they are most of it, it is no kind of request. */
function countTimeouts({ clusters, endings: { timeoutMs, timeouts } }: RunAnalysis, splitMs: number): number {
  const own = timeoutMs !== null && timeoutMs > splitMs ? timeouts : 0;
  const clustered = clusters.filter(({ atMs }) => atMs > splitMs).reduce((sum, cluster) => sum + cluster.count, 0);
  return Math.max(own, clustered);
}

function findSequentialAgents(analysis: RunAnalysis): Finding | undefined {
  const { thresholdMs, percent: overPercent } = analysis.overThreshold;
  const p50Ms = findPercentile(analysis, 50).valueMs;
  if (p50Ms <= 2 * AGENT_TIMEOUT_MS) return undefined;
  return {
    strength: "hypothesis",
    evidence:
      `Half of the runs took longer than ${seconds(p50Ms)}, and ${percent(overPercent)} longer than ` +
      `${roundSeconds(thresholdMs)}; two phases of agents that run at once, each with the default time-out of ` +
      `${roundSeconds(AGENT_TIMEOUT_MS)}, take ${roundSeconds(2 * AGENT_TIMEOUT_MS)} at most. REPORT lines do not ` +
      "show agents.",
  };
}

function findSmallCpuShare(analysis: RunAnalysis): Finding | undefined {
  const { sizeMiB } = findUsualSize(analysis.memory);
  const p50Ms = findPercentile(analysis, 50).valueMs;
  if (sizeMiB >= ONE_VCPU_MIB || p50Ms < LONG_MS) return undefined;
  return {
    strength: "hypothesis",
    evidence:
      `${sizeMiB} MB are ${(sizeMiB / ONE_VCPU_MIB).toFixed(2)} of a vCPU (${count(ONE_VCPU_MIB)} MB are one), and ` +
      `the P50 is ${seconds(p50Ms)}. REPORT lines do not show CPU: a run that waits for agents is no faster with ` +
      "more of it.",
  };
}
