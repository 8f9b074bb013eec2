import { memoryWorkQueue } from "../../support/memory-work-queue";
import { admit, type AdmissionParts } from "../../../handlers/requests/admission";
import { memoryRequests } from "../../support/memory-requests";
import type { DueRequest, NewRequest, RequestStore } from "../../../handlers/requests/requests";
import { countTime, pass, watched } from "../counted-time";
import { DEADLINE_MS, keepingLog, never, newRequest, NOW_MS, REQUEST_ID } from "../fixtures";

const away = () => Promise.reject(new Error("no network"));
/** When the sweeper looks after a request: far later than any call lasts. */
const MINUTE_MS = 60_000;
const CANNOT_BE_QUEUED = "The request cannot be queued now. Send it again.";

function setUp({ requests = memoryRequests(), ...overrides }: Partial<AdmissionParts> = {}) {
  const { log, records } = keepingLog();
  const queue = memoryWorkQueue();
  const parts = { requests, queue, nowMs: () => NOW_MS, log, ...overrides };
  const due = async (nowMs: number) => {
    const found: DueRequest[] = [];
    for await (const page of requests.due(nowMs)) found.push(...page);
    return found;
  };
  return {
    requests,
    bodies: queue.bodies,
    records,
    due,
    admit: (keyed = false, request: Partial<NewRequest> = {}, signal = never) =>
      admit(parts, { request: newRequest(request), keyed, signal }),
  };
}
/** A later try, as its own moment tells. */
const LATER = { createdAt: new Date(NOW_MS + 5).toISOString() };

describe("a new request", () => {
  test("is written, sent, and marked as sent, and the sweeper looks after it a minute later", async () => {
    const { admit: run, bodies, due } = setUp();
    expect(await run()).toMatchObject({ outcome: "created", request: { requestId: REQUEST_ID, status: "queued" } });
    expect(bodies).toHaveLength(1);
    expect(await due(NOW_MS + MINUTE_MS - 1)).toEqual([]);
    expect(await due(NOW_MS + MINUTE_MS)).toHaveLength(1);
  });

  test("whose mark fails is accepted: the sweeper sends it once more a minute later", async () => {
    const requests = { ...memoryRequests(), markSent: away };
    const { admit: run, records, due } = setUp({ requests });
    expect(await run()).toMatchObject({ outcome: "created" });
    expect(records).toMatchObject([
      { level: "warn", event: "mark_failed", fields: { request_id: REQUEST_ID, error: { message: "no network" } } },
    ]);
    expect(await due(NOW_MS + MINUTE_MS)).toEqual([{ requestId: REQUEST_ID, dueMs: NOW_MS + MINUTE_MS }]);
  });

  test("that cannot be sent is taken back, and its caller may try again", async () => {
    const { admit: run, requests } = setUp({ queue: { send: away } });
    await expect(run()).rejects.toMatchObject({
      status: 503,
      retryAfterSeconds: 5,
      message: CANNOT_BE_QUEUED,
      cause: { message: "no network" },
    });
    expect(await requests.find(REQUEST_ID)).toBeUndefined();
  });

  test("that can neither be sent nor taken back is left to the sweeper, and its caller is told so", async () => {
    const {
      admit: run,
      records,
      due,
    } = setUp({ requests: { ...memoryRequests(), withdraw: away }, queue: { send: away } });
    await expect(run()).rejects.toMatchObject({
      status: 503,
      message: "The request cannot be queued now. Send it again; this one may still be worked on later.",
    });
    expect(records).toMatchObject([{ event: "withdraw_failed", fields: { request_id: REQUEST_ID } }]);
    expect(await due(NOW_MS + MINUTE_MS)).toHaveLength(1);
  });

  test("whose receipt alone got lost, as a worker is at it, is accepted", async () => {
    const requests = memoryRequests();
    const send = async () => {
      await requests.claim(REQUEST_ID, { token: "t", nowMs: NOW_MS, leaseUntilMs: NOW_MS + 1 });
      throw new Error("connection reset");
    };
    expect(await setUp({ requests, queue: { send } }).admit()).toMatchObject({ outcome: "created" });
    expect(await requests.find(REQUEST_ID)).toMatchObject({ status: "processing" });
  });

  test("that was written though the store's answer got lost is taken back", async () => {
    const requests = memoryRequests();
    const create: RequestStore["create"] = async (...given) => {
      await requests.create(...given);
      throw new Error("connection reset");
    };
    await expect(setUp({ requests: { ...requests, create } }).admit()).rejects.toThrow("connection reset");
    expect(await requests.find(REQUEST_ID)).toBeUndefined();
  });

  describe("that the store hangs on", () => {
    countTime();

    test("is given up with the signal, and is taken back within a second more", async () => {
      const hanging = () => new Promise<never>(() => undefined);
      const { admit: run, records } = setUp({ requests: { ...memoryRequests(), create: hanging, withdraw: hanging } });
      const time = new AbortController();
      const admitted = run(false, {}, time.signal);
      const admission = watched(admitted);
      await pass(1_000_000);
      expect(admission.settled).toBe(false);
      time.abort(new Error("the time is up"));
      await pass(999);
      expect(admission.settled).toBe(false);
      await pass(1);
      await expect(admitted).rejects.toThrow("the time is up");
      expect(records).toMatchObject([{ event: "withdraw_failed" }]);
    });
  });
});

