import type { ReadyAgent, ReadyArbiter } from "./index";
import type { Turn } from "./agent";
import type { Log } from "../telemetry";

/** How one agent of one phase fared. */
export interface AgentReport {
  readonly name: string;
  /** From 1; the arbiter's is one after the last. */
  readonly phase: number;
  /** Where it is the arbiter that merges the last phase's answers. */
  readonly role?: "arbiter";
  /** `cancelled`: its answer was not needed any more, or the request ended before it. */
  readonly status: "ok" | "failed" | "timed_out" | "cancelled";
  readonly duration_ms: number;
  /** Where the agent tells. */
  readonly tokens?: TokenReport;
  /** Where it is ok. */
  readonly answer?: string;
  /** Where it is not; safe to show. */
  readonly error?: string;
}

/** Tokens in a result. */
export interface TokenReport {
  readonly input: number;
  readonly output: number;
  readonly total: number;
}

/** How many agents of a phase must succeed. `quorum` also ends the phase as soon as that many have. */
export type AgentPolicy = "all" | "quorum" | "any";

/** What came of a prompt. */
export interface Orchestration {
  /** Undefined where too few agents of a phase succeeded. */
  readonly answer?: string;
  /** Why there is no answer: `all_agents_failed` or `too_few_agents_succeeded`. */
  readonly failure?: { readonly code: string; readonly message: string };
  /** By phase, then in the order of the definitions; the arbiter last. */
  readonly agents: readonly AgentReport[];
  readonly duration_ms: number;
  /** All that agents told of, added up. Left out where none told. */
  readonly tokens?: TokenReport;
}

/** What a run of the agents needs. */
export interface OrchestrationInput {
  readonly agents: readonly ReadyAgent[];
  /** Merges the last phase's answers into one. Default: they stand one after the other. */
  readonly arbiter?: ReadyArbiter;
  readonly prompt: string;
  /** The session's last turns, oldest first. */
  readonly turns: readonly Turn[];
  /** See {@link AgentInput.conversation}. */
  readonly conversation: string;
  /** How many agents run at once; 0 = all of a phase. */
  readonly maxParallel: number;
  readonly policy: AgentPolicy;
  /** With policy `quorum`: how many must succeed; 0 = more than half of a phase. */
  readonly quorum: number;
  /** Epoch milliseconds by which all agents have ended; each phase leaves time for those after it. */
  readonly deadlineMs: number;
  /** Ends every agent that still runs: nobody needs the answer any more. */
  readonly signal: AbortSignal;
  readonly nowMs: () => number;
  readonly log: Log;
}

/** How the agents of a phase stand. Those that failed, timed out or were cancelled have not succeeded. */
export interface Tally {
  readonly members: number;
  readonly ok: number;
  readonly notOk: number;
}

/** How many of a phase's members must succeed. `quorum` 0 = more than half; more than there are = all. */
export function neededOf(policy: AgentPolicy, quorum: number, members: number): number {
  if (policy === "all") return members;
  if (policy === "any") return Math.min(1, members);
  return quorum === 0 ? Math.floor(members / 2) + 1 : Math.min(quorum, members);
}

/** Why the agents that still run are of no use any more; undefined while they are. */
export function uselessBecause(policy: AgentPolicy, quorum: number, { members, ok, notOk }: Tally): string | undefined {
  const needed = neededOf(policy, quorum, members);
  if (ok >= needed) return policy === "quorum" ? "enough agents had answered" : undefined;
  return members - notOk < needed ? "too many agents of the phase had failed" : undefined;
}

/** Why a phase that has ended misses its policy; undefined where it does not. */
export function missedBy(
  policy: AgentPolicy,
  quorum: number,
  phase: number,
  { members, ok }: Tally,
): { readonly code: string; readonly message: string } | undefined {
  const needed = neededOf(policy, quorum, members);
  if (ok >= needed) return undefined;
  if (ok === 0)
    return { code: "all_agents_failed", message: `No agent of phase ${phase} gave an answer. See result.agents.` };
  return {
    code: "too_few_agents_succeeded",
    message: `${ok} of the ${members} agents of phase ${phase} gave an answer, but ${needed} must. See result.agents.`,
  };
}
