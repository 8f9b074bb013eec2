/** Where a request is on its way. `completed` and `failed` are final. */
export const REQUEST_STATUSES = ["queued", "processing", "completed", "failed"] as const;
export type RequestStatus = (typeof REQUEST_STATUSES)[number];

/** Whether nothing can change the request any more. */
export const isTerminal = (status: RequestStatus): boolean => status === "completed" || status === "failed";

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
  /** Epoch seconds from which the request counts as gone; the table removes it days later. */
  readonly expiresAt: number;
}

/** A request as stored. */
export interface RequestRecord extends NewRequest {
  readonly status: RequestStatus;
  /** ISO 8601. */
  readonly updatedAt: string;
  /** How often it was claimed. */
  readonly attempt: number;
  readonly result?: StoredResult;
  readonly failure?: RequestFailure;
}

/** A worker's bid for a request. */
export interface Bid {
  /** Unique to the bid: by it a claim whose answer got lost is recognised when it is sent again. */
  readonly token: string;
  /** Epoch milliseconds. */
  readonly nowMs: number;
  /** Epoch milliseconds until which nobody else may claim the request. */
  readonly leaseUntilMs: number;
}

/** How a bid ended: `live` means that another worker holds the lease. */
export type Claim =
  | { readonly outcome: "won"; readonly request: RequestRecord }
  | { readonly outcome: "live" | "terminal" | "missing" };

/** How a request ended. */
export interface Ending {
  readonly status: "completed" | "failed";
  readonly result?: StoredResult;
  readonly failure?: RequestFailure;
  /** Epoch milliseconds. */
  readonly nowMs: number;
}

/** Whether `existing` is what an earlier try to create `request` wrote. */
export function isSameRequest(existing: RequestRecord, request: NewRequest): boolean {
  return existing.owner === request.owner && existing.createdAt === request.createdAt && existing.prompt === request.prompt;
}

/** A request id is taken by another request. */
export class RequestExistsError extends Error {
  override readonly name = "RequestExistsError";
}

/** A stored request cannot be read: written by something else, or damaged. */
export class CorruptRecordError extends Error {
  override readonly name = "CorruptRecordError";
}

/** Where requests are kept. Every method rejects where the store cannot be reached. */
export interface RequestStore {
  /** Adds a `queued` request. Adding the same request again changes nothing. Rejects with {@link RequestExistsError}. */
  create(request: NewRequest, signal?: AbortSignal): Promise<void>;
  /** The request as of now, expired or not. Rejects with {@link CorruptRecordError}. */
  find(requestId: string, signal?: AbortSignal): Promise<RequestRecord | undefined>;
  /** Takes a request back that no worker has claimed. False where one has. */
  withdraw(requestId: string): Promise<boolean>;
  /** Claims a request that is `queued`, or whose lease has run out. */
  claim(requestId: string, bid: Bid): Promise<Claim>;
  /** Ends a request that this attempt still holds. False where the lease was lost, and nothing is changed. */
  finish(requestId: string, attempt: number, ending: Ending): Promise<boolean>;
  /** Rejects where the store does not answer. */
  check(signal: AbortSignal): Promise<void>;
}
