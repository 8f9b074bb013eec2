import type { ReadyAgent } from "./agents";
import { orchestrate, type Orchestration } from "./orchestrator";
import { isTooLarge, keepResult } from "./results";
import type { Ending, RequestRecord, RequestStore } from "./stores/requests";
import type { ResultStore } from "./stores/results";
import { sessionKey, type SessionStore } from "./stores/sessions";
import { describeError, type Log } from "./telemetry";

/** Milliseconds that a lease lasts at least, should the platform's clock read 0: without an end it would block the request. */
export const MINIMUM_LEASE_MS = 30_000;
/** Milliseconds kept back from the agents to write the result. */
export const RESERVE_MS = 5_000;

/** What working on a request needs. */
export interface JobParts {
  readonly agents: readonly ReadyAgent[];
  /** 0 = all agents of a phase at once. */
  readonly maxParallelAgents: number;
  readonly requests: RequestStore;
  readonly sessions: SessionStore;
  readonly results: ResultStore;
  readonly nowMs: () => number;
  /** A new unique text. */
  readonly newId: () => string;
  readonly log: Log;
}

/** `done`: nothing is left to do. `live`: another worker is at it. `missing`: there is no such request. */
export type JobOutcome = "done" | "live" | "missing";

/** Claims a request, asks the agents and stores what came of it. `remainingMs` is the time this process has left. Rejects where a store fails. */
export async function runJob(parts: JobParts, requestId: string, remainingMs: number): Promise<JobOutcome> {
  const nowMs = parts.nowMs();
  const leaseMs = Math.max(remainingMs, MINIMUM_LEASE_MS);
  // Started before the claim: what the claim takes is the agents' loss, not the reserve's.
  const signal = AbortSignal.timeout(Math.max(0, (remainingMs > 0 ? remainingMs : MINIMUM_LEASE_MS) - RESERVE_MS));
  const claim = await parts.requests.claim(requestId, { token: parts.newId(), nowMs, leaseUntilMs: nowMs + leaseMs });
  if (claim.outcome !== "won") {
    parts.log("info", "claim_lost", { request_id: requestId, reason: claim.outcome });
    return claim.outcome === "terminal" ? "done" : claim.outcome;
  }
  const { request } = claim;
  const outcome = await ask(parts, request, signal);
  const ending = await endingOf(parts, request, outcome);
  const facts = { request_id: requestId, attempt: request.attempt, status: ending.status, duration_ms: outcome.duration_ms };
  if (!(await parts.requests.finish(requestId, request.attempt, ending))) {
    parts.log("warn", "lease_lost", facts);
    return "done";
  }
  parts.log("info", "finished", { ...facts, error_code: ending.failure?.code });
  if (ending.status === "completed") await remember(parts, request, outcome);
  return "done";
}

async function ask(parts: JobParts, request: RequestRecord, signal: AbortSignal): Promise<Orchestration> {
  const { requestId, owner, sessionId, prompt } = request;
  const session = sessionId === undefined ? undefined : { owner, sessionId };
  return orchestrate({
    agents: parts.agents,
    prompt,
    turns: session ? await parts.sessions.recent(session, parts.nowMs()) : [],
    conversation: session ? `session:${sessionKey(session)}` : `request:${requestId}`,
    maxParallel: parts.maxParallelAgents,
    signal,
    nowMs: parts.nowMs,
    log: (level, event, fields) => parts.log(level, event, { request_id: requestId, attempt: request.attempt, ...fields }),
  });
}

async function endingOf(parts: JobParts, { requestId, attempt }: RequestRecord, outcome: Orchestration): Promise<Ending> {
  const json = JSON.stringify(outcome);
  if (isTooLarge(json)) {
    const failure = { code: "result_too_large", message: "The agents' answers are larger than a status answer can carry." };
    return { status: "failed", failure, nowMs: parts.nowMs() };
  }
  const result = await keepResult(parts.results, requestId, attempt, json);
  if (outcome.answer !== undefined) return { status: "completed", result, nowMs: parts.nowMs() };
  const failure = { code: "all_agents_failed", message: "No agent of the last phase gave an answer. See result.agents." };
  return { status: "failed", failure, result, nowMs: parts.nowMs() };
}

/** The request is answered by now: a turn that cannot be kept is reported, and the answer stands. */
async function remember(parts: JobParts, request: RequestRecord, { answer }: Orchestration): Promise<void> {
  const { requestId, owner, sessionId, prompt, createdAt, expiresAt } = request;
  if (sessionId === undefined || answer === undefined) return;
  try {
    await parts.sessions.append({ owner, sessionId }, { requestId, prompt, answer, createdAt, expiresAt });
  } catch (error) {
    parts.log("error", "turn_lost", { request_id: requestId, error: describeError(error) });
  }
}
