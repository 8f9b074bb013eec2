import type { NewTurn, Session } from "./sessions";

/**
 * The states of a request:
 *
 *     queued ──claim──► processing ──finish──► completed | failed | expired
 *        │                  │ ▲ └─ claim again, after the lease has run out
 *        └──────close───────┴─┘────────────► failed | expired
 *
 * Each arrow is one conditional write: of two that race, one succeeds and the other learns that it lost.
 */
export const REQUEST_STATUSES = ["queued", "processing", "completed", "failed", "expired"] as const;
export type RequestStatus = (typeof REQUEST_STATUSES)[number];
export type TerminalStatus = Exclude<RequestStatus, "queued" | "processing">;

/** Whether nothing can change the request any more. */
export const isTerminal = (status: RequestStatus): status is TerminalStatus =>
  status !== "queued" && status !== "processing";

/** How often a request is started at most. A request that kills its worker would otherwise cost agents for ever. */
export const MAX_ATTEMPTS = 3;

/** A result: in the record as `json`, or in the results bucket under `key`, with the hash of its bytes. */
export type StoredResult = { readonly json: string } | { readonly key: string; readonly sha256: string };

/** Why a request failed, safe to show to its owner. */
export interface RequestFailure {
  readonly code: string;
  readonly message: string;
}

/** A request as it is accepted. */
export interface NewRequest {
  readonly requestId: string;
  readonly owner: string;
  readonly prompt: string;
  readonly sessionId?: string;
  /** ISO 8601. */
  readonly createdAt: string;
  /** Epoch milliseconds after which no work is started and a request without an end is expired. */
  readonly deadlineMs: number;
  /** Epoch seconds after which the request counts as gone. The table removes it days later. */
  readonly expiresAt: number;
}

/** A request as it is stored. */
export interface RequestRecord extends NewRequest {
  readonly status: RequestStatus;
  /** ISO 8601. */
  readonly updatedAt: string;
  /** Whether the queue is known to have the request's message. */
  readonly sent: boolean;
  /** How often the request was claimed. */
  readonly attempt: number;
  /** How often the sweeper sent the request again, or postponed it because the queue had other work. */
  readonly requeues: number;
  /** While `processing`: epoch milliseconds until which its worker holds it. */
  readonly leaseUntilMs?: number;
  readonly result?: StoredResult;
  readonly failure?: RequestFailure;
}

/** The outcome of creating a request. */
export type Creation =
  /** The request is new, or an earlier try of the same write created it. */
  | { readonly outcome: "created" }
  /** The id belongs to a request of the same owner, prompt and session. */
  | { readonly outcome: "repeated"; readonly request: RequestRecord }
  /** The id belongs to a different request. */
  | { readonly outcome: "conflict" };

/** A worker's bid for a request. */
export interface Bid {
  /** Unique to the bid. It identifies a claim that is sent again because its answer was lost. */
  readonly token: string;
  /** Epoch milliseconds. */
  readonly nowMs: number;
  /** Epoch milliseconds until which nobody else may claim the request. */
  readonly leaseUntilMs: number;
}

/**
 * The outcome of a bid. `live`: another worker holds the lease. `overdue`: the deadline has passed. `exhausted`: the
 * request was started {@link MAX_ATTEMPTS} times. The bidder must `close` an overdue or exhausted request.
 */
export type Claim =
  | { readonly outcome: "won"; readonly request: RequestRecord }
  | { readonly outcome: "live" | "terminal" | "missing" | "overdue" | "exhausted" };

/** An attempt that holds a request. Every {@link RequestRecord} that was claimed is one. */
export type HeldRequest = Pick<RequestRecord, "requestId" | "attempt">;

/** How a request ended. */
export interface Ending {
  readonly status: TerminalStatus;
  readonly result?: StoredResult;
  readonly failure?: RequestFailure;
  /** Epoch milliseconds. */
  readonly nowMs: number;
}

/** How a worker ended a request. */
export interface WorkerEnding extends Ending {
  /** The conversation turn to keep in the same transaction. Default: none. */
  readonly turn?: SessionTurn;
}

/** A turn and the session that it belongs to. */
export interface SessionTurn {
  readonly session: Session;
  readonly turn: NewTurn;
}

/** A request that the sweeper must look at, because nobody has moved it on for too long. */
export interface DueRequest {
  readonly requestId: string;
  /** Epoch milliseconds since when it is due. */
  readonly dueMs: number;
}

/** A stored request cannot be read: it is damaged, or something else wrote it. */
export class CorruptRecordError extends Error {
  override readonly name = "CorruptRecordError";
}

