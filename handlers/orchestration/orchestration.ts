import type { ReadyAgent, ReadyArbiter } from "../agents";
import type { Turn } from "../agents/agent";
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
