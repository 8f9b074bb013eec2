import type { NewTurn, Session } from "./sessions";

/**
 * Where a request is on its way:
 *
 *     queued ──claim──► processing ──finish──► completed | failed | expired
 *        │                  │ ▲ └─ claim again, when the lease has run out
 *        └──────close───────┴─┘────────────► failed | expired
 *
 * Each arrow is one conditional write, so that of two that race one wins and the other is told.
 */
export const REQUEST_STATUSES = ["queued", "processing", "completed", "failed", "expired"] as const;
export type RequestStatus = (typeof REQUEST_STATUSES)[number];
export type TerminalStatus = Exclude<RequestStatus, "queued" | "processing">;

/** Whether nothing can change the request any more. */
export const isTerminal = (status: RequestStatus): status is TerminalStatus =>
  status !== "queued" && status !== "processing";

/**
 * How often a request is begun at most: a request that kills its worker would else do so for ever, at the agents' price
 * each time.
 */
export const MAX_ATTEMPTS = 3;

/** A result where it is kept: in the record, or in the results bucket under `key`, with the hash of its bytes. */
export type StoredResult = { readonly json: string } | { readonly key: string; readonly sha256: string };

/** Why a request failed, safe to show to its owner. */
export interface RequestFailure {
  readonly code: string;
  readonly message: string;
}

/** What is known when a request is accepted. */
export interface NewRequest {
  readonly requestId: string;
  readonly owner: string;
  readonly prompt: string;
  readonly sessionId?: string;
  /** ISO 8601. */
  readonly createdAt: string;
  /** Epoch milliseconds from which no work is begun, and a request that has not ended is expired. */
  readonly deadlineMs: number;
  /** Epoch seconds from which the request counts as gone; the table removes it days later. */
  readonly expiresAt: number;
}

/** A request as stored. */
export interface RequestRecord extends NewRequest {
  readonly status: RequestStatus;
  /** ISO 8601. */
  readonly updatedAt: string;
  /** Whether the queue is known to have taken its message. */
  readonly sent: boolean;
  /** How often it was claimed. */
  readonly attempt: number;
  /** How often the sweeper took it on itself: sent it again, or let it wait where the queue had work before it. */
  readonly requeues: number;
  /** While `processing`: epoch milliseconds until which its worker holds it. */
  readonly leaseUntilMs?: number;
  readonly result?: StoredResult;
  readonly failure?: RequestFailure;
}

/** What came of creating a request: `created` also where an earlier try of the same write had done so. */
export type Creation =
  | { readonly outcome: "created" }
  /** The id is taken by the same owner's request for the same prompt and session. */
  | { readonly outcome: "repeated"; readonly request: RequestRecord }
  /** The id is taken by a request for something else. */
  | { readonly outcome: "conflict" };

/** A worker's bid for a request. */
export interface Bid {
  /** Unique to the bid: by it a claim whose answer got lost is recognised when it is sent again. */
  readonly token: string;
  /** Epoch milliseconds. */
  readonly nowMs: number;
  /** Epoch milliseconds until which nobody else may claim the request. */
  readonly leaseUntilMs: number;
}

/**
 * How a bid ended. `live`: another worker holds the lease. `overdue`: its deadline has passed. `exhausted`: it was
 * begun {@link MAX_ATTEMPTS} times. The last two are for the loser to `close`.
 */
export type Claim =
  | { readonly outcome: "won"; readonly request: RequestRecord }
  | { readonly outcome: "live" | "terminal" | "missing" | "overdue" | "exhausted" };

/** How a request ended. */
export interface Ending {
  readonly status: TerminalStatus;
  readonly result?: StoredResult;
  readonly failure?: RequestFailure;
  /** Epoch milliseconds. */
  readonly nowMs: number;
}

/** A turn of a conversation that is kept together with the ending, or not at all. */
export interface TurnOfEnding {
  readonly session: Session;
  readonly turn: NewTurn;
}

