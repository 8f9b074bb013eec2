import { isSameRequest, isTerminal, RequestExistsError, type RequestRecord, type RequestStore } from "./requests";

interface Row {
  readonly record: RequestRecord;
  readonly lease?: { readonly token: string; readonly untilMs: number };
}

/** Requests in this process: for tests. It keeps the same promises as the table. */
export function memoryRequests(): RequestStore {
  const rows = new Map<string, Row>();
  return {
    async create(request) {
      const existing = rows.get(request.requestId)?.record;
      if (existing && !isSameRequest(existing, request)) throw new RequestExistsError(`Request ${request.requestId} exists already`);
      if (!existing) rows.set(request.requestId, { record: { ...request, status: "queued", updatedAt: request.createdAt, attempt: 0 } });
    },
    async find(requestId) {
      return rows.get(requestId)?.record;
    },
    async withdraw(requestId) {
      const row = rows.get(requestId);
      if (row && row.record.status !== "queued") return false;
      rows.delete(requestId);
      return true;
    },
    async claim(requestId, { token, nowMs, leaseUntilMs }) {
      const row = rows.get(requestId);
      if (!row) return { outcome: "missing" };
      if (isTerminal(row.record.status)) return { outcome: "terminal" };
      if (row.lease && row.lease.token === token) return { outcome: "won", request: row.record };
      if (row.lease && row.lease.untilMs >= nowMs) return { outcome: "live" };
      const record: RequestRecord = { ...row.record, status: "processing", attempt: row.record.attempt + 1, updatedAt: new Date(nowMs).toISOString() };
      rows.set(requestId, { record, lease: { token, untilMs: leaseUntilMs } });
      return { outcome: "won", request: record };
    },
    async finish(requestId, attempt, { status, result, failure, nowMs }) {
      const record = rows.get(requestId)?.record;
      if (record?.attempt !== attempt) return false;
      if (record.status !== "processing") return isTerminal(record.status);
      const ended = { ...record, status, updatedAt: new Date(nowMs).toISOString(), ...(result && { result }), ...(failure && { failure }) };
      rows.set(requestId, { record: ended });
      return true;
    },
    async check() {},
  };
}
