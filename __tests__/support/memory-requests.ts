import {
  compareCreation,
  creationSeconds,
  isHeld,
  judgeBid,
  isTerminal,
  queuedRecord,
  type DueRequest,
  type Ending,
  type RequestRecord,
  type RequestStore,
} from "../../handlers/requests/requests";
import type { TurnKeeper } from "./memory-sessions";

interface Row {
  readonly record: RequestRecord;
  /** Token of the bid that won last. */
  readonly claimedBy?: string;
  /** Undefined once the request has ended. */
  readonly dueMs?: number;
  /** The attempt that finished the request. Undefined where it was closed. */
  readonly finishedBy?: number;
}

type Rows = Map<string, Row>;

/** Requests in a page of those that are due. */
const PAGE = 25;

/**
 * Requests in this process. It keeps the same promises as the table. `sessions` is given the turns: without it they are
 * dropped.
 */
export function memoryRequests(sessions?: TurnKeeper): RequestStore {
  const rows: Rows = new Map();
  return { ...admission(rows), ...work(rows, sessions), ...sweeping(rows) };
}

function admission(rows: Rows): Pick<RequestStore, "create" | "markSent" | "find" | "withdraw" | "check"> {
  return {
    async create(request, dueMs) {
      const existing = rows.get(request.requestId)?.record;
      if (existing && existing.expiresAt > creationSeconds(request)) return compareCreation(existing, request);
      rows.set(request.requestId, { record: queuedRecord(request), dueMs });
      return { outcome: "created" };
    },
    async markSent(requestId) {
      const row = rows.get(requestId);
      if (row?.record.status !== "queued") return;
      rows.set(requestId, { ...row, record: { ...row.record, sent: true } });
    },
    async find(requestId) {
      return rows.get(requestId)?.record;
    },
    async withdraw(requestId) {
      const record = rows.get(requestId)?.record;
      if (record && (record.status !== "queued" || record.sent)) return false;
      rows.delete(requestId);
      return true;
    },
    async check() {},
  };
}

function work(rows: Rows, sessions: TurnKeeper | undefined): Pick<RequestStore, "claim" | "renew" | "finish"> {
  return {
    async claim(requestId, bid) {
      const row = rows.get(requestId);
      if (!row) return { outcome: "missing" };
      const standing = judgeBid(row.record, row.claimedBy, bid);
      if (standing === "won") return { outcome: standing, request: row.record };
      if (standing !== "open") return { outcome: standing };
      const { token, nowMs, leaseUntilMs } = bid;
      const updatedAt = new Date(nowMs).toISOString();
      const record: RequestRecord = {
        ...row.record,
        status: "processing",
        attempt: row.record.attempt + 1,
        updatedAt,
        leaseUntilMs,
      };
      rows.set(requestId, { record, claimedBy: token, dueMs: leaseUntilMs });
      return { outcome: "won", request: record };
    },
    async renew({ requestId, attempt }, leaseUntilMs) {
      const row = rows.get(requestId);
      if (row?.record.status !== "processing" || row.record.attempt !== attempt) return false;
      if ((row.record.leaseUntilMs ?? 0) > leaseUntilMs) return true;
      rows.set(requestId, { ...row, record: { ...row.record, leaseUntilMs }, dueMs: leaseUntilMs });
      return true;
    },
    async finish({ requestId, attempt }, { turn, ...ending }) {
      const row = rows.get(requestId);
      if (row?.record.status !== "processing" || row.record.attempt !== attempt) return row?.finishedBy === attempt;
      rows.set(requestId, { record: ended(row.record, ending), finishedBy: attempt });
      if (turn) sessions?.append(turn.session, turn.turn);
      return true;
    },
  };
}

function sweeping(rows: Rows): Pick<RequestStore, "close" | "due" | "requeue"> {
  return {
    async close(requestId, ending) {
      const record = rows.get(requestId)?.record;
      if (!record || isTerminal(record.status) || isHeld(record, ending.nowMs)) return false;
      rows.set(requestId, { record: ended(record, ending) });
      return true;
    },
    async *due(nowMs, signal) {
      const due = dueRequests(rows, nowMs);
      for (let start = 0; start < due.length; start += PAGE) {
        signal?.throwIfAborted();
        yield due.slice(start, start + PAGE);
      }
    },
    async requeue({ requestId, dueMs }, nextDueMs) {
      const row = rows.get(requestId);
      if (row?.dueMs !== dueMs) return false;
      rows.set(requestId, { ...row, record: { ...row.record, requeues: row.record.requeues + 1 }, dueMs: nextDueMs });
      return true;
    },
  };
}

function dueRequests(rows: Rows, nowMs: number): DueRequest[] {
  return [...rows]
    .flatMap(([requestId, { dueMs }]) => (dueMs !== undefined && dueMs <= nowMs ? [{ requestId, dueMs }] : []))
    .sort((left, right) => left.dueMs - right.dueMs);
}

function ended(
  { leaseUntilMs: _released, ...record }: RequestRecord,
  { status, result, failure, nowMs }: Ending,
): RequestRecord {
  return {
    ...record,
    status,
    updatedAt: new Date(nowMs).toISOString(),
    ...(result && { result }),
    ...(failure && { failure }),
  };
}