/** A request that is due for the sweeper: nobody has moved it on for too long. */
export interface DueRequest {
  readonly requestId: string;
  /** Epoch milliseconds since when it is due. */
  readonly dueMs: number;
}

/** A stored request cannot be read: written by something else, or damaged. */
export class CorruptRecordError extends Error {
  override readonly name = "CorruptRecordError";
}

/** Where requests are kept. Every method rejects where the store cannot be reached; `signal` bounds its time. */
export interface RequestStore {
  /**
   * Adds a `queued` request that the sweeper finds at `dueMs` (epoch milliseconds), unless it is claimed before.
   * An expired request (`expiresAt`) under the same id, which the table has not removed yet, is written over.
   */
  create(request: NewRequest, dueMs: number, signal?: AbortSignal): Promise<Creation>;
  /**
   * Notes that the queue has taken the message, so that nobody takes the request back. Does nothing where the request
   * is not `queued` any more.
   */
  markSent(requestId: string, signal?: AbortSignal): Promise<void>;
  /** The request as of now, expired or not. Rejects with {@link CorruptRecordError}. */
  find(requestId: string, signal?: AbortSignal): Promise<RequestRecord | undefined>;
  /** Takes a request back that is `queued` and not marked as sent. False where it is further on. */
  withdraw(requestId: string, signal?: AbortSignal): Promise<boolean>;
  /** Claims a request that is `queued`, or whose lease has run out, before its deadline and its last attempt. */
  claim(requestId: string, bid: Bid, signal?: AbortSignal): Promise<Claim>;
  /** Extends the lease of a request that this attempt still holds. False where the lease was lost. */
  renew(requestId: string, attempt: number, leaseUntilMs: number, signal?: AbortSignal): Promise<boolean>;
  /**
   * Ends a request that this attempt still holds, and keeps the turn with it. False where the lease was lost, and
   * nothing is changed.
   */
  finish(
    requestId: string,
    attempt: number,
    ending: Ending,
    turn?: TurnOfEnding,
    signal?: AbortSignal,
  ): Promise<boolean>;
  /**
   * Ends a request that nobody holds: `queued`, or `processing` with a lease that ran out before `ending.nowMs`.
   * False where somebody holds it, it has ended, or it is not there; nothing is changed then.
   */
  close(requestId: string, ending: Ending, signal?: AbortSignal): Promise<boolean>;
  /** Requests that are due at `nowMs`, the longest due first in each page, until the caller stops asking. */
  due(nowMs: number, signal?: AbortSignal): AsyncIterable<readonly DueRequest[]>;
  /**
   * Takes a due request on oneself, to send it again or to let it wait: it is next due at `nextDueMs`, and `requeues`
   * is one more. False where it is not due as `due` says any more: somebody moved it on, or another sweeper was faster.
   */
  requeue(due: DueRequest, nextDueMs: number, signal?: AbortSignal): Promise<boolean>;
  /** Rejects where the store does not answer. */
  check(signal: AbortSignal): Promise<void>;
}

/**
 * How a bid for a request stands. `open`: nothing speaks against it. `won`: it was won before and its answer got lost;
 * its lease still holds. `claimedBy`: the token of the bid that won last.
 */
export function standingOf(request: RequestRecord, claimedBy: string | undefined, bid: Bid): Claim["outcome"] | "open" {
  if (isTerminal(request.status)) return "terminal";
  if (isHeld(request, bid.nowMs)) return claimedBy === bid.token ? "won" : "live";
  if (request.deadlineMs <= bid.nowMs) return "overdue";
  return request.attempt >= MAX_ATTEMPTS ? "exhausted" : "open";
}

/** Whether a worker holds the request at `nowMs`: a lease holds up to its last millisecond. */
export function isHeld({ status, leaseUntilMs }: RequestRecord, nowMs: number): boolean {
  return status === "processing" && leaseUntilMs !== undefined && leaseUntilMs >= nowMs;
}