/** Where requests are kept. Every method rejects if the store cannot be reached; `signal` bounds its time. */
export interface RequestStore {
  /**
   * Adds a `queued` request that the sweeper finds at `dueMs` (epoch milliseconds), unless it is claimed before.
   * Overwrites an expired request (`expiresAt`) under the same id that the table has not removed yet.
   */
  create(request: NewRequest, dueMs: number, signal?: AbortSignal): Promise<Creation>;
  /** Records that the queue has the message, so that nobody withdraws the request. Ignores a request past `queued`. */
  markSent(requestId: string, signal?: AbortSignal): Promise<void>;
  /** Reads the request as it is now, expired or not. Rejects with {@link CorruptRecordError}. */
  find(requestId: string, signal?: AbortSignal): Promise<RequestRecord | undefined>;
  /** Removes a request that is `queued` and not marked as sent. Returns false if the request is further on. */
  withdraw(requestId: string, signal?: AbortSignal): Promise<boolean>;
  /** Claims a request that is `queued`, or whose lease has run out, before its deadline and its last attempt. */
  claim(requestId: string, bid: Bid, signal?: AbortSignal): Promise<Claim>;
  /** Extends the lease of an attempt to `leaseUntilMs` (epoch milliseconds). Returns false if the lease was lost. */
  renew(held: HeldRequest, leaseUntilMs: number, signal?: AbortSignal): Promise<boolean>;
  /** Ends a request and keeps its turn. Returns false, and changes nothing, if the lease was lost. */
  finish(held: HeldRequest, ending: WorkerEnding, signal?: AbortSignal): Promise<boolean>;
  /**
   * Ends a request that nobody holds: `queued`, or `processing` with a lease that ran out before `ending.nowMs`.
   * Returns false, and changes nothing, if somebody holds it, it has ended, or it does not exist.
   */
  close(requestId: string, ending: Ending, signal?: AbortSignal): Promise<boolean>;
  /** Yields pages of requests that are due at `nowMs`, the longest due first in each page. */
  due(nowMs: number, signal?: AbortSignal): AsyncIterable<readonly DueRequest[]>;
  /**
   * Takes over a due request, to send or postpone it: it is next due at `nextDueMs`, and `requeues` grows by one.
   * Returns false if it is no longer due as `due` says: it moved on, or another sweeper was faster.
   */
  requeue(due: DueRequest, nextDueMs: number, signal?: AbortSignal): Promise<boolean>;
  /** Rejects if the store does not answer. */
  check(signal: AbortSignal): Promise<void>;
}

/**
 * Judges a bid for a stored request. `open`: the bid may win. `won`: the same bid won before, its answer was lost, and
 * its lease still holds.
 * @param claimedBy token of the bid that won last
 */
export function judgeBid(request: RequestRecord, claimedBy: string | undefined, bid: Bid): Claim["outcome"] | "open" {
  if (isTerminal(request.status)) return "terminal";
  if (isHeld(request, bid.nowMs)) return claimedBy === bid.token ? "won" : "live";
  if (request.deadlineMs <= bid.nowMs) return "overdue";
  return request.attempt >= MAX_ATTEMPTS ? "exhausted" : "open";
}

/** Whether a worker holds the request at `nowMs`. A lease holds including its last millisecond. */
export function isHeld({ status, leaseUntilMs }: RequestRecord, nowMs: number): boolean {
  return status === "processing" && leaseUntilMs !== undefined && leaseUntilMs >= nowMs;
}

/**
 * Compares a request with the one that already has its id. The same creation time, to the millisecond, means an
 * earlier try of the same write; another time means that the caller repeats the request.
 */
export function compareCreation(existing: RequestRecord, request: NewRequest): Creation {
  const { owner, prompt, sessionId, createdAt } = existing;
  if (owner !== request.owner || prompt !== request.prompt || sessionId !== request.sessionId)
    return { outcome: "conflict" };
  return createdAt === request.createdAt ? { outcome: "created" } : { outcome: "repeated", request: existing };
}

/** Epoch seconds at which a request is created. A request under the same id that expires by then is overwritten. */
export const creationSeconds = ({ createdAt }: NewRequest): number => Math.floor(Date.parse(createdAt) / 1000);

/** The record of a request that was just accepted. */
export const queuedRecord = (request: NewRequest): RequestRecord => ({
  ...request,
  status: "queued",
  updatedAt: request.createdAt,
  sent: false,
  attempt: 0,
  requeues: 0,
});
