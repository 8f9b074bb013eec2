import type { ReadyAgent, ReadyArbiter } from "./index";
import type { Turn } from "./agent";
import type { Log } from "../telemetry";

/** The outcome of one agent in one phase. */
export interface AgentReport {
  readonly name: string;
  /** From 1; the arbiter's is one after the last. */
  readonly phase: number;
  /** Default: not the arbiter, which merges the last phase's answers. */
  readonly role?: "arbiter";
  /** `cancelled`: the answer was not needed any more, or the request ended first. */
  readonly status: "ok" | "failed" | "timed_out" | "cancelled";
  readonly duration_ms: number;
  /** Default: the agent did not report them. */
  readonly tokens?: TokenReport;
  /** Present if the status is ok. */
  readonly answer?: string;
  /** Present if the status is not ok; safe to show. */
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

/** The outcome of a prompt. */
export interface Orchestration {
  /** Undefined if too few agents of a phase succeeded. */
  readonly answer?: string;
  /** Why there is no answer: `all_agents_failed` or `too_few_agents_succeeded`. */
  readonly failure?: { readonly code: string; readonly message: string };
  /** By phase, then in the order of the definitions; the arbiter last. */
  readonly agents: readonly AgentReport[];
  readonly duration_ms: number;
  /** The sum of what agents reported. Left out if none did. */
  readonly tokens?: TokenReport;
}

/** What a run of the agents needs. */
export interface OrchestrationInput {
  readonly agents: readonly ReadyAgent[];
  /** Merges the last phase's answers into one. Default: they are concatenated. */
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
  /** Epoch milliseconds by which all agents have ended. Each phase leaves time for those after it. */
  readonly deadlineMs: number;
  /** Ends every agent that still runs, because nobody needs the answer any more. */
  readonly signal: AbortSignal;
  readonly nowMs: () => number;
  readonly log: Log;
}

/** How many agents of a phase must succeed, as {@link OrchestrationInput} gives it. */
type PhaseRules = Pick<OrchestrationInput, "policy" | "quorum">;

/** The agents of a phase so far. */
export interface Tally {
  readonly members: number;
  readonly ok: number;
  /** Agents that failed, timed out or were cancelled. */
  readonly notOk: number;
}

/** Counts how many of a phase's members must succeed. `quorum` 0 = more than half; more than members = all. */
export function countNeeded(policy: AgentPolicy, quorum: number, members: number): number {
  if (policy === "all") return members;
  if (policy === "any") return Math.min(1, members);
  return quorum === 0 ? Math.floor(members / 2) + 1 : Math.min(quorum, members);
}

/** Explains why the agents that still run are not needed any more; undefined while they are. */
export function explainStop({ policy, quorum }: PhaseRules, { members, ok, notOk }: Tally): string | undefined {
  const needed = countNeeded(policy, quorum, members);
  if (ok >= needed) return policy === "quorum" ? "enough agents had answered" : undefined;
  return members - notOk < needed ? "too many agents of the phase had failed" : undefined;
}

/** Explains why a phase that has ended misses its policy; undefined if it does not. */
export function explainMiss(
  { policy, quorum }: PhaseRules,
  phase: number,
  { members, ok }: Tally,
): Orchestration["failure"] {
  const needed = countNeeded(policy, quorum, members);
  if (ok >= needed) return undefined;
  if (ok === 0)
    return { code: "all_agents_failed", message: `No agent of phase ${phase} gave an answer. See result.agents.` };
  return {
    code: "too_few_agents_succeeded",
    message: `${ok} of the ${members} agents of phase ${phase} gave an answer, but ${needed} must. See result.agents.`,
  };
}
