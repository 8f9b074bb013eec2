import type { ReleaseEnd } from "./rehearsal";

/** A change of settings that makes a new version of the worker. */
export interface RehearsalRelease {
  readonly name: string;
  /** For a person: what the version does. */
  readonly what: string;
  readonly wanted: ReleaseEnd;
  /** Script of the new version's agent: `<milliseconds>ms <answer>`, or `!<message>` for one that fails. */
  readonly target: string;
}

/**
 * Milliseconds: what the first version's agent takes, and what P95 the gate allows. A machine that is busy is slower by
 * some times.
 */
const USUAL_MS = 100;
const MAX_EXECUTION_MS = 2_000;
/** A slow version is beyond it without doubt, and not so slow that its callers give up. */
const SLOW_MS = 4_000;

/** Milliseconds that callers of a stable version may wait at P95, queue and polls included. */
export const MAX_STABLE_P95_MS = 10_000;

export const RELEASES: readonly RehearsalRelease[] = [
  {
    name: "good",
    what: "answers as it should",
    wanted: "promoted",
    target: `${USUAL_MS - 20}ms The new version is here.`,
  },
  { name: "errors", what: "fails every request", wanted: "rolled back", target: "20ms !The new version is broken." },
  {
    name: "slow",
    what: `takes ${SLOW_MS} ms instead of ${USUAL_MS}`,
    wanted: "rolled back",
    target: `${SLOW_MS}ms The new version takes its time.`,
  },
];

/** One scripted agent: what is rehearsed is the release, not the agent. */
export const agentsOf = (target: string) => [
  { name: "agent", kind: "scripted", target, timeout_seconds: 20, phases: [1] },
];

export const FIRST_AGENTS = agentsOf(`${USUAL_MS}ms The first version is here.`);

/** The settings of a release, as `-var` takes them. */
export const varsOf = ({ target }: RehearsalRelease): readonly string[] => [
  `agents=${JSON.stringify(agentsOf(target))}`,
];

/**
 * Settings of every apply. The shortest time-out, because the gate waits for it before it judges; no throttling,
 * because all callers share one machine.
 */
export const SETTINGS: readonly string[] = [
  "timeout=30",
  "reserved_concurrent_executions=8",
  `kpi_execution_time=${MAX_EXECUTION_MS}`,
  "throttling_rate_limit=1000",
  "throttling_burst_limit=2000",
];

/** How each release goes in the time of the metrics: minutes that pass in seconds. */
export const HOW = {
  steps: "20,50,100",
  interval: "10m",
  deadline: "90m",
  // Those that a few dozen requests decide; a P95 of the whole job takes 200 of the new version.
  only: ["error_rate", "failed_requests", "execution_time"],
  // Beside the absolute bound: a machine that is busy makes every version slower, and one of them by chance more.
  maxLatencyRatio: "4",
} as const;
