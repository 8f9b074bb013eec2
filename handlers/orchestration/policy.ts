import type { AgentPolicy } from "./orchestration";

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
