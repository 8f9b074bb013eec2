import type { Orchestration, OrchestrationInput } from "../agents/orchestration";
import { orchestrate } from "../agents/orchestrator";
import { within } from "../deadline";
import { DEADLINE_GRACE_MS, endAsExpired, endAsFailed, logClosed, logFinished, type EndingLogParts } from "./endings";
import { holdLease, LEASE_MS, LeaseLostError, type Lease } from "./lease";
import type { Ending, RequestRecord, RequestStore, SessionTurn } from "./requests";
import { isTooLarge, keepResult, type ResultStore } from "./results";
import { nameSession, type Session, type SessionStore } from "./sessions";
import { MAX_HOPS, type WorkMessage } from "./work-queue";

/** Milliseconds reserved for writing the result, which agents cannot use. */
const RESERVE_MS = 5_000;
/** Milliseconds of the reserve that remain after the writing, to return in order. */
const LAST_MS = 500;
/** Milliseconds that the writing has in any case. */
const MINIMUM_WRITE_MS = 1_000;
/** Milliseconds that a claim, or reading the session, may take: a third of the lease. */
const READ_TIMEOUT_MS = 10_000;

/** What working on a request needs. */
export interface JobParts extends EndingLogParts {
  readonly agents: Pick<OrchestrationInput, "agents" | "arbiter" | "maxParallel" | "policy" | "quorum">;
  readonly requests: RequestStore;
  readonly sessions: SessionStore;
  readonly results: ResultStore;
  readonly nowMs: () => number;
  /** Makes a unique text. */
  readonly newId: () => string;
}

/**
 * `done`: nothing is left to do. `live`: another worker has the request. `missing`: there is no such request.
 * `lease_lost`: another worker has, or may have, the request; if none has, the sweeper sends it again.
 */
export type JobOutcome = "done" | "live" | "missing" | "lease_lost";

/**
 * Claims a request, asks the agents and stores the result. Rejects if a store fails: the request is then open to the
 * next attempt once its lease has run out.
 * @param remainingMs milliseconds that this process has left
 */
export async function runJob(
  parts: JobParts,
  { requestId, deadlineMs, hops }: WorkMessage,
  remainingMs: number,
): Promise<JobOutcome> {
  const startedMs = parts.nowMs();
  // Some platforms report 0 ms, which must not end every attempt before its agents start.
  const endMs = startedMs + (remainingMs > 0 ? remainingMs : LEASE_MS);
  if (deadlineMs <= startedMs) return closeRequest(parts, requestId, endAsExpired(startedMs));
  if (hops >= MAX_HOPS) return closeRequest(parts, requestId, endAsFailed("too_many_hops", startedMs));
  const bid = { token: parts.newId(), nowMs: startedMs, leaseUntilMs: startedMs + LEASE_MS };
  const claim = await within(READ_TIMEOUT_MS, (signal) => parts.requests.claim(requestId, bid, signal));
  if (claim.outcome === "won") return workUnderLease(parts, claim.request, { leaseUntilMs: bid.leaseUntilMs, endMs });
  parts.log("info", "claim_lost", { request_id: requestId, reason: claim.outcome });
  if (claim.outcome === "overdue") return closeRequest(parts, requestId, endAsExpired(startedMs));
  if (claim.outcome === "exhausted")
    return closeRequest(parts, requestId, endAsFailed("attempts_exhausted", startedMs));
  return claim.outcome === "terminal" ? "done" : claim.outcome;
}

/** Ends a request that no agent will be asked for. If another worker holds it after all, that one ends it. */
async function closeRequest(parts: JobParts, requestId: string, ending: Ending): Promise<JobOutcome> {
  if (await within(READ_TIMEOUT_MS, (signal) => parts.requests.close(requestId, ending, signal)))
    logClosed(parts, requestId, ending);
  return "done";
}

interface Times {
  /** Epoch milliseconds at which the lease ends, unless it is renewed. */
  readonly leaseUntilMs: number;
  /** Epoch milliseconds at which this process ends. */
  readonly endMs: number;
}

async function workUnderLease(parts: JobParts, request: RequestRecord, times: Times): Promise<JobOutcome> {
  const lease = holdLease(parts, request, times.leaseUntilMs);
  try {
    await new Job(parts, request, lease).run(times.endMs);
    return "done";
  } catch (error) {
    if (!(error instanceof LeaseLostError)) throw error;
    parts.log("warn", "lease_lost", { request_id: request.requestId, attempt: request.attempt, reason: error.message });
    return "lease_lost";
  } finally {
    lease.end();
  }
}

