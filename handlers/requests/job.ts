import { attemptsExhausted, DEADLINE_GRACE_MS, deadlinePassed, tooManyHops } from "./endings";
import { logClosed, logFinished, type Durations, type JobLogParts } from "./job-log";
import { holdLease, LEASE_MS, LeaseLostError, type Lease } from "./lease";
import type { Orchestration, OrchestrationInput } from "../agents/orchestration";
import { orchestrate } from "../agents/orchestrator";
import { MAX_HOPS, type WorkMessage } from "./work-queue";
import { isTooLarge, keepResult, type ResultStore } from "./results";
import type { Ending, RequestRecord, RequestStore, TurnOfEnding } from "./requests";
import { sessionKey, type Session, type SessionStore } from "./sessions";
import { within } from "../deadline";

/** Milliseconds kept back from the agents to write the result. */
export const RESERVE_MS = 5_000;
/** Milliseconds of the reserve that are kept back from the writing, to end in order. */
const LAST_MS = 500;
/** Milliseconds that the writing is given in any case. */
const MINIMUM_WRITE_MS = 1_000;
/** Milliseconds that a claim, or reading the session, may take: a third of the lease. */
const READ_TIMEOUT_MS = 10_000;

/** What working on a request needs. */
export interface JobParts extends JobLogParts {
  readonly agents: Pick<OrchestrationInput, "agents" | "arbiter" | "maxParallel" | "policy" | "quorum">;
  readonly requests: RequestStore;
  readonly sessions: SessionStore;
  readonly results: ResultStore;
  readonly nowMs: () => number;
  /** A new unique text. */
  readonly newId: () => string;
}

/**
 * `done`: nothing is left to do. `live`: another worker is at it. `missing`: there is no such request.
 * `lease_lost`: it is, or may be, another worker's by now; where nobody takes it over, the sweeper sends it again.
 */
export type JobOutcome = "done" | "live" | "missing" | "lease_lost";

/**
 * Claims a request, asks the agents and stores what came of it. `remainingMs` is the time this process has left.
 * Rejects where a store fails: the request is then open to the next attempt once its lease has run out.
 */
export async function runJob(
  parts: JobParts,
  { requestId, deadlineMs, hops }: WorkMessage,
  remainingMs: number,
): Promise<JobOutcome> {
  const startedMs = parts.nowMs();
  // A platform's clock that reads 0 must not make every attempt end before its agents begin.
  const endMs = startedMs + (remainingMs > 0 ? remainingMs : LEASE_MS);
  if (deadlineMs !== undefined && deadlineMs <= startedMs) return close(parts, requestId, deadlinePassed(startedMs));
  if (hops >= MAX_HOPS) return close(parts, requestId, tooManyHops(startedMs));
  const bid = { token: parts.newId(), nowMs: startedMs, leaseUntilMs: startedMs + LEASE_MS };
  const claim = await within(READ_TIMEOUT_MS, (signal) => parts.requests.claim(requestId, bid, signal));
  if (claim.outcome === "won") return work(parts, claim.request, bid.leaseUntilMs, endMs);
  parts.log("info", "claim_lost", { request_id: requestId, reason: claim.outcome });
  if (claim.outcome === "overdue") return close(parts, requestId, deadlinePassed(startedMs));
  if (claim.outcome === "exhausted") return close(parts, requestId, attemptsExhausted(startedMs));
  return claim.outcome === "terminal" ? "done" : claim.outcome;
}

/** Ends a request that no agent is to be asked for. Where somebody holds it after all, it is theirs to end. */
async function close(parts: JobParts, requestId: string, ending: Ending): Promise<JobOutcome> {
  if (await within(READ_TIMEOUT_MS, (signal) => parts.requests.close(requestId, ending, signal)))
    logClosed(parts, requestId, ending);
  return "done";
}