describe("a request under a key", () => {
  test("that was sent is given as it is to whoever repeats it", async () => {
    const { admit: run, bodies } = setUp();
    await run(true);
    expect(await run(true, LATER)).toMatchObject({ outcome: "repeated", request: { status: "queued", sent: true } });
    expect(bodies).toHaveLength(1);
  });

  test("whose first try died before it was sent is sent by the repetition", async () => {
    const { requests, admit: run, bodies } = setUp();
    await requests.create(newRequest(), NOW_MS);
    expect(await run(true, LATER)).toMatchObject({ outcome: "repeated", request: { sent: true } });
    expect(bodies).toHaveLength(1);
  });

  test("that is past its deadline is not sent any more", async () => {
    const { requests, admit: run, bodies } = setUp({ nowMs: () => NOW_MS + DEADLINE_MS });
    await requests.create(newRequest(), NOW_MS);
    expect(await run(true, LATER)).toMatchObject({ outcome: "repeated" });
    expect(bodies).toEqual([]);
  });

  test("stands for one payload", async () => {
    const { admit: run } = setUp();
    await run(true);
    expect(await run(true, { ...LATER, prompt: "Other" })).toEqual({ outcome: "conflict" });
  });

  test("is not taken back by a repetition that cannot send it: an earlier try may have been answered", async () => {
    const { requests, admit: run } = setUp({ queue: { send: away } });
    await requests.create(newRequest(), NOW_MS);
    await expect(run(true, LATER)).rejects.toMatchObject({
      status: 503,
      message: "The request cannot be queued now. Send it again with the same Idempotency-Key.",
    });
    expect(await requests.find(REQUEST_ID)).toMatchObject({ status: "queued" });
  });

  test("is not promised by a repetition whose mark fails: the first try may still take it back", async () => {
    const { requests, admit: run } = setUp({ requests: { ...memoryRequests(), markSent: away } });
    await requests.create(newRequest(), NOW_MS);
    await expect(run(true, LATER)).rejects.toMatchObject({ status: 503 });
  });

  test("is not taken back where the store's answer got lost: it may be an earlier try's", async () => {
    const requests = memoryRequests();
    await requests.create(newRequest(), NOW_MS);
    await expect(setUp({ requests: { ...requests, create: away } }).admit(true, LATER)).rejects.toThrow("no network");
    expect(await requests.find(REQUEST_ID)).toMatchObject({ status: "queued" });
  });

  test("that the first try took back meanwhile is not promised", async () => {
    const requests = memoryRequests();
    const send = async () => void (await requests.withdraw(REQUEST_ID));
    await requests.create(newRequest(), NOW_MS);
    await expect(setUp({ requests, queue: { send } }).admit(true, LATER)).rejects.toMatchObject({
      status: 503,
      message: "Another try with this Idempotency-Key withdrew the request. Send it again.",
    });
  });

  test("that a repetition sent is accepted by the first try too, though its own message failed", async () => {
    const requests = memoryRequests();
    const send = async () => {
      await requests.markSent(REQUEST_ID);
      throw new Error("no network");
    };
    expect(await setUp({ requests, queue: { send } }).admit(true)).toMatchObject({
      outcome: "created",
      request: { sent: true },
    });
  });
});