const NO_ANSWER = { code: "all_agents_failed", message: "No agent gave an answer. See result.agents." };
const TOO_LARGE = {
  code: "result_too_large",
  message: "The agents' answers are larger than a status answer can carry.",
};

/** The work on a claimed request. */
class Job {
  private readonly session: Session | undefined;

  constructor(
    private readonly parts: JobParts,
    private readonly request: RequestRecord,
    private readonly lease: Lease,
  ) {
    const { owner, sessionId } = request;
    this.session = sessionId === undefined ? undefined : { owner, sessionId };
  }

  /** Works from the claim to the end. Rejects with {@link LeaseLostError} if another worker may write the end. */
  async run(endMs: number): Promise<void> {
    const { parts, request, lease } = this;
    const claimedMs = parts.nowMs();
    const turns = await this.readTurns(claimedMs);
    const askedMs = parts.nowMs();
    const outcome = await this.askAgents(turns, Math.min(endMs, request.deadlineMs) - RESERVE_MS);
    const answeredMs = parts.nowMs();
    lease.signal.throwIfAborted();
    const writeMs = Math.min(endMs - LAST_MS, request.deadlineMs + DEADLINE_GRACE_MS) - answeredMs;
    const ending = await this.writeEnding(outcome, writeMs);
    const endedMs = parts.nowMs();
    logFinished(parts, {
      request,
      ending,
      claimedMs,
      contextMs: askedMs - claimedMs,
      agentsMs: answeredMs - askedMs,
      responseMs: endedMs - answeredMs,
      endedMs,
      tokens: outcome.tokens,
    });
  }

  private async readTurns(nowMs: number): Promise<OrchestrationInput["turns"]> {
    const { session } = this;
    if (!session) return [];
    return within(READ_TIMEOUT_MS, (signal) => this.parts.sessions.recent(session, nowMs, signal));
  }

  private askAgents(turns: OrchestrationInput["turns"], deadlineMs: number): Promise<Orchestration> {
    const { parts, request, session, lease } = this;
    return orchestrate({
      ...parts.agents,
      prompt: request.prompt,
      turns,
      conversation: session ? `session:${nameSession(session)}` : `request:${request.requestId}`,
      deadlineMs,
      signal: lease.signal,
      nowMs: parts.nowMs,
      log: (level, event, fields, ...measured) =>
        parts.log(level, event, { request_id: request.requestId, attempt: request.attempt, ...fields }, ...measured),
    });
  }

  private async writeEnding(outcome: Orchestration, writeMs: number): Promise<Ending> {
    return within(Math.max(MINIMUM_WRITE_MS, writeMs), async (signal) => {
      const ending = await this.makeEnding(outcome, signal);
      const turn = ending.status === "completed" ? this.makeTurn(outcome) : undefined;
      const isOurs = await this.parts.requests.finish(this.request, { ...ending, ...(turn && { turn }) }, signal);
      if (!isOurs) throw new LeaseLostError("Another worker took the request over before its end was written");
      return ending;
    });
  }

  private async makeEnding(outcome: Orchestration, signal: AbortSignal): Promise<Ending> {
    const { nowMs, results } = this.parts;
    // By now the owner is told that the request expired.
    if (nowMs() > this.request.deadlineMs + DEADLINE_GRACE_MS) return endAsExpired(nowMs());
    const json = JSON.stringify(outcome);
    if (isTooLarge(json)) return { status: "failed", failure: TOO_LARGE, nowMs: nowMs() };
    const result = await keepResult(results, { held: this.request, json }, signal);
    if (outcome.answer !== undefined) return { status: "completed", result, nowMs: nowMs() };
    return { status: "failed", failure: outcome.failure ?? NO_ANSWER, result, nowMs: nowMs() };
  }

  private makeTurn({ answer }: Orchestration): SessionTurn | undefined {
    const { session } = this;
    const { requestId, prompt, createdAt, expiresAt } = this.request;
    if (!session || answer === undefined) return undefined;
    return { session, turn: { requestId, prompt, answer, createdAt, expiresAt } };
  }
}