async function work(parts: JobParts, request: RequestRecord, leaseUntilMs: number, endMs: number): Promise<JobOutcome> {
  const lease = holdLease(parts, request, leaseUntilMs);
  try {
    await run(parts, request, lease, endMs);
    return "done";
  } catch (error) {
    if (!(error instanceof LeaseLostError)) throw error;
    parts.log("warn", "lease_lost", { request_id: request.requestId, attempt: request.attempt, reason: error.message });
    return "lease_lost";
  } finally {
    lease.end();
  }
}

/** From the claim to the end. Rejects with {@link LeaseLostError} where the end is not ours to write. */
async function run(parts: JobParts, request: RequestRecord, lease: Lease, endMs: number): Promise<void> {
  const { nowMs } = parts;
  const claimedMs = nowMs();
  const session = sessionOf(request);
  const turns = session
    ? await within(READ_TIMEOUT_MS, (signal) => parts.sessions.recent(session, claimedMs, signal))
    : [];
  const askedMs = nowMs();
  const outcome = await orchestrate({
    ...parts.agents,
    prompt: request.prompt,
    turns,
    conversation: session ? `session:${sessionKey(session)}` : `request:${request.requestId}`,
    deadlineMs: Math.min(endMs, request.deadlineMs) - RESERVE_MS,
    signal: lease.signal,
    nowMs,
    log: (level, event, fields, ...measured) =>
      parts.log(level, event, { request_id: request.requestId, attempt: request.attempt, ...fields }, ...measured),
  });
  const answeredMs = nowMs();
  lease.signal.throwIfAborted();
  const ending = await write(
    parts,
    request,
    outcome,
    Math.min(endMs - LAST_MS, request.deadlineMs + DEADLINE_GRACE_MS) - answeredMs,
  );
  const endedMs = nowMs();
  const durations: Durations = {
    claimedMs,
    contextMs: askedMs - claimedMs,
    agentsMs: answeredMs - askedMs,
    responseMs: endedMs - answeredMs,
    endedMs,
  };
  logFinished(parts, request, ending, durations, outcome.tokens);
}

/** Writes how the request ended, within `writeMs`. */
async function write(
  parts: JobParts,
  request: RequestRecord,
  outcome: Orchestration,
  writeMs: number,
): Promise<Ending> {
  return within(Math.max(MINIMUM_WRITE_MS, writeMs), async (signal) => {
    const ending = await endingOf(parts, request, outcome, signal);
    const turn = ending.status === "completed" ? turnOf(request, outcome) : undefined;
    const isOurs = await parts.requests.finish(request.requestId, request.attempt, ending, turn, signal);
    if (!isOurs) throw new LeaseLostError("Another worker took the request over before its end was written");
    return ending;
  });
}

const NO_ANSWER = { code: "all_agents_failed", message: "No agent gave an answer. See result.agents." };

async function endingOf(
  { results, nowMs }: JobParts,
  { requestId, attempt, deadlineMs }: RequestRecord,
  outcome: Orchestration,
  signal: AbortSignal,
): Promise<Ending> {
  // Its owner is told by now that it expired.
  if (nowMs() > deadlineMs + DEADLINE_GRACE_MS) return deadlinePassed(nowMs());
  const json = JSON.stringify(outcome);
  if (isTooLarge(json)) {
    const failure = {
      code: "result_too_large",
      message: "The agents' answers are larger than a status answer can carry.",
    };
    return { status: "failed", failure, nowMs: nowMs() };
  }
  const result = await keepResult(results, requestId, attempt, json, signal);
  if (outcome.answer !== undefined) return { status: "completed", result, nowMs: nowMs() };
  return { status: "failed", failure: outcome.failure ?? NO_ANSWER, result, nowMs: nowMs() };
}

function sessionOf({ owner, sessionId }: RequestRecord): Session | undefined {
  return sessionId === undefined ? undefined : { owner, sessionId };
}

function turnOf(request: RequestRecord, { answer }: Orchestration): TurnOfEnding | undefined {
  const session = sessionOf(request);
  const { requestId, prompt, createdAt, expiresAt } = request;
  return session && answer !== undefined
    ? { session, turn: { requestId, prompt, answer, createdAt, expiresAt } }
    : undefined;
}
