import { setTimeout as sleep } from "node:timers/promises";
import type { Fault } from "../faults/fault";
import type { FunctionEnvironment } from "../local";

/**
 * Longer than a worker's lease of 30 s, so that another takes the request over while the frozen one still thinks it is
 * its own.
 */
const FREEZE_PAST_LEASE_MS = 36_000;
const SHORT_FREEZE_MS = 1_500;

/** What the chaos does to processes, and how long it waits between two, in milliseconds on average. */
const PLAN = [
  { what: "kill a worker at work", everyMs: 4_000, functionName: /worker$/, act: kill },
  { what: "kill a front door at work", everyMs: 6_000, functionName: /api$/, act: kill },
  { what: "freeze a worker past its lease", everyMs: 15_000, functionName: /worker$/, act: freezePastLease },
  { what: "freeze a front door for a moment", everyMs: 8_000, functionName: /api$/, act: freezeShortly },
  { what: "kill the sweeper at work", everyMs: 20_000, functionName: /sweeper$/, act: kill },
] as const;

/** What networks and services do between the functions and AWS, each to a small share of the calls. */
export const NETWORK_FAULTS: readonly Fault[] = [
  { kind: "latency", ms: 700, share: 0.02 },
  { kind: "reset", share: 0.01 },
  { kind: "drop-reply", share: 0.01 },
  { kind: "throttle", share: 0.02 },
  { kind: "error", share: 0.01 },
  { kind: "truncate", bytes: 20, share: 0.005 },
  { kind: "duplicate", share: 0.01, when: ({ operation }) => operation === "SendMessage" },
  { kind: "slow", bytes: 64, everyMs: 50, share: 0.005 },
];

export interface ChaosOptions {
  /** The environments as they are at this moment. */
  readonly environments: () => readonly FunctionEnvironment[];
  /** Numbers from 0 to below 1. */
  readonly random: () => number;
  /** Ends the chaos. */
  readonly signal: AbortSignal;
}

/**
 * Kills and freezes processes of functions until the signal; every frozen one is thawed.
 * @returns how often it did what
 */
export async function runChaos({ environments, random, signal }: ChaosOptions): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  const frozen: Promise<void>[] = [];
  const lanes = PLAN.map(async ({ what, everyMs, functionName, act }) => {
    while (await waited(everyMs * (0.5 + random()), signal)) {
      const busy = environments().filter(
        (environment) => environment.busy && functionName.test(environment.functionName),
      );
      const victim = busy[Math.floor(random() * busy.length)];
      if (victim === undefined) continue;
      counts[what] = (counts[what] ?? 0) + 1;
      frozen.push(act(victim.pid, signal));
    }
  });
  await Promise.all(lanes);
  await Promise.all(frozen);
  return counts;
}

async function kill(pid: number): Promise<void> {
  send(pid, "SIGKILL");
}

function freezePastLease(pid: number, signal: AbortSignal): Promise<void> {
  return freeze(pid, FREEZE_PAST_LEASE_MS, signal);
}

function freezeShortly(pid: number, signal: AbortSignal): Promise<void> {
  return freeze(pid, SHORT_FREEZE_MS, signal);
}

async function freeze(pid: number, ms: number, signal: AbortSignal): Promise<void> {
  send(pid, "SIGSTOP");
  await waited(ms, signal);
  send(pid, "SIGCONT");
}

/** A process that has ended meanwhile needs nothing. */
function send(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It is gone.
  }
}

async function waited(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await sleep(ms, undefined, { signal });
    return true;
  } catch {
    return false;
  }
}
