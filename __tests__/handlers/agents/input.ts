import type { OrchestrationInput } from "../../../handlers/agents/orchestration";
import { keepingLog, never, NOW_MS } from "../fixtures";

/** What the orchestrator is given, with an hour left, which does not pass by itself. */
export function orchestration(
  agents: OrchestrationInput["agents"],
  overrides: Partial<OrchestrationInput> = {},
): OrchestrationInput {
  const nowMs = overrides.nowMs ?? (() => NOW_MS);
  return {
    agents,
    prompt: "?",
    turns: [],
    conversation: "c",
    maxParallel: 0,
    policy: "any",
    quorum: 0,
    deadlineMs: nowMs() + 3_600_000,
    signal: never,
    nowMs,
    log: keepingLog().log,
    ...overrides,
  };
}
