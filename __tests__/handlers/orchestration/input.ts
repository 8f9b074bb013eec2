import type { OrchestrationInput } from "../../../handlers/orchestration";
import { keepingLog, never } from "../fixtures";

/** What the orchestrator is given, with an hour left. */
export function orchestration(agents: OrchestrationInput["agents"], overrides: Partial<OrchestrationInput> = {}): OrchestrationInput {
  const nowMs = overrides.nowMs ?? (() => performance.now());
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
